"""Scans that claimants add to their case: what is kept, what is refused, and how large a body may be."""

import io
from datetime import datetime
from typing import Any

import pytest
from flask import Flask, request
from flask_wtf.csrf import CSRFError

from portal import clock, store
from portal.errors import FileTooSlow, FileUnusable
from portal.files import Fault
from portal.models import Evidence, RemovalStep
from portal.models.staff import Role
from portal.services import removal_case, removal_claim, removal_evidence
from tests.factories import make_officer
from tests.page import Page, Visitor
from tests.services import raw
from tests.uploads import document, photo, picture
from tests.views.steps import in_english
from tests.views.test_enumeration import token_of
from tests.views.test_removal_case import FORM, open_case

MEGABYTE = 1024 * 1024


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


@pytest.fixture
def path(app: Flask, now: datetime) -> str:
    return open_case(now)[1]


def send(reader: Visitor, path: str, *files: tuple[str, bytes], status: int = 200) -> Page:
    """Choose files on the page of a case and send them."""
    chosen = [(io.BytesIO(data), name) for name, data in files]
    return reader.submit(reader.get(path), action=f"{path}/skan", status=status, files=chosen)


def test_photo_and_document_are_kept_and_counted(reader: Visitor, path: str):
    page = send(reader, path, ("dowód.jpg", photo()), ("skan.PDF", document(2)))
    assert page.path == path
    assert "We have received: dowód.jpg, skan.PDF" in page.text and "We have 3 pages of your scan." in page.text
    assert "We are checking who you are" in page.text
    assert page.text.count("You sent a scan.") == 1, "files that came together are one step"
    assert Evidence.select().count() == 3
    page = send(reader, path, ("tył.png", picture("PNG")))
    assert "We have 4 pages of your scan." in page.text


def test_wrong_file_is_named_and_the_good_ones_of_the_same_upload_are_kept(reader: Visitor, path: str):
    page = send(reader, path, ("przód.jpg", photo()), ("tył.gif", picture("GIF")), ("pusty.png", b""), status=400)
    assert page.errors == ["“tył.gif”: This is not a JPEG, PNG or PDF file. Send a photo or scan whose name ends in .jpg, .png "
                           "or .pdf.", "“pusty.png”: This file is empty. Please choose another one."]
    beside = " ".join(page.soup.select_one("#files-error").get_text().split())
    assert page.errors[0] in beside and page.errors[1] in beside
    assert page.soup.select_one(".govuk-error-summary a")["href"] == "#files" and page.title.startswith("Error: ")
    assert "We have received: przód.jpg" in page.text and "We have 1 page of your scan." in page.text
    assert Evidence.select().count() == 1


@pytest.mark.parametrize(("files", "error"), [
    ([], "Choose a file with a scan or photo."),
    ([("a.jpg", b"x")] * 5, "Choose at most 4 files at once."),
])
def test_no_file_or_too_many_are_refused(reader: Visitor, path: str, files: list[Any], error: str):
    assert send(reader, path, *files, status=400).errors == [error]
    assert not Evidence.select().exists()


@pytest.mark.parametrize("name", [
    "<img src=x onerror=alert(1)>.jpg", "a\u202egpj.jpg", "../../../etc/passwd", "x" * 5000 + ".jpg", " "])
def test_name_of_a_file_is_shown_short_and_inert(reader: Visitor, path: str, name: str):
    page = send(reader, path, (name, b"no picture"), status=400)
    assert not page.soup.select("main img") and "\u202e" not in page.response.text and "x" * 61 not in page.response.text
    assert not Evidence.select().exists()
    assert raw.table("removal_step")[0]["deed"] == "opened"


def test_text_in_the_place_of_a_file_is_no_file(reader: Visitor, path: str):
    form = {"csrf_token": token_of(reader, path), "files": "photo.jpg"}
    for kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        response = reader.post(f"{path}/skan", form, content_type=kind)
        assert response.status_code == 400 and "Choose a file with a scan or photo." in response.text


def test_more_pages_than_a_case_keeps_leave_it_as_it_was(reader: Visitor, path: str):
    send(reader, path, ("a.pdf", document(8)))
    page = send(reader, path, ("b.pdf", document(5)), status=400)
    assert page.errors == [f"“b.pdf”: {removal_evidence.TOO_MUCH}"]
    assert (Evidence.select().count(), RemovalStep.select().count()) == (8, 2)


def test_file_after_the_decision_is_not_even_read(reader: Visitor, path: str, now: datetime, monkeypatch: pytest.MonkeyPatch):
    case = removal_claim.find_case(path.rpartition("/")[2])
    page = reader.get(path)
    removal_case.confirm_identity(case, make_officer(Role.REMOVALS), "dowód", version=case.version, now=now)
    monkeypatch.setattr("portal.files.read_pages", None)
    page = reader.submit(page, action=f"{path}/skan", files=[(io.BytesIO(photo()), "a.jpg")])
    assert page.path == path and "nothing more can be added" in page.text and "We know that it is you" in page.text
    assert not Evidence.select().exists()


