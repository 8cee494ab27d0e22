"""The way of a proposal in its author's hands: section by section, to its number and its public page."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.models import Account, Authorship, Edition, Invitation, Proposal, Transition
from portal.models.assessment import Move
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import assessment
from tests.factories import make_account, make_officer, make_pool
from tests.page import Visitor
from tests.services.drafts import COMPLETE, DAY, make_open_edition, make_submitted, pool_of, reload
from tests.views.drafts import SUMMARY, TYPED, begin, fill_in, submit_draft
from tests.views.steps import in_english, log_in

SCRIPT = "<script>alert(1)</script>"


def path_of(proposal: Proposal) -> str:
    return f"/projekty/zglos/{proposal.uid}"


def give_back(proposal: Proposal, now: datetime, *parts: str) -> None:
    assessment.return_for_correction(proposal, make_officer(Role.COORDINATOR), words="Za krótki opis.", parts=parts,
                                     until=now + DAY, version=reload(proposal).version, now=now)


# Begun and written.

def test_proposal_is_written_in_sections_and_submitted(author: Visitor, now: datetime):
    page = begin(author)
    assert page.heading == "Ławki przy szkole" and "Done: 0 of 5" in page.text
    assert "Still to do before you can submit the project: The idea in a few words The place" in page.text
    for done, section in enumerate(TYPED, 1):
        page = fill_in(author, page, section)
        assert f"Done: {done} of 5" in page.text and "The section is saved." in page.text, section
    page = author.get(f"{page.path}/podglad")
    assert "12,500.50" in page.text and SUMMARY in page.text
    page = author.submit(page, action=page.path.replace("podglad", "wyslij"))
    assert "Your project is submitted. Its number is BO.OM.1/26." in page.text
    proposal = Proposal.get()
    assert (proposal.state, proposal.number, proposal.slug) == (
        ProposalState.SUBMITTED, "BO.OM.1/26", "bo-om-1-26-lawki-przy-szkole")
    assert (proposal.cost, proposal.submitted_at, proposal.latitude, proposal.universal) == (12_500_50, now, 50.0614, True)
    assert author.get("/projekty/bo-om-1-26-lawki-przy-szkole").heading == "Ławki przy szkole"


def test_stranger_reads_how_it_works_and_is_sent_to_the_login(visitor: Visitor, account: Account):
    page = in_english(visitor).get("/projekty/zglos")
    assert "takes projects until" in page.text and not page.soup.select("main form")
    assert page.soup.select_one("main a.govuk-button")["href"] == "/logowanie?next=/projekty/zglos"
    assert visitor.get("/moje-konto/projekty").path == "/logowanie"


def test_nothing_is_begun_when_no_edition_takes_projects(author: Visitor, now: datetime):
    Edition.update(proposals_from=now + DAY, proposals_to=now + 2 * DAY).execute()
    page = author.get("/projekty/zglos")
    assert "No projects are taken now." in page.text and "from 16 June 2026 to 17 June 2026" in page.text
    assert not page.soup.select("main form")


@pytest.mark.parametrize(("typed", "error"), [
    ({"title": ""}, "Enter a title."), ({"title": "x" * 151}, "This can have at most 150 characters."),
    ({"pool": ""}, "Choose where."), ({"pool": "999"}, "Not a valid choice."),
    ({"title": "a\0b"}, "This text contains characters that cannot be used.")])
def test_mistake_at_the_beginning_is_told(author: Visitor, typed: dict[str, str], error: str):
    right = {"pool": str(pool_of(Edition.get()).id), "title": "Ławki"}
    page = author.submit(author.get("/projekty/zglos"), status=400, **{**right, **typed})
    assert page.errors[0].startswith(error) and not Proposal.select().exists()


def test_sixth_draft_has_to_wait(author: Visitor):
    for _time in range(5):
        begin(author)
    page = author.submit(author.get("/projekty/zglos"), pool=str(pool_of(Edition.get()).id), title="Ławki", status=400)
    assert "You have five drafts." in page.errors[0]


@pytest.mark.parametrize(("section", "typed", "error", "saved"), [
    ("podstawy", {"summary": "Za krótki."}, "The short description needs at least 60 characters.",
     {"title": "Nowy", "summary": ""}),
    ("podstawy", {"categories": ["sport", "health", "safety", "culture"]}, "Choose at most three categories.", {"title": "Nowy"}),
    ("podstawy", {"categories": None}, "Choose a category.", {"title": "Nowy"}),
    ("miejsce", {"latitude": "19,93"}, "Enter degrees from 49 to 55, like 50,061430.", {"place": "Nowe"}),
    ("miejsce", {"longitude": "50,06"}, "Enter degrees from 14 to 25, like 19,936580.", {"place": "Nowe"}),
    ("miejsce", {"longitude": ""}, "Enter both numbers, or none.", {"place": "Nowe", "latitude": 50.0614}),
    ("opis", {"justification": ""}, "Write why it is needed.", {"description": "Nowy"}),
    ("dostepnosc", {"universal": "no"}, "Write why the project will not meet these rules.",
     {"availability": "Zawsze", "universal": False}),
    ("koszty", {"amount_1": "tysiąc"}, "Enter an amount in zł, like 1 250 000 or 999,50.", {"cost": 10_000_00}),
    ("koszty", {"amount_1": ""}, "Enter the amount.", {"cost": 10_000_00}),
    ("koszty", {"what_1": ""}, "Write what it is.", {"cost": 10_000_00}),
    ("koszty", {"amount_1": "100 000"}, "The sum is 110,000", {"cost": 110_000_00}),
])
def test_of_a_draft_what_is_right_is_saved_at_once_and_what_was_typed_stays(
        author: Visitor, section: str, typed: dict[str, Any], error: str, saved: dict[str, Any]):
    page = begin(author)
    told = {"title": "Nowy", "place": "Nowe", "description": "Nowy", "availability": "Zawsze"}
    right = {name: told.get(name, value) for name, value in TYPED[section].items()}
    page = fill_in(author, page, section, status=400, **{**right, **typed})
    assert len(page.errors) == 1 and page.errors[0].startswith(error), page.errors
    assert page.title.startswith("Error: ") and "What is right has been saved." in page.text
    found = Proposal.get()
    assert {name: getattr(found, name) for name in saved} == saved
    for name, value in typed.items():
        control = page.soup.select_one(f"[name={name}]")
        if isinstance(value, str) and control.get("type") not in ("radio", "checkbox"):
            assert (control.get_text() if control.name == "textarea" else control["value"]) == value


def test_draft_is_there_after_the_logout(author: Visitor, account: Account):
    fill_in(author, begin(author), "opis")
    author.post("/wyloguj", {"csrf_token": _token(author)})
    page = log_in(author, account, path="/logowanie?next=/moje-konto/projekty")
    link = next(link["href"] for link in page.soup.select("main a") if "Go on with the draft" in link.get_text())
    assert "Dziesięć ławek." in author.get(f"{link}/opis").text


def test_costs_have_more_rows_when_they_are_needed(author: Visitor):
    page = begin(author)
    costs = author.get(f"{page.path}/koszty")
    assert len(costs.soup.select("[name^=what_]")) == 5
    typed = {f"what_{at}": f"Rzecz {at}" for at in range(5)} | {f"amount_{at}": "100" for at in range(5)}
    costs = author.submit(costs, more="1", **typed)
    assert costs.path.endswith("/koszty") and len(costs.soup.select("[name^=what_]")) == 7 and Proposal.get().cost == 500_00


def test_every_section_is_there_only_for_its_author(author: Visitor, account: Account, draft: Proposal, app: Flask):
    other = Visitor(app)
    log_in(other, make_account(account.district))
    for page in ("", "/podstawy", "/zalaczniki", "/autorzy", "/podglad", "/wycofaj"):
        author.get(path_of(draft) + page)
        other.get(path_of(draft) + page, status=404)
    for page in ("/wyslij", "/kopiuj", "/wycofaj", "/zalaczniki"):
        assert other.client.post(path_of(draft) + page, data={"csrf_token": _token(other)}).status_code == 404
    assert "Ławki" not in other.get("/moje-konto/projekty").text


def _token(visitor: Visitor) -> str:
    return str(visitor.get("/moje-konto").soup.select_one("[name=csrf_token]")["value"])


# Submitted, corrected, taken back.

def test_incomplete_draft_is_not_submitted(author: Visitor, draft: Proposal):
    Proposal.update(place="").execute()
    page = author.get(f"{path_of(draft)}/podglad")
    assert "Still to do before you can submit the project: The place" in page.text and not page.soup.select("main form")
    response = author.post(f"{path_of(draft)}/wyslij", {"csrf_token": _token(author)})
    page = author.get(response.location)
    assert "Some parts of the project are not finished yet." in page.text and reload(draft).state == ProposalState.DRAFT


def test_second_click_submits_nothing_twice(author: Visitor, draft: Proposal):
    page = author.get(f"{path_of(draft)}/podglad")
    for _time in range(2):
        last = author.submit(page, action=f"{path_of(draft)}/wyslij")
    assert "This step is not possible" in last.text
    assert (Transition.select().count(), reload(draft).number) == (1, "BO.OM.1/26")


def test_submitted_project_changes_as_a_whole_section_or_not_at_all(author: Visitor, now: datetime):
    proposal = submit_draft(author)
    page = author.get(path_of(proposal))
    fill_in(author, page, "podstawy", status=400, title="Nowy", summary="Za krótki.")
    assert reload(proposal).title == "Ławki przy szkole"
    assert "The section is saved." in fill_in(author, page, "podstawy", title="Nowy").text
    assert reload(proposal).title == "Nowy" and not author.get(f"{path_of(proposal)}/podstawy").soup.select("[name=pool]")
    Edition.update(proposals_to=now - timedelta(seconds=1)).execute()
    page = author.get(f"{path_of(proposal)}/podstawy")
    assert page.path == path_of(proposal) and "This step is not possible" in page.text


def test_returned_project_is_corrected_where_officers_have_marked_it(author: Visitor, account: Account, now: datetime):
    proposal = make_submitted(account, pool_of(Edition.get()), now)
    give_back(proposal, now, "summary", "costs")
    page = author.get(path_of(proposal))
    tags = [tag.get_text(strip=True) for tag in page.soup.select(".govuk-task-list .govuk-tag")]
    assert "Za krótki opis." in page.text and tags == ["To correct"] * 2
    section = author.get(f"{path_of(proposal)}/podstawy")
    assert {control["name"] for control in section.form().select("[name]")} == {"csrf_token", "summary", "submit"}
    fill_in(author, page, "podstawy", title="Podmieniony", summary=SUMMARY + "!", categories=None)
    assert (reload(proposal).title, reload(proposal).summary) == (COMPLETE["title"], SUMMARY + "!")
    assert author.get(f"{path_of(proposal)}/opis").path == path_of(proposal)
    page = author.submit(author.get(path_of(proposal)), action=f"{path_of(proposal)}/wyslij")
    assert "The officers have your corrected project." in page.text and reload(proposal).state == ProposalState.SUBMITTED


def test_draft_is_deleted_only_by_who_is_sure(author: Visitor, draft: Proposal):
    page = author.get(f"{path_of(draft)}/wycofaj")
    assert page.heading == "Delete the draft" and not page.soup.select("[name=words]")
    assert author.submit(page, status=400).errors == ["Tick that you are sure."] and Proposal.select().exists()
    assert "The draft is deleted." in author.submit(page, sure="y").text and not Proposal.select().exists()


def test_submitted_project_is_taken_back_and_its_page_says_so(author: Visitor, account: Account, now: datetime):
    proposal = make_submitted(account, pool_of(Edition.get()), now)
    author.submit(author.get(f"{path_of(proposal)}/wycofaj"), sure="y", words="Zmiana planów.")
    last = Transition.select().order_by(Transition.id.desc()).get()
    assert (reload(proposal).state, last.words) == ("withdrawn", "Zmiana planów.")
    page = author.get(f"/projekty/{proposal.slug}")
    assert "Zmiana planów." not in page.text
    assert author.get(f"{path_of(proposal)}/wycofaj").path == path_of(proposal)


def test_refusal_can_be_protested_against_once_and_in_time(author: Visitor, account: Account, now: datetime):
    proposal = make_submitted(account, pool_of(Edition.get()), now)
    assert author.get(f"{path_of(proposal)}/protest").path == path_of(proposal)
    Proposal.update(state=ProposalState.REFUSED).execute()
    Transition.create(proposal=proposal, at=now, move=Move.REFUSED, words="Teren prywatny.")
    page = author.get(path_of(proposal))
    assert "Teren prywatny." in page.text and "you can protest until 25 June 2026" in page.text
    page = author.get(f"{path_of(proposal)}/protest")
    assert author.submit(page, status=400).errors == ["Write your reasons."]
    assert "Your protest is sent." in author.submit(page, words="Teren jest miejski.").text
    assert reload(proposal).state == ProposalState.PROTESTED
    assert author.submit(page, words="Jeszcze raz.").path == path_of(proposal)
    assert Transition.select().where(Transition.move == Move.PROTESTED).count() == 1


def test_older_project_is_copied_into_the_edition_that_is_open(author: Visitor, account: Account, now: datetime):
    old = make_open_edition(now)
    proposal = make_submitted(account, make_pool(old), now)
    Edition.update(proposals_from=now - 9 * DAY, proposals_to=now - 2 * DAY).where(Edition.id == old.id).execute()
    page = author.submit(author.get(path_of(proposal)), action=f"{path_of(proposal)}/kopiuj")
    assert page.heading == proposal.title and page.path != path_of(proposal) and "Done: 5 of 5" in page.text


# Authors, preview, own list.

def test_author_shows_the_name_or_not_and_invites_others(author: Visitor, draft: Proposal):
    page = author.get(f"{path_of(draft)}/autorzy")
    page = author.submit(page, action=page.path, shows_name="y", email="Ewa@Example.org")
    assert "ewa@example.org has not answered yet" in page.text and Authorship.get().shows_name
    assert "Anna Żuraw" in author.get(f"{path_of(draft)}/podglad").text
    assert author.submit(page, action=page.path, email="ewa@example.org", status=400).errors == [
        "We have already written to this address. You can take the invitation back and send a new one."]
    page = author.submit(page, action=page.path, email="nikt", status=400)
    assert page.errors == ["Enter an e-mail address like name@example.pl."]
    taken_back = next(form for form in page.soup.select("main form") if form.select("[name=remove]"))
    author.post(page.path, {"csrf_token": _token(author), "remove": taken_back.select_one("[name=remove]")["value"]})
    assert not Invitation.select().exists()
    author.submit(author.get(f"{path_of(draft)}/autorzy"), shows_name=None)
    assert "A resident" in author.get(f"{path_of(draft)}/podglad").text


def test_preview_escapes_what_was_typed_and_names_similar_projects(
        author: Visitor, account: Account, draft: Proposal, now: datetime):
    other = make_submitted(account, draft.pool, now)
    Proposal.update(title=SCRIPT, description=SCRIPT).execute()
    page = author.get(f"{path_of(draft)}/podglad")
    assert SCRIPT in page.text and SCRIPT not in page.response.text
    assert page.soup.select_one(f"main a[href='/projekty/{other.slug}']")


@pytest.mark.parametrize("state", ProposalState)
def test_every_state_has_its_page_and_its_line_in_the_list(
        author: Visitor, account: Account, draft: Proposal, now: datetime, state: ProposalState):
    if state != ProposalState.DRAFT:
        Proposal.update(state=state, number="BO.OM.1/26", slug="bo-om-1-26", submitted_at=now, to_correct="title",
                        correct_until=now + DAY).execute()
    page = author.get("/moje-konto/projekty")
    assert page.soup.select_one("main .govuk-tag") and "Ławki przy szkole" in page.text
    page = author.get(path_of(draft))
    assert bool(page.soup.select(".govuk-task-list")) == (state in ("draft", "submitted", "returned"))
    assert ("Withdraw the project" in page.text or "Delete the draft" in page.text) == (
        state in ("draft", "submitted", "returned", "in_assessment", "admitted", "refused", "protested"))


def test_coauthor_sees_the_project_in_the_own_list_but_not_its_sections(
        app: Flask, account: Account, draft: Proposal, now: datetime):
    coauthor, browser = make_account(account.district), in_english(Visitor(app))
    Authorship.create(proposal=draft, account=coauthor, accepted_at=now)
    log_in(browser, coauthor)
    assert "you are a co-author" in browser.get("/moje-konto/projekty").text
    browser.get(path_of(draft), status=404)


def test_pages_ask_the_database_seldom(author: Visitor, draft: Proposal, statements: list[str]):
    for page, most in (("", 23), ("/podstawy", 13), ("/koszty", 13), ("/podglad", 17)):
        statements.clear()
        author.get(path_of(draft) + page)
        asked = [one for one in statements if one.startswith("SELECT")]
        assert len(asked) <= most, f"{page}: {len(asked)}\n" + "\n".join(asked)
