"""Uploaded files: what people send becomes plain pictures, and what was prepared to do harm does none."""

import ctypes
import errno
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from portal import files
from portal.files import Fault, FileRefused, read_pages
from tests import uploads

HTML = b"<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
MZ = b"MZ\x90\x00\x03"


def only_page(data: bytes, name: str) -> Image.Image:
    (page,) = read_pages(data, name)
    return look(page)


def look(page: bytes) -> Image.Image:
    """Open a page that came back, and check that it is a JPEG with nothing but its pixels."""
    shown = Image.open(BytesIO(page))
    assert (shown.format, shown.mode, dict(shown.getexif())) == ("JPEG", "RGB", {})
    assert not {"exif", "icc_profile", "comment", "photoshop", "xmp"} & set(shown.info)
    return shown


def fault(data: bytes, name: str) -> Fault:
    with pytest.raises(FileRefused) as refused:
        read_pages(data, name)
    return refused.value.fault


def color(shown: Image.Image, x: float, y: float) -> str:
    """Name the colour at a place, given as parts of width and height."""
    pixel = shown.getpixel((int(x * (shown.width - 1)), int(y * (shown.height - 1))))
    assert isinstance(pixel, tuple)
    names = {"red": (255, 0, 0), "blue": (0, 0, 255), "white": (255,) * 3, "black": (0,) * 3, "grey": (128,) * 3}
    return min(names, key=lambda name: sum(abs(one - other) for one, other in zip(pixel, names[name])))


# What people send.

@pytest.mark.parametrize("name", ["dowód.jpg", "IMG_0001.JPG", "dowod.jpeg", "dowod.pdf.jpg", "../../etc/passwd.jpg", "a\0b.jpg"])
def test_photo_becomes_a_picture_without_metadata(name: str) -> None:
    sent = uploads.photo()
    assert b"Aparat Ewy" in sent and b"Ewa Lis" in sent
    assert Image.open(BytesIO(sent)).getexif().get_ifd(0x8825), "it tells the place"
    (page,) = read_pages(sent, name)
    shown = look(page)
    assert shown.size == (600, 400) and (color(shown, .5, .2), color(shown, .5, .8)) == ("red", "blue")
    assert b"Ewa" not in page


@pytest.mark.parametrize(("held", "size", "top"), [
    (1, (600, 400), (.5, .2)), (3, (600, 400), (.5, .8)), (6, (400, 600), (.8, .5)), (8, (400, 600), (.2, .5))])
def test_photo_is_turned_as_it_was_held(held: int, size: tuple[int, int], top: tuple[float, float]) -> None:
    exif = Image.Exif()
    exif[0x0112] = held
    shown = only_page(uploads.photo(exif=exif), "a.jpg")
    assert shown.size == size
    assert (color(shown, *top), color(shown, 1 - top[0], 1 - top[1])) == ("red", "blue")


def test_big_photo_is_scaled_down_and_a_small_one_is_not_scaled_up() -> None:
    assert only_page(uploads.photo((6000, 4000)), "a.jpg").size == (2200, 1467)
    assert only_page(uploads.photo((30, 20)), "a.jpg").size == (30, 20)


@pytest.mark.parametrize(("kind", "mode", "given", "shown"), [
    ("PNG", "RGBA", (255, 0, 0, 0), "white"), ("PNG", "RGBA", (255, 0, 0, 255), "red"), ("PNG", "LA", (0, 0), "white"),
    ("PNG", "P", 0, "black"), ("PNG", "1", 1, "white"), ("PNG", "L", 128, "grey"), ("PNG", "I;16", 32768, "grey"),
    ("JPEG", "L", 128, "grey"), ("JPEG", "CMYK", (0, 255, 255, 0), "red")])
def test_every_kind_of_picture_is_shown_as_it_looks(kind: str, mode: str, given: object, shown: str) -> None:
    assert color(only_page(uploads.picture(kind, mode, color=given), f"a.{kind}"), .5, .5) == shown


@pytest.mark.parametrize(("kind", "name"), [("PNG", "a.png"), ("MPO", "a.jpg")])
def test_of_several_pictures_in_one_the_first_is_shown(kind: str, name: str) -> None:
    """Phones add a second one to their photos; an animated PNG may hide one."""
    sent = uploads.picture(kind, color="red", save_all=True, append_images=[Image.new("RGB", (600, 400), "blue")])
    assert color(only_page(sent, name), .5, .5) == "red"


