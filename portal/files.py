"""Uploaded files: a photo, a scan or a PDF becomes plain JPEG pictures of its pages, or a document that anybody may be sent.

Decoders are where hostile files strike. So the server never opens a file: it hands it to a child process, this module run as a
script, which sees no settings and no keys, has little time and memory, and can open no file and start no process. What comes back
is drawn anew, so nothing else of the file is left: no metadata, no place, no script, no second format hidden in it.

The child is of the server's user. Whatever of the portal has imported this module, the child cannot read or trace its memory,
where the keys are. It could still kill that user's processes; and root, of which the portal should never be, can do everything.
"""

import ctypes
import logging
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from enum import StrEnum
from io import BytesIO
from typing import Any

MOST_BYTES = 10 * 2**20
MOST_PAGES, MOST_DOCUMENT_PAGES = 10, 100
MOST_PIXELS = 40_000_000  # Phones' photos have 12 million, seldom more.
LONGEST_SIDE, DPI, QUALITY = 2200, 200, 85  # The small print of an identity card can be read.
SECONDS, CPU_SECONDS, MEMORY = 10, 6, 2**30  # A good file takes 1.3 seconds at most, and three quarters of the memory.
FIRST_STATUS = 64  # With which the child ends when a file has the first fault; the next ones stand for the others.
BEGINNINGS = {"pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
JPEG_SCAN, JPEG_NOTES = 0xDA, {0xFE, *range(0xE0, 0xF0)} - {0xE0, 0xE2, 0xEE}  # The other three tell how to show the colours.
ACTIVE = (b"/JavaScript", b"/Launch", b"/Rendition", b"/RichMedia", b"/EmbeddedFile", b"/FileAttachment")

log = logging.getLogger(__name__)


def N_(msgid: str) -> str:
    """Mark a text for translation, as errors.N_ does, without the rest of the portal."""
    return msgid


class Fault(StrEnum):
    """Why a file is refused, in words for whoever sent it."""

    EMPTY = N_("This file is empty. Please choose another one.")
    TOO_LARGE = N_("This file is larger than 10 MB. Take the photo at a lower resolution, or send each page separately.")
    WRONG_TYPE = N_("This is not a JPEG, PNG or PDF file. Send a photo or scan whose name ends in .jpg, .png or .pdf.")
    BROKEN = N_("This file cannot be opened. It may be damaged. Take the photo again, or save the scan as a PDF again.")
    PROTECTED = N_("This PDF is protected. Save it without a password, or send a photo of your document.")
    ACTIVE = N_("This PDF holds more than pages: a script, a form or another file. Send a photo of your document instead.")
    TOO_MANY_PAGES = N_("This PDF has too many pages. Send only those that matter.")
    TOO_MANY_PIXELS = N_("This picture has more than 40 million pixels. Take the photo at a lower resolution.")
    TOO_SLOW = N_("It takes too long to read this file. Send a photo of your document instead.")


class FileRefused(Exception):
    """A file cannot be made into pages."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


def _refuse(wrong: object, fault: Fault) -> None:
    if wrong:
        raise FileRefused(fault)


def read_pages(data: bytes, name: str) -> list[bytes]:
    """Return the pages of a PDF, JPEG or PNG file as JPEG pictures; its name and its content must both say what it is.

    It takes some tenths of a second, SECONDS at most; the caller sees to it that few files are read at once. Raises FileRefused.
    """
    return _split(_ask_child(_kind_of(data, name), data), "jpeg")


def read_document(data: bytes, name: str) -> tuple[bytes, str]:
    """Return what of such a file anybody may be sent, and its media type: of a picture a JPEG, of a PDF one written anew.

    Of a PDF only what its pages show goes along, its text as text: no links, forms, layers and metadata. Raises FileRefused.
    """
    kind = _kind_of(data, name)
    if kind == "pdf":
        return _split(_ask_child("document", data), "pdf")[0], "application/pdf"
    return _split(_ask_child(kind, data), "jpeg")[0], "image/jpeg"


def _kind_of(data: bytes, name: str) -> str:
    _refuse(not data, Fault.EMPTY)
    _refuse(len(data) > MOST_BYTES, Fault.TOO_LARGE)
    stem, _dot, kind = name.lower().rpartition(".")
    _refuse(not stem or kind not in BEGINNINGS or not data.startswith(BEGINNINGS[kind]), Fault.WRONG_TYPE)
    return kind


def _hide_memory() -> None:
    """Forbid other processes of the same user, children among them, to read and trace this one (PR_SET_DUMPABLE, see prctl)."""
    try:
        if ctypes.CDLL(None, use_errno=True).prctl(4, 0, 0, 0, 0):
            raise OSError(os.strerror(ctypes.get_errno()))
    except (OSError, AttributeError) as error:
        log.warning("other processes of this user can read this one's memory: %s", error)


def _ask_child(kind: str, data: bytes) -> bytes:
    """Return what the child prints, so far as it is no more than it should be."""
    answer = b""
    with subprocess.Popen([sys.executable, "-I", __file__, kind], env={}, cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as child:
        assert child.stdin and child.stdout
        deadline = threading.Timer(SECONDS, child.kill)
        deadline.start()
        with suppress(BrokenPipeError):  # It died before it had read everything.
            child.stdin.write(data)
            child.stdin.close()
            answer = child.stdout.read(MOST_PAGES * LONGEST_SIDE ** 2)
            child.stdout.close()
        status = child.wait()
        deadline.cancel()
    faults = dict(enumerate(Fault, FIRST_STATUS))
    if status in faults:
        raise FileRefused(faults[status])
    if status:
        log.warning("the process that reads a %s file ended with %s", kind, status)
        raise FileRefused(Fault.TOO_SLOW if status == -signal.SIGKILL else Fault.BROKEN)
    return answer


def _split(answer: bytes, kind: str) -> list[bytes]:
    """Return the pages of an answer, or its only document; each stands behind its length, and must be of this kind."""
    pages: list[bytes] = []
    while answer and len(pages) < MOST_PAGES:
        end = 4 + int.from_bytes(answer[:4])
        pages.append(answer[4:end])
        answer = answer[end:]
    _refuse(not pages or not all(page.startswith(BEGINNINGS[kind]) for page in pages), Fault.BROKEN)
    return pages


def _work(kind: str) -> None:
    """Be the child: print the pages of the file on stdin, of a "document" all of it, or end with a Fault."""
    import pypdfium2.raw  # noqa: F401
    from PIL import Image, MpoImagePlugin  # noqa: F401

    Image.preinit()  # What Pillow needs is loaded now: no file can be opened any more when it would be missed.
    _confine()
    try:
        pages = {"pdf": _read_pdf, "document": _renew_pdf}.get(kind, _read_picture)(sys.stdin.buffer.read())
    except FileRefused as refusal:
        sys.exit(FIRST_STATUS + list(Fault).index(refusal.fault))
    sys.stdout.buffer.write(b"".join(len(page).to_bytes(4) + page for page in pages))


def _confine() -> None:
    """Give up for good what a decoder that was taken over could use."""
    os.nice(10)
    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_CORE, 0),
                       (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NPROC, 0), (resource.RLIMIT_NOFILE, 0)):
        resource.setrlimit(kind, (most, most))


def _read_picture(data: bytes) -> list[bytes]:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # Ours is lower.
    picture: Image.Image = Image.open(BytesIO(data), formats=("JPEG", "PNG"))
    _refuse(picture.width * picture.height > MOST_PIXELS, Fault.TOO_MANY_PIXELS)  # So says the header; nothing is unpacked yet.
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # A scanner's 16 bits, which Pillow would cut off instead of scaling.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    picture = picture.convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return [_as_jpeg(picture)]


def _open_pdf(data: bytes, most_pages: int) -> Any:
    from pypdfium2 import PdfDocument, PdfiumError, raw

    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        raise FileRefused(Fault.PROTECTED if error.err_code == raw.FPDF_ERR_PASSWORD else Fault.BROKEN) from None
    _refuse(raw.FPDF_GetSecurityHandlerRevision(document) >= 0, Fault.PROTECTED)
    _refuse(len(document) > most_pages, Fault.TOO_MANY_PAGES)
    unpacked = _saved(document, flags=raw.FPDF_NO_INCREMENTAL)  # There every name is in plain sight, however the file hides it.
    forms = raw.FPDF_GetFormType(document)
    _refuse(forms in (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND) or any(name in unpacked for name in ACTIVE),
            Fault.ACTIVE)
    return document


def _read_pdf(data: bytes) -> list[bytes]:
    return [_as_jpeg(page.render(scale=min(DPI / 72, LONGEST_SIDE / max(page.get_size())), may_draw_forms=False).to_pil())
            for page in _open_pdf(data, MOST_PAGES)]


def _renew_pdf(data: bytes) -> list[bytes]:
    """Draw each page, with the notes and filled-in forms on it, as one thing on a page of a new document.

    Of what PDFium offers only the layout of two pages on a sheet draws them so and keeps what they share once. So each gets an
    empty one below it, and of the sheet its own part is shown; a smaller page is enlarged to the size of the others.
    """
    from pypdfium2 import PdfDocument, raw

    document = _open_pdf(data, MOST_DOCUMENT_PAGES)
    for page in document:
        raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
    flat = PdfDocument(_saved(document))
    sizes = [page.get_size() for page in flat]
    width, height = map(max, zip(*sizes))
    for at in range(len(sizes)):
        flat.new_page(width, height, 2 * at + 1)
    sheets = PdfDocument(raw.FPDF_ImportNPagesToOne(flat, width, 2 * height, 1, 2))
    for sheet, size in zip(sheets, sizes):
        scale = min(width / size[0], height / size[1])
        left, low = (width - scale * size[0]) / 2, height + (height - scale * size[1]) / 2
        sheet.set_mediabox(left, low, left + scale * size[0], low + scale * size[1])
    return [_without_metadata(_saved(sheets))]


def _without_metadata(pdf: bytes) -> bytes:
    """Blank what cameras and programs note in photos, as they stand in a PDF: when, where and by whom they were taken."""
    blanked = bytearray(pdf)
    for found in re.finditer(rb"stream\r?\n\xff\xd8", pdf):
        at = found.end()
        while pdf[at:at + 1] == b"\xff" and pdf[at + 1:at + 2] != bytes([JPEG_SCAN]):
            end = at + 2 + int.from_bytes(pdf[at + 2:at + 4])
            if pdf[at + 1:at + 2] and pdf[at + 1] in JPEG_NOTES:
                blanked[at + 4:end] = bytes(len(pdf[at + 4:end]))
            at = end
    for found in re.finditer(rb"/Type\s*/Metadata\b[^>]*>>\s*stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        blanked[slice(*found.span(1))] = b" " * len(found[1])
    return bytes(blanked)


def _saved(made: Any, **options: Any) -> bytes:
    copy = BytesIO()
    made.save(copy, **options)
    return copy.getvalue()


def _as_jpeg(picture: Any) -> bytes:
    picture.info.clear()  # A comment would go along.
    return _saved(picture, format="JPEG", quality=QUALITY)


_hide_memory()  # Before any process of the portal has a child, another one's included.
if __name__ == "__main__":
    _work(sys.argv[1])