def test_decision_while_files_are_read_is_told(reader: Visitor, path: str, now: datetime, monkeypatch: pytest.MonkeyPatch):
    case, officer = removal_claim.find_case(path.rpartition("/")[2]), make_officer(Role.REMOVALS)

    def decide(_data: bytes, _name: str) -> list[bytes]:
        removal_case.confirm_identity(case, officer, "dowód", version=case.version, now=now)
        return [photo()]

    monkeypatch.setattr("portal.files.read_pages", decide)
    assert "nothing more can be added" in send(reader, path, ("a.jpg", photo())).text
    assert not Evidence.select().exists()


def test_upload_while_another_is_read_is_told_to_come_again_at_once(reader: Visitor, path: str):
    before = raw.everything()
    with store.turn():
        page = send(reader, path, ("a.jpg", photo()), ("b.jpg", photo()), status=400)
    assert page.errors == [f"“a.jpg, b.jpg”: {store.BUSY}"]
    assert raw.everything() == before, "and it does not count"
    assert "We have received: a.jpg, b.jpg" in send(reader, path, ("a.jpg", photo()), ("b.jpg", photo())).text


def test_file_that_takes_too_long_is_the_last_that_is_looked_at(reader: Visitor, path: str, monkeypatch: pytest.MonkeyPatch):
    looked, slow = [], Fault.TOO_SLOW

    def read(data: bytes, name: str) -> list[bytes]:
        looked.append(name)
        with pytest.raises(FileUnusable), store.turn():
            pass
        if name == "b.pdf":
            raise FileTooSlow(slow)
        return [data]
    monkeypatch.setattr("portal.files.read_pages", read)
    page = send(reader, path, *[(name, photo()) for name in ("a.jpg", "b.pdf", "c.jpg", "d.jpg")], status=400)
    assert page.errors == [f"“b.pdf”: {slow}", f"“c.jpg, d.jpg”: {store.NOT_LOOKED_AT}"]
    assert "We have received: a.jpg" in page.text and looked == ["a.jpg", "b.pdf"]
    assert send(reader, path, ("b.pdf", photo()), status=400).errors == [f"“b.pdf”: {slow}"]


def test_files_beyond_those_of_an_hour_are_named_and_not_read(reader: Visitor, path: str, monkeypatch: pytest.MonkeyPatch):
    case = removal_claim.find_case(path.rpartition("/")[2])
    for _time in range(10):
        removal_evidence.count_try(case, address="192.0.2.9", now=clock.now())
    page = send(reader, path, ("a.gif", b"GIF"), *[(name, photo()) for name in ("b.jpg", "c.jpg", "d.jpg")], status=400)
    assert "“a.gif”: This is not" in page.errors[0], "what is refused counts too"
    assert page.errors[1:] == [f"“c.jpg, d.jpg”: {removal_evidence.TRIED_TOO_OFTEN}"]
    assert "We have received: b.jpg" in page.text and Evidence.select().count() == 1
    monkeypatch.setattr("portal.files.read_pages", None)
    page = send(reader, path, ("c.jpg", photo()), status=400)
    assert page.errors == [f"“c.jpg”: {removal_evidence.TRIED_TOO_OFTEN}"]
    assert page.soup.select_one(".govuk-error-summary a")["href"] == "#files"


def noise(megabytes: float) -> bytes:
    """A photo of so many megabytes, most of which is a comment."""
    begun, rest = photo(), int(megabytes * MEGABYTE)
    blocks = b"\xff\xfe\xff\xff" + bytes(0xfffd)
    return begun[:2] + blocks * (rest // len(blocks)) + begun[2:]


def test_four_photos_of_nearly_ten_megabytes_are_taken(reader: Visitor, path: str):
    page = send(reader, path, *[(f"{at}.jpg", noise(9.9)) for at in range(4)])
    assert "We have 4 pages of your scan." in page.text


def test_photo_above_ten_megabytes_is_refused_beside_its_field(reader: Visitor, path: str):
    assert "This file is larger than 10 MB." in send(reader, path, ("a.jpg", noise(10.1)), status=400).errors[0]


@pytest.mark.parametrize(("where", "megabytes"), [("{path}/skan", 41), ("{path}/odpowiedz", 2), (FORM, 2), ("/rejestracja", 2)])
def test_body_beyond_the_limit_of_its_page_is_413(reader: Visitor, path: str, where: str, megabytes: int):
    form = {"csrf_token": token_of(reader, path), "files": (io.BytesIO(bytes(megabytes * MEGABYTE)), "a.jpg")}
    page = Page(reader.post(where.format(path=path), form))
    assert (page.status, page.heading) == (413, "This is too large")
    assert not Evidence.select().exists()


def test_only_files_may_be_larger_than_other_forms(portal_app: Flask):
    assert {name for name, view in portal_app.view_functions.items() if hasattr(view, "most_bytes")} == {
        "removal.add_scan", "proposals_draft.add_files", "panel_proposals.stage_view", "panel_jobs.create_view"}


def test_large_files_wait_on_disk_and_not_in_memory(app: Flask, path: str):
    data = {"files": (io.BytesIO(bytes(2 * MEGABYTE)), "a.jpg")}
    with app.test_request_context(f"{path}/skan", method="POST", data=data):
        with pytest.raises(CSRFError):  # That is, the token was looked for, in the body.
            app.preprocess_request()
        assert request.files["files"].stream._rolled
