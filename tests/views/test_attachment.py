"""Files of proposals on the pages: added, refused, removed, and sent to who may have them."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.files import Fault
from portal.models import Account, Attachment, Authorship, Edition, Proposal
from portal.models.attachment import FileKind
from portal.models.proposal import ProposalState
from portal.services import attachment
from tests import uploads
from tests.factories import make_account
from tests.page import Page, Visitor
from tests.services.drafts import DAY, make_draft, pool_of
from tests.views.steps import log_in


@pytest.fixture
def path(draft: Proposal) -> str:
    return f"/projekty/zglos/{draft.uid}/zalaczniki"


def send(author: Visitor, path: str, *files: tuple[str, bytes], status: int = 200) -> Page:
    chosen = [(io.BytesIO(data), name) for name, data in files]
    return author.submit(author.get(path), action=path, status=status, files=chosen)


def become(draft: Proposal, state: ProposalState, now: datetime, **given: Any) -> None:
    values = {"number": "BO.OM.1/26", "slug": "bo-om-1-26", "submitted_at": now, **given}
    Proposal.update(state=state, **values).where(Proposal.id == draft.id).execute()


def test_files_are_added_and_named(author: Visitor, path: str):
    page = send(author, path, ("Plan.png", uploads.picture("PNG")), ("opis.pdf", uploads.document()))
    assert page.path == path and "We have added: Plan.png, opis.pdf" in page.text
    assert [link.get_text() for link in page.soup.select("main li a[href*=zalacznik]")] == ["Plan.jpg", "opis.pdf"]
    assert "Plan.jpg" in author.get(path.replace("zalaczniki", "podglad")).text


def test_wrong_file_is_named_and_the_good_ones_stay(author: Visitor, path: str):
    send(author, path, ("dawny.jpg", uploads.photo()))
    page = send(author, path, ("nowy.jpg", uploads.photo()), ("zły.exe", b"MZ"), ("pusty.pdf", b""), status=400)
    assert page.errors == [f"“zły.exe”: {Fault.WRONG_TYPE}", f"“pusty.pdf”: {Fault.EMPTY}"]
    assert "We have added: nowy.jpg" in page.text and "dawny.jpg" in page.text and Attachment.select().count() == 2
    assert send(author, path, status=400).errors == ["Choose a file."]
    assert send(author, path, *[("a.jpg", b"x")] * 5, status=400).errors == ["Choose at most 4 files at once."]


@pytest.mark.parametrize(("name", "shown"), [
    ("../../etc/passwd.jpg", "passwd.jpg"), ("a\u202egpj.jpg", "agpj.jpg"),
    ("<img src=x onerror=alert(1)>.jpg", "<img src=x onerror=alert(1)>.jpg"), ("plan?a#b%20c.jpg", "plan?a#b%20c.jpg")])
def test_name_is_shown_inert_and_its_link_leads_to_the_file(author: Visitor, path: str, name: str, shown: str):
    page = send(author, path, (name, uploads.photo()))
    link = page.soup.select_one("main li a[href*=zalacznik]")
    assert link.get_text() == shown and not page.soup.select("main img")
    assert author.client.get(link["href"]).data.startswith(b"\xff\xd8\xff")


def test_file_is_removed_from_its_own_proposal_only(author: Visitor, account: Account, path: str, now: datetime):
    other = make_draft(account, pool_of(Edition.get()), now)
    send(author, path, ("a.jpg", uploads.photo()))
    send(author, f"/projekty/zglos/{other.uid}/zalaczniki", ("b.jpg", uploads.photo()))
    foreign = attachment.of_proposal(other, FileKind.ATTACHMENT)[0]
    button = author.get(path).soup.select_one("main li form")
    token = button.select_one("[name=csrf_token]")["value"]
    author.post(path, {"csrf_token": token, "remove": foreign.uid})
    assert Attachment.select().count() == 2
    author.post(path, {"csrf_token": token, "remove": button.select_one("[name=remove]")["value"]})
    assert [row.uid for row in Attachment.select()] == [foreign.uid]


@pytest.mark.parametrize("state", [ProposalState.IN_ASSESSMENT, ProposalState.ADMITTED, ProposalState.ON_BALLOT])
def test_nothing_is_added_or_removed_once_it_is_assessed(
        author: Visitor, draft: Proposal, path: str, now: datetime, state: ProposalState):
    send(author, path, ("a.jpg", uploads.photo()))
    page = author.get(path)
    become(draft, state, now)
    later = author.submit(page, action=path, files=[(io.BytesIO(uploads.photo()), "b.jpg")])
    assert later.path == path.removesuffix("/zalaczniki") and "This step is not possible" in later.text
    token = page.soup.select_one("[name=csrf_token]")["value"]
    author.post(path, {"csrf_token": token, "remove": Attachment.get().uid})
    assert Attachment.select().count() == 1


def test_returned_proposal_takes_files_where_they_are_marked(author: Visitor, draft: Proposal, path: str, now: datetime):
    become(draft, ProposalState.RETURNED, now, to_correct="title", correct_until=now + DAY)
    assert author.get(path).path != path
    become(draft, ProposalState.RETURNED, now, to_correct="attachments,title", correct_until=now + DAY)
    assert "We have added" in send(author, path, ("a.jpg", uploads.photo())).text


def test_lists_of_supporters_are_added_while_support_is_collected(author: Visitor, draft: Proposal, path: str, now: datetime):
    lists = path.replace("zalaczniki", "listy")
    assert author.get(lists).path != lists, "a draft has no supporters"
    become(draft, ProposalState.SUBMITTED, now)
    assert "Page 2: lista.jpg" in send(author, lists, ("lista.pdf", uploads.document(2))).text
    assert not author.get(lists).soup.select("main .app-sheet .govuk-list a"), "only officers see them"
    assert "lista.jpg" not in author.get("/projekty/bo-om-1-26").text
    become(draft, ProposalState.SUBMITTED, now, submitted_at=now - timedelta(days=8))
    assert author.get(lists).path != lists


def test_file_is_sent_with_nothing_that_could_run(author: Visitor, draft: Proposal, path: str, app: Flask, now: datetime):
    send(author, path, ("Plan łąki.png", uploads.picture("PNG")), ("opis.pdf", uploads.document()))
    become(draft, ProposalState.SUBMITTED, now)
    stranger = app.test_client()
    for row, shown in zip(Attachment.select().order_by(Attachment.id), ("inline", "attachment")):
        response = stranger.get(f"/projekty/zalacznik/{row.uid}/cokolwiek")
        headers = response.headers
        assert response.data == attachment.read(row) and headers["Content-Type"] == row.media
        assert headers["Content-Disposition"].startswith(shown)
        assert {"default-src 'none'", "sandbox"} <= {*headers["Content-Security-Policy"].split("; ")}
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "private, max-age=600"
        assert "Set-Cookie" not in headers
    assert "filename*=UTF-8''Plan%20%C5%82%C4%85ki.jpg" in stranger.get(
        f"/projekty/zalacznik/{Attachment.get(Attachment.media == 'image/jpeg').uid}/a").headers["Content-Disposition"]


def test_file_of_a_draft_is_sent_to_its_authors_alone_and_kept_nowhere(
        author: Visitor, account: Account, draft: Proposal, path: str, app: Flask, now: datetime):
    send(author, path, ("a.jpg", uploads.photo()))
    coauthor = make_account(account.district)
    Authorship.create(proposal=draft, account=coauthor, accepted_at=now)
    address, readers = f"/projekty/zalacznik/{Attachment.get().uid}/a.jpg", {}
    for name, person in (("coauthor", coauthor), ("stranger", make_account(account.district))):
        readers[name] = Visitor(app)
        log_in(readers[name], person)
    assert author.client.get(address).headers["Cache-Control"] == "no-store"
    assert readers["coauthor"].client.get(address).status_code == 200
    assert readers["stranger"].client.get(address).status_code == app.test_client().get(address).status_code == 404
    assert app.test_client().get("/projekty/zalacznik/nic/a.jpg").status_code == 404


def test_body_of_forty_megabytes_is_taken_and_no_more(author: Visitor, path: str):
    noise = uploads.photo().ljust(10 * 2**20)
    page = send(author, path, *[(f"{number}.jpg", noise) for number in range(4)])
    assert "We have added: 0.jpg, 1.jpg, 2.jpg, 3.jpg" in page.text
    token = page.soup.select_one("[name=csrf_token]")["value"]
    body = {"csrf_token": token, "files": [(io.BytesIO(noise + bytes(30_000)), "a.jpg") for _time in range(4)]}
    assert author.post(path, body, content_type="multipart/form-data").status_code == 413
