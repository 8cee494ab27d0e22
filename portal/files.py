"""Uploaded files: a photo, a scan or a PDF becomes plain JPEG pictures of its pages.

Decoders are where hostile files strike. So the server never opens a file: it hands it to a child process, this module run as a
script, which sees no settings and no keys, has little time and memory, and can open no file and start no process. What comes back
is drawn anew, so nothing else of the file is left: no metadata, no place, no script, no second format hidden in it.

The child is of the server's user. Whatever of the portal has imported this module, the child cannot read or trace its memory,
where the keys are. It could still kill that user's processes; and root, of which the portal should never be, can do everything.
"""

import ctypes
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
from enum import IntEnum
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 10 * 2**20
MOST_PAGES = 10
MOST_PIXELS = 40_000_000  # Phones' photos have 12 million, seldom more.
LONGEST_SIDE, DPI, QUALITY = 2200, 200, 85  # The small print of an identity card can be read.
SECONDS, CPU_SECONDS, MEMORY = 10, 6, 2**30  # A good file takes 1.3 seconds at most, and three quarters of the memory.
BEGINNINGS = {"pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
ACTIVE = (b"/JavaScript", b"/Launch", b"/Rendition", b"/RichMedia", b"/EmbeddedFile", b"/FileAttachment")

log = logging.getLogger(__name__)


class Fault(IntEnum):
    """Why a file is refused; the child's exit status says it."""

    EMPTY = 64
    TOO_LARGE = 65
    WRONG_TYPE = 66
    BROKEN = 67
    PROTECTED = 68
    ACTIVE = 69
    TOO_MANY_PAGES = 70
    TOO_MANY_PIXELS = 71
    TOO_SLOW = 72


class FileRefused(Exception):
    """A file cannot be made into pages."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


def read_pages(data: bytes, name: str) -> list[bytes]:
    """Return the pages of a PDF, JPEG or PNG file as JPEG pictures; its name and its content must both say what it is.

    It takes some tenths of a second, SECONDS at most; the caller sees to it that few files are read at once. Raises FileRefused.
    """
    if not data:
        raise FileRefused(Fault.EMPTY)
    if len(data) > MOST_BYTES:
        raise FileRefused(Fault.TOO_LARGE)
    stem, _dot, ending = name.rpartition(".")
    kind = ending.lower()
    if not stem or kind not in BEGINNINGS or not data.startswith(BEGINNINGS[kind]):
        raise FileRefused(Fault.WRONG_TYPE)
    return _split(_ask_child(kind, data))


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
        try:
            child.stdin.write(data)
            child.stdin.close()
            answer = child.stdout.read(MOST_PAGES * LONGEST_SIDE ** 2)
            child.stdout.close()
        except BrokenPipeError:  # It died before it had read everything.
            pass
        finally:
            status = child.wait()
            deadline.cancel()
    if status in set(Fault):
        raise FileRefused(Fault(status))
    if status:
        log.warning("the process that reads a %s file ended with %s", kind, status)
        raise FileRefused(Fault.TOO_SLOW if status == -signal.SIGKILL else Fault.BROKEN)
    return answer


def _split(answer: bytes) -> list[bytes]:
    """Return the pages of an answer, in which each stands behind its length."""
    pages: list[bytes] = []
    while answer and len(pages) < MOST_PAGES:
        end = 4 + int.from_bytes(answer[:4])
        pages.append(answer[4:end])
        answer = answer[end:]
    if not pages or not all(page.startswith(BEGINNINGS["jpeg"]) for page in pages):
        raise FileRefused(Fault.BROKEN)
    return pages


def _work(kind: str) -> None:
    """Be the child: print the pages of the file on stdin, or end with a Fault."""
    import pypdfium2.raw  # noqa: F401
    from PIL import Image, MpoImagePlugin  # noqa: F401

    Image.preinit()  # What Pillow needs is loaded now: no file can be opened any more when it would be missed.
    _confine()
    try:
        pages = (_read_pdf if kind == "pdf" else _read_picture)(sys.stdin.buffer.read())
    except FileRefused as refusal:
        sys.exit(refusal.fault)
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
    if picture.width * picture.height > MOST_PIXELS:  # So says the header; nothing is unpacked yet.
        raise FileRefused(Fault.TOO_MANY_PIXELS)
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # A scanner's 16 bits, which Pillow would cut off instead of scaling.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    picture = picture.convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return [_as_jpeg(picture)]


def _read_pdf(data: bytes) -> list[bytes]:
    from pypdfium2 import PdfDocument, PdfiumError, raw

    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        raise FileRefused(Fault.PROTECTED if error.err_code == raw.FPDF_ERR_PASSWORD else Fault.BROKEN) from None
    if raw.FPDF_GetSecurityHandlerRevision(document) >= 0:
        raise FileRefused(Fault.PROTECTED)
    if len(document) > MOST_PAGES:
        raise FileRefused(Fault.TOO_MANY_PAGES)
    unpacked = BytesIO()  # In a copy every name stands in plain sight, however the file hides it.
    document.save(unpacked, flags=raw.FPDF_NO_INCREMENTAL)
    forms = raw.FPDF_GetFormType(document)
    if forms in (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND) or any(name in unpacked.getvalue() for name in ACTIVE):
        raise FileRefused(Fault.ACTIVE)
    return [_as_jpeg(page.render(scale=min(DPI / 72, LONGEST_SIDE / max(page.get_size())), may_draw_forms=False).to_pil())
            for page in document]


def _as_jpeg(picture: "Image") -> bytes:
    picture.info.clear()  # A comment would go along.
    page = BytesIO()
    picture.save(page, "JPEG", quality=QUALITY)
    return page.getvalue()


_hide_memory()  # Before any process of the portal has a child, another one's included.
if __name__ == "__main__":
    _work(sys.argv[1])
