"""Files that people upload: good ones, and those that somebody has prepared."""

import zlib
from io import BytesIO
from typing import Any

from fpdf import FPDF
from PIL import Image

PAGES, PAGE = b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
SCRIPT = b"<</S/JavaScript/JS(app.alert(1))>>"


def picture(kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (600, 400), color: Any = 0, **options: Any) -> bytes:
    """A picture of one colour, with what Pillow can add to it."""
    file = BytesIO()
    Image.new(mode, size, color).save(file, kind, **options)
    return file.getvalue()


def photo(size: tuple[int, int] = (600, 400), **options: Any) -> bytes:
    """A phone's photo: red above, blue below, with the place where it was taken."""
    drawn, file, exif = Image.new("RGB", size, "red"), BytesIO(), Image.Exif()
    drawn.paste("blue", (0, size[1] // 2, *size))
    exif[0x0110] = "Aparat Ewy"
    exif.get_ifd(0x8825).update({1: "N", 2: (50.0, 3.0, 41.0), 3: "E", 4: (19.0, 56.0, 18.0)})
    drawn.save(file, "JPEG", **{"exif": exif, "comment": b"Ewa Lis, ul. Dluga 5", **options})
    return file.getvalue()


def document(pages: int = 1, *, protect: dict[str, str] | None = None) -> bytes:
    """A PDF with a number on each page."""
    pdf = FPDF()
    pdf.set_font("helvetica", size=72)
    for page in range(pages):
        pdf.add_page()
        pdf.cell(text=f"Strona {page + 1}")
    if protect:
        pdf.set_encryption(**protect)
    return bytes(pdf.output())


def pdf(catalogue: bytes = b"", *more: bytes, pages: bytes = PAGES, page: bytes = PAGE) -> bytes:
    """A PDF written by hand: more entries of its catalogue, and more objects from number 4 on."""
    text, places = b"%PDF-1.7\n", []
    for number, thing in enumerate(_objects(catalogue, more, pages, page), 1):
        places.append(len(text))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, thing)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    return text + table + b"trailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, len(text))


def packed_pdf(catalogue: bytes = b"", *more: bytes, pages: bytes = PAGES, page: bytes = PAGE) -> bytes:
    """The same with its objects compressed, so that nothing of them can be read in the file."""
    objects, text, rows = _objects(catalogue, more, pages, page), b"%PDF-1.7\n", [(0, 0, 255)]
    head, body, own = b"", b"", len(objects) + 1
    for number, thing in enumerate(objects, 1):
        if b"endstream" in thing:  # A stream stands by itself.
            rows.append((1, len(text), 0))
            text += b"%d 0 obj %s endobj\n" % (number, thing)
        else:
            rows.append((2, own, head.count(b" ") // 2))
            head, body = head + b"%d %d " % (number, len(body)), body + thing + b" "
    rows.append((1, len(text), 0))
    kept = stream(head + body, b"/Type/ObjStm/N %d/First %d" % (head.count(b" ") // 2, len(head)))
    text += b"%d 0 obj %s endobj\n" % (own, kept)
    rows.append((1, len(text), 0))
    table = b"".join(bytes([kind]) + place.to_bytes(3) + bytes([at]) for kind, place, at in rows)
    index = stream(table, b"/Type/XRef/W[1 3 1]/Size %d/Root 1 0 R" % (own + 1))
    return text + b"%d 0 obj %s endobj\nstartxref\n%d\n%%%%EOF\n" % (own + 1, index, rows[-1][1])


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A compressed stream of a PDF."""
    packed = zlib.compress(data)
    return b"<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (entries, len(packed), packed)


def pdf_bomb(megabytes: int = 2048) -> bytes:
    """A PDF of some kilobytes per hundred megabytes to which the text of its page unpacks."""
    packer = zlib.compressobj(9)
    block = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)  # After the flush the same bytes can follow again.
    packed = block + block[2:] * (megabytes // 16 - 1)
    return pdf(b"", b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
               page=PAGE.replace(b">>", b"/Contents 4 0 R>>"))


def picture_bomb(side: int = 30_000) -> bytes:
    """A PNG of some kilobytes with so many pixels on each side."""
    return picture("PNG", "1", (side, side), compress_level=1)


def _objects(catalogue: bytes, more: tuple[bytes, ...], pages: bytes, page: bytes) -> list[bytes]:
    return [b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue, pages, page, *more]