def test_each_page_of_a_pdf_becomes_a_picture() -> None:
    pages = [look(page) for page in read_pages(uploads.document(10), "skan.PDF")]
    assert len(pages) == 10
    for page in pages:
        assert page.height == 2200 and round(page.width / page.height, 2) == .71, "A4"
        assert "black" in {color(page, at / 200, .05) for at in range(100)}, "its text is drawn"


@pytest.mark.parametrize(("box", "size"), [
    (b"0 0 200000 200000", (2200, 2200)), (b"0 0 200000 .1", (2200, 1)), (b"0 0 72 36", (200, 100)), (b"0 0 0 0", (1700, 2200))])
def test_page_of_any_size_becomes_a_picture_of_a_sensible_one(box: bytes, size: tuple[int, int]) -> None:
    shown = only_page(uploads.pdf(page=uploads.PAGE.replace(b"0 0 595 842", box)), "a.pdf")
    assert all(abs(one - other) <= 1 for one, other in zip(shown.size, size)), shown.size


# What does not even reach a decoder.

@pytest.mark.parametrize("name", [
    "dowod.pdf.html", "x.jpg.exe", "dowod", "pdf", ".pdf", "", "a.svg", "a.pdf ", "a.pdf\n", "a.gif", "a.heic"])
def test_name_must_say_that_it_is_a_picture_or_a_pdf(name: str) -> None:
    for data in (uploads.document(), uploads.photo()):
        assert fault(data, name) is Fault.WRONG_TYPE


@pytest.mark.parametrize("name", ["a.pdf", "a.jpg", "a.jpeg", "a.png"])
def test_content_must_be_what_the_name_says(name: str, no_child: None) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a", uploads.photo())
    others = {"pdf": uploads.pdf(), "jpg": uploads.photo(), "jpeg": uploads.photo(), "png": uploads.picture("PNG")}
    right = others.pop(name[2:])
    others.pop({"jpg": "jpeg", "jpeg": "jpg"}.get(name[2:], ""), None)
    for data in (*others.values(), HTML, SVG, MZ, uploads.picture("GIF"), uploads.picture("TIFF"), uploads.picture("WEBP"),
                 archive.getvalue(), HTML + right, b"\n" + right, MZ + right, b"GIF89a" + right, b"x"):
        assert fault(data, name) is Fault.WRONG_TYPE


@pytest.mark.parametrize("name", ["a.pdf", "a.jpg", "a.exe"])
def test_empty_and_huge_files_are_refused(name: str, no_child: None) -> None:
    assert fault(b"", name) is Fault.EMPTY
    assert fault(uploads.photo().ljust(10 * 2**20 + 1), name) is Fault.TOO_LARGE


def test_ten_megabytes_are_read() -> None:
    assert only_page(uploads.photo().ljust(10 * 2**20), "a.jpg").size == (600, 400)


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)


# What was prepared to do harm.

