"""Documents that anybody may be sent: of a PDF what its pages show, and nothing else of the file that came."""

import io
from collections.abc import Callable

import pytest
from fpdf import FPDF
from PIL import Image, ImageChops
from pypdfium2 import PdfDocument

from portal import files
from portal.files import Fault, FileRefused, read_document
from tests import uploads

NOTE = b"<</Type/Annot/Subtype/Stamp/Rect[100 300 300 330]/F 4/AP<</N 5 0 R>>>>"
LINK = b"<</Type/Annot/Subtype/Link/Rect[0 0 99 99]/A<</S/URI/URI(http://evil.example)>>>>"
RED = b"<</Type/XObject/Subtype/Form/BBox[0 0 200 30]/Length 25>>stream\n1 0 0 rg 0 0 200 30 re f\n\nendstream"
BLUE = uploads.stream(b"0 0 1 rg 0 0 200 300 re f 0 g BT /F 40 Tf 120 400 Td (Strona) Tj ET")
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
XMP = b"<</Type/Metadata/Subtype/XML/Length 10>>stream\n<x>Ewa</x>\nendstream"


def renewed(data: bytes) -> bytes:
    document, media = read_document(data, "a.pdf")
    assert media == "application/pdf" and document.startswith(b"%PDF-")
    return document


def page(entries: bytes = b"") -> bytes:
    """A page with a blue field and a word on it, a link, and a red stamp over it."""
    more = b"/Annots[6 0 R 4 0 R]/Contents 7 0 R/Resources<</Font<</F 8 0 R>>>>" + entries
    return uploads.pdf(b"/Lang(pl)", NOTE, RED, LINK, BLUE, FONT, XMP, page=uploads.PAGE.replace(b">>", more + b">>"))


def look(data: bytes, at: int = 0) -> Image.Image:
    shown: Image.Image = PdfDocument(data)[at].render().to_pil().convert("RGB")
    return shown


def same(one: Image.Image, other: Image.Image) -> bool:
    difference = ImageChops.difference(one, other.resize(one.size)).convert("L")
    return difference.point(lambda value: 255 * (value > 64)).getbbox() is None


@pytest.mark.parametrize("entries", [
    b"", b"/Rotate 90", b"/CropBox[100 200 400 600]", b"/Rotate 180/CropBox[100 200 400 600]", b"/Rotate 270/UserUnit 2"])
def test_page_looks_as_before_and_its_text_is_text(entries: bytes) -> None:
    before = page(entries)
    after = renewed(before)
    assert same(look(before), look(after)) and look(before).size == look(after).size
    assert PdfDocument(after)[0].get_textpage().get_text_range() == "Strona"
    assert {(255, 0, 0), (0, 0, 255)} <= {color for _count, color in look(after).getcolors(9999)}


def test_nothing_beside_the_pages_goes_along() -> None:
    hidden = (b"/Metadata 9 0 R/PieceInfo<</Ewa 1>>/AA<</O<</S/URI/URI(http://evil.example)>>>>")
    before = page(hidden).replace(b"/Lang(pl)", b"/Metadata 9 0 R/Lang(pl)/Outlines<</Title(Ewa)>>")
    after = renewed(before)
    for word in (b"Ewa", b"evil", b"/AA", b"PieceInfo", b"Metadata", b"/Annots", b"Outlines", b"/URI"):
        assert word in before or word == b"Outlines"
        assert word not in after, word


def test_pages_of_different_sizes_keep_their_shape_and_order() -> None:
    pdf = FPDF()
    pdf.set_font("helvetica", size=20)
    for number, (size, way) in enumerate([("A4", "P"), ("A4", "L"), ("A3", "P"), ((30, 500), "P")]):
        pdf.add_page(format=size, orientation=way)
        pdf.rect(5, 5, pdf.w - 10, pdf.h - 10)
        pdf.cell(text=f"Nr {number}")
    before = bytes(pdf.output())
    after = renewed(before)
    assert len(PdfDocument(after)) == 4
    for at, (old, new) in enumerate(zip(PdfDocument(before), PdfDocument(after))):
        assert old.get_width() / old.get_height() == pytest.approx(new.get_width() / new.get_height(), .01)
        assert new.get_textpage().get_text_range() == f"Nr {at}"


def test_what_pages_share_is_kept_once() -> None:
    pdf, photo = FPDF(), io.BytesIO(uploads.picture(size=(2000, 1500), color="red", quality=100))
    for _page in range(20):
        pdf.add_page()
        pdf.image(photo, w=100)
    before = bytes(pdf.output())
    assert len(renewed(before)) < 1.2 * len(before)


@pytest.mark.parametrize("comment", [b"Ewa Lis, ul. Dluga 5", b""])
def test_photo_in_a_document_says_no_more_where_it_was_taken(comment: bytes) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.image(io.BytesIO(uploads.photo(comment=comment)), w=100)
    before = bytes(pdf.output())
    after = renewed(before)
    assert b"Aparat Ewy" in before and b"Ewa" not in after and b"Aparat" not in after
    assert same(look(before), look(after))


@pytest.mark.parametrize("spoilt", [
    b"stream\n\xff\xd8", b"stream\n\xff\xd8\xff", b"stream\n\xff\xd8\xff\xe1", b"stream\n\xff\xd8\xff\xe1\x00",
    b"stream\n\xff\xd8\xff\xe1\x00\x00",
    b"stream\n\xff\xd8\xff\xe1\xff\xffEwa", b"stream\r\n\xff\xd8\xff\xe0\x00\x02\xff\xe1\x00\x05Ewa"])
def test_photo_that_breaks_off_is_left_as_long_as_it_is(spoilt: bytes) -> None:
    blanked = files._without_metadata(spoilt)
    assert len(blanked) == len(spoilt) and b"Ewa" not in blanked


def test_hundred_pages_are_the_most() -> None:
    assert len(PdfDocument(renewed(uploads.document(100)))) == 100
    with pytest.raises(FileRefused) as refused:
        read_document(uploads.document(101), "a.pdf")
    assert refused.value.fault is Fault.TOO_MANY_PAGES


@pytest.mark.parametrize(("make", "fault"), [
    (lambda: b"", Fault.EMPTY), (lambda: uploads.photo(), Fault.WRONG_TYPE), (lambda: b"%PDF-", Fault.BROKEN),
    (lambda: uploads.document(protect={"owner_password": "o"}), Fault.PROTECTED),
    (lambda: uploads.packed_pdf(b"/OpenAction 4 0 R", uploads.SCRIPT), Fault.ACTIVE),
    (lambda: uploads.pdf(pages=b"<</Type/Pages/Kids[]/Count 0>>"), Fault.BROKEN), (uploads.pdf_bomb, Fault.BROKEN)], ids=range(7))
def test_what_is_refused_as_a_scan_is_refused_as_a_document(make: Callable[[], bytes], fault: Fault) -> None:
    with pytest.raises(FileRefused) as refused:
        read_document(make(), "a.pdf")
    assert refused.value.fault is fault


def test_picture_becomes_one_jpeg() -> None:
    data, media = read_document(uploads.picture("PNG"), "a.png")
    assert media == "image/jpeg" and Image.open(io.BytesIO(data)).format == "JPEG"


@pytest.mark.parametrize("answer", [b"", b"\x00\x00\x00\x06<html>", (9).to_bytes(4) + b"\xff\xd8\xff photo"])
def test_answer_that_is_no_document_is_not_taken(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_ask_child", lambda *_asked: answer)
    with pytest.raises(FileRefused):
        read_document(uploads.document(), "a.pdf")