@pytest.mark.parametrize(("name", "make"), [
    ("a.jpg", lambda: uploads.photo()[:900]), ("a.png", lambda: uploads.picture("PNG")[:200]),
    ("a.jpg", lambda: b"\xff\xd8\xff\xe0" + HTML), ("a.png", lambda: files.BEGINNINGS["png"] + HTML),
    ("a.pdf", lambda: b"%PDF-"), ("a.pdf", lambda: b"%PDF-1.7\n" + HTML),
    ("a.pdf", lambda: uploads.pdf(pages=b"<</Type/Pages/Kids[]/Count 0>>")),
    ("a.pdf", lambda: uploads.pdf(pages=b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>")),
    ("a.pdf", uploads.pdf_bomb)], ids=range(9))
def test_broken_files_are_refused(name: str, make: Callable[[], bytes]) -> None:
    assert fault(make(), name) is Fault.BROKEN


def test_pixel_bomb_is_refused_before_it_is_unpacked() -> None:
    begun = time.monotonic()
    assert fault(uploads.picture_bomb(), "a.png") is Fault.TOO_MANY_PIXELS
    assert time.monotonic() - begun < 5
    assert fault(uploads.picture("PNG", "1", (8000, 5001)), "a.png") is Fault.TOO_MANY_PIXELS
    assert only_page(uploads.picture("PNG", "1", (8000, 5000)), "a.png").size == (2200, 1375)


@pytest.mark.parametrize("protect", [{"owner_password": "o"}, {"owner_password": "o", "user_password": "u"}])
def test_protected_pdf_is_refused(protect: dict[str, str]) -> None:
    assert fault(uploads.document(protect=protect), "a.pdf") is Fault.PROTECTED


def test_eleven_pages_are_too_many() -> None:
    assert fault(uploads.document(11), "a.pdf") is Fault.TOO_MANY_PAGES


ATTACHED = (b"<</F(a.exe)/EF<</F 5 0 R>>>>", b"<</Length 2>>stream\nMZ\nendstream")


@pytest.mark.parametrize("write", [uploads.pdf, uploads.packed_pdf])
@pytest.mark.parametrize(("catalogue", "more", "page"), [
    (b"/OpenAction 4 0 R", (uploads.SCRIPT,), b""), (b"/OpenAction 4 0 R", (b"<</S/J#61vaScript/JS(x)>>",), b""),
    (b"/OpenAction<</S/Launch/F(cmd.exe)>>", (), b""), (b"", (uploads.SCRIPT,), b"/AA<</O 4 0 R>>"),
    (b"/Names<</JavaScript<</Names[(a)4 0 R]>>>>", (uploads.SCRIPT,), b""),
    (b"/Names<</EmbeddedFiles<</Names[(a)4 0 R]>>>>", ATTACHED, b""),
    (b"", (b"<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 6 0 R>>", ATTACHED[1], ATTACHED[0]), b"/Annots[4 0 R]"),
    (b"/AcroForm<</Fields[]/XFA 4 0 R>>", (b"<</Length 4>>stream\n<a/>\nendstream",), b"")], ids=range(8))
def test_active_pdf_is_refused_however_it_is_packed(
        write: Callable[..., bytes], catalogue: bytes, more: tuple[bytes, ...], page: bytes) -> None:
    data = write(catalogue, *more, page=uploads.PAGE.replace(b">>", page + b">>"))
    assert fault(data, "a.pdf") is Fault.ACTIVE


@pytest.mark.parametrize("data", [
    uploads.pdf(b"/OpenAction[3 0 R/Fit]"), uploads.pdf(b"/AcroForm<</Fields[]>>"), uploads.packed_pdf(),
    uploads.pdf(pages=b"<</Type/Pages/Kids[3 0 R]/Count 2000000000>>")], ids=range(4))
def test_harmless_pdf_is_read(data: bytes) -> None:
    assert only_page(data, "a.pdf").height == 2200


@pytest.mark.parametrize(("name", "data"), [
    ("a.jpg", uploads.photo(comment=b"*/=alert(1)/*") + HTML), ("a.png", uploads.picture("PNG") + HTML),
    ("a.pdf", uploads.pdf() + HTML), ("a.pdf", uploads.pdf(b"", HTML)),
    ("a.jpg", uploads.photo() + uploads.pdf(b"", uploads.SCRIPT))], ids=range(5))
def test_nothing_of_a_second_format_is_left(name: str, data: bytes) -> None:
    (page,) = read_pages(data, name)
    look(page)
    assert b"alert" not in page and b"script" not in page and b"%PDF" not in page


@pytest.mark.parametrize(("name", "data"), [
    ("a.jpg", uploads.photo()), ("a.png", uploads.picture("PNG")), ("a.pdf", uploads.document())])
def test_spoilt_files_are_read_or_refused(name: str, data: bytes) -> None:
    chance = random.Random(2026)
    for _time in range(12):
        spoilt = bytearray(data)
        for _byte in range(chance.choice((1, 8, 64))):
            spoilt[chance.randrange(8, len(spoilt))] = chance.randrange(256)
        try:
            assert all(look(page) for page in read_pages(bytes(spoilt), name))
        except FileRefused as refused:
            assert refused.fault in (Fault.BROKEN, Fault.TOO_MANY_PIXELS, Fault.PROTECTED)


# The process that reads.

def test_server_never_loads_a_decoder() -> None:
    script = "import sys, portal.files; print({'PIL', 'pypdfium2', 'flask'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets another script be the child: one that was taken over."""
    def replace(script: str) -> None:
        (tmp_path / "child.py").write_text(
            "import os, sys, time\nout, read = sys.stdout.buffer, sys.stdin.buffer.read\n" + script)
        monkeypatch.setattr(files, "__file__", str(tmp_path / "child.py"))
    return replace


@pytest.mark.parametrize("script", [
    "read(); time.sleep(60)", "time.sleep(60)", "out.close(); time.sleep(60)", "os.kill(os.getpid(), 11)", "sys.exit(1)",
    "os._exit(0)", "read(1); os._exit(0)", "read(); os._exit(0)", "read(); out.write(b'<html>')",
    "read(); out.write(bytes(2**20))", "read(); out.write(b'\\xff' * 9)", "read(); out.write((6).to_bytes(4) + b'<html>')"])
def test_child_that_was_taken_over_gets_nowhere(
        child: Callable[[str], None], script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SECONDS", .5)
    child(script)
    begun = time.monotonic()
    assert fault(uploads.photo().ljust(2**20), "a.jpg") is (Fault.TOO_SLOW if "sleep" in script else Fault.BROKEN)
    assert time.monotonic() - begun < 5


def test_page_that_would_keep_a_processor_busy_for_minutes_is_given_up() -> None:
    chance = random.Random(2026)
    curves = b"".join(b"%d %d m %d %d %d %d %d %d c " % tuple(chance.choices(range(800), k=8)) for _curve in range(400))
    drawn = uploads.stream(b"1 J 1 j 40 w [3 1] 0 d " + (curves + b"S ") * 200)
    begun = time.monotonic()
    assert fault(uploads.pdf(b"", drawn, page=uploads.PAGE.replace(b">>", b"/Contents 4 0 R>>")), "a.pdf") is Fault.TOO_SLOW
    assert time.monotonic() - begun < files.SECONDS + 1


def test_child_that_prints_without_end_is_cut_off(child: Callable[[str], None]) -> None:
    child("read()\nwhile True: out.write(bytes(2**20))")
    begun = time.monotonic()
    assert fault(uploads.photo(), "a.jpg") is Fault.BROKEN
    assert time.monotonic() - begun < files.SECONDS / 2


def test_child_sees_no_settings_and_keys(child: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_KEY_SEAL", "c2VjcmV0")
    child("said = b'\\xff\\xd8\\xff' + repr([dict(os.environ), os.getcwd()]).encode(); out.write(len(said).to_bytes(4) + said)")
    (said,) = read_pages(uploads.photo(), "a.jpg")
    assert b"PORTAL" not in said and b"'/'" in said


def test_child_can_open_nothing_and_has_little_memory_and_time() -> None:
    script = """
import json, os, resource, socket
from portal import files
files._confine()
def tried(work):
    try:
        work()
    except (OSError, MemoryError, ValueError) as error:
        return type(error).__name__
print(json.dumps([tried(lambda: open("/etc/passwd")), tried(socket.socket), tried(os.pipe), tried(lambda: bytes(2**31)),
                  tried(lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60))) if os.getuid() else "ValueError",
                  os.getpriority(os.PRIO_PROCESS, 0), *map(resource.getrlimit, (resource.RLIMIT_CPU, resource.RLIMIT_NPROC))]))
"""
    said = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
    assert said == ["OSError", "OSError", "OSError", "MemoryError", "ValueError", min(os.nice(0) + 10, 19), [6, 6], [0, 0]]


MEMORY = """
import ctypes, os, subprocess, sys
if len(sys.argv) == 1:
    import portal.files
    kept = ctypes.create_string_buffer(b"a key of the portal")
    sys.exit(subprocess.call([sys.executable, "-c", sys.orig_argv[2], str(ctypes.addressof(kept))]))
class Place(ctypes.Structure):
    _fields_ = [("address", ctypes.c_void_p), ("size", ctypes.c_size_t)]
read = ctypes.create_string_buffer(19)
libc = ctypes.CDLL(None, use_errno=True)
places = (Place(*place) for place in ((ctypes.addressof(read), 19), (int(sys.argv[1]), 19)))
libc.process_vm_readv(os.getppid(), *(arg for place in places for arg in (ctypes.byref(place), 1)), 0)
print([read.value.decode(), ctypes.get_errno()])
"""


def test_child_cannot_read_the_memory_of_the_server() -> None:
    """Root may read any memory: from these two processes that right is taken for good (PR_CAPBSET_DROP, CAP_SYS_PTRACE)."""
    libc = ctypes.CDLL(None)
    tried = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True,
                           preexec_fn=lambda: libc.prctl(24, 19, 0, 0, 0))
    assert tried.stdout == str(["", errno.EPERM]) + "\n"


@pytest.mark.parametrize("libc", [SimpleNamespace(), SimpleNamespace(prctl=lambda *_given: -1)])
def test_memory_that_cannot_be_hidden_is_noted(libc: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[str] = []
    monkeypatch.setattr(files.log, "warning", lambda words, *_args: noted.append(words))
    monkeypatch.setattr(ctypes, "CDLL", lambda *_given, **_named: libc)
    files._hide_memory()
    assert noted == ["other processes of this user can read this one's memory: %s"]
