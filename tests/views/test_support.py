"""What residents do on the page of a project: support it, follow it, become and be its author."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal import clock
from portal.models import Account, Authorship, Follow, Invitation, Proposal, Support
from portal.models.proposal import ProposalState
from portal.services import proposals, support
from tests.factories import make_account, make_district
from tests.page import Page, Visitor
from tests.services.test_support import lead, make_open
from tests.services.test_support_coauthors import letter
from tests.views.steps import in_english, log_in

SUPPORT, TAKE_BACK = "Support this project", "Take back my support"


@pytest.fixture
def proposal(app: Flask, now: datetime) -> Proposal:
    """A project of a district that needs 15 supporters and has one, on the third of its seven days."""
    proposal = make_open(now - timedelta(days=2), make_district(name="Podgórze"), title="Ławki przy szkole")
    support.support(make_account(proposal.pool.district), proposal, now=now)
    return proposal


@pytest.fixture
def resident(app: Flask, proposal: Proposal) -> Visitor:
    """A resident of the project's district who reads English."""
    return enter(app, make_account(proposal.pool.district))


def enter(app: Flask, account: Account) -> Visitor:
    visitor = in_english(Visitor(app))
    log_in(visitor, account)
    return visitor


def at(proposal: Proposal) -> str:
    return f"/projekty/{proposal.slug}"


def press(visitor: Visitor, proposal: Proposal, label: str) -> Page:
    """Press a button on the page of the project."""
    page = visitor.get(at(proposal))
    button, = [one for one in page.soup.select("main button") if one.get_text(strip=True) == label]
    return visitor.submit(page, action=button.find_parent("form")["action"])


def buttons(page: Page) -> list[str]:
    return [button.get_text(strip=True) for button in page.soup.select("main button")]


def test_resident_supports_a_project_and_takes_it_back(resident: Visitor, proposal: Proposal):
    page = resident.get(at(proposal))
    assert "Support: 1 of 15 people" in page.text and "until 20 June 2026" in page.text
    page = press(resident, proposal, SUPPORT)
    assert page.path == at(proposal) and "You support this project. Thank you." in page.text
    assert "Support: 2 of 15 people" in page.text and SUPPORT not in buttons(page)
    page = press(resident, proposal, TAKE_BACK)
    assert "Support: 1 of 15 people" in page.text and SUPPORT in buttons(page)


def test_stranger_reads_how_it_stands_and_comes_back_after_the_login(visitor: Visitor, proposal: Proposal):
    page = in_english(visitor).get(at(proposal))
    assert "Support: 1 of 15 people" in page.text and not page.soup.select("main button[type=submit]")
    link = page.soup.find("a", string="Log in to support the project")
    page = log_in(visitor, make_account(proposal.pool.district), path=str(link["href"]))
    assert page.path == at(proposal) and SUPPORT in buttons(page)


def test_page_for_strangers_is_public_and_holds_no_token(visitor: Visitor, proposal: Proposal):
    page = visitor.get(at(proposal))
    assert "public" in page.response.headers["Cache-Control"] and "csrf_token" not in page.response.text
    assert "Set-Cookie" not in page.response.headers


def test_page_says_why_somebody_cannot_support(app: Flask, proposal: Proposal):
    elsewhere = "Only people who live in this district can support this project: Podgórze."
    for account, why in ((make_account(make_district()), elsewhere), (lead(proposal), "your own support does not count")):
        page = enter(app, account).get(at(proposal))
        assert why in page.text and SUPPORT not in buttons(page)


def test_support_that_comes_too_late_is_refused_on_the_page(resident: Visitor, proposal: Proposal, now: datetime):
    page = resident.get(at(proposal))
    form = page.form(f"{at(proposal)}/popieram")
    Proposal.update(submitted_at=now - timedelta(days=8)).where(Proposal.id == proposal.id).execute()
    page = Page(resident.client.post(form["action"], data={"csrf_token": form.input["value"]}, follow_redirects=True))
    assert "The time for collecting support for this project is over." in page.text
    assert "1 person supports this project." in page.text and "of 15" not in page.text
    assert Support.select().count() == 1


@pytest.mark.parametrize("state", [ProposalState.ADMITTED, ProposalState.FUNDED, ProposalState.DONE])
def test_later_only_the_number_is_left(resident: Visitor, proposal: Proposal, state: str):
    Proposal.update(state=state, supporters=17).where(Proposal.id == proposal.id).execute()
    page = resident.get(at(proposal))
    assert "17 people support this project." in page.text and SUPPORT not in buttons(page)


def test_follower_gets_letters_and_can_stop(resident: Visitor, proposal: Proposal):
    assert "We will write to you" in press(resident, proposal, "Follow the project by e-mail").text
    assert Follow.select().count() == 1
    press(resident, proposal, "Stop following the project")
    assert Follow.select().count() == 0


@pytest.mark.parametrize("deed", ["popieram", "cofam-poparcie", "obserwuje", "nie-obserwuje", "pokazuje-nazwisko", "odchodze"])
def test_what_is_not_there_or_not_public_is_404_for_others(resident: Visitor, proposal: Proposal, deed: str):
    token = resident.get(at(proposal)).soup.select_one("[name=csrf_token]")["value"]
    draft = make_open(clock.now(), state=ProposalState.DRAFT)
    for slug in ("nie-ma", draft.slug):
        assert resident.post(f"/projekty/{slug}/{deed}", {"csrf_token": token}).status_code == 404
    assert Support.select().count() == 1 and Follow.select().count() == 0


def test_unknown_deed_and_reading_one_is_not_there(resident: Visitor, proposal: Proposal):
    assert resident.client.get(f"{at(proposal)}/popieram").status_code == 405
    assert resident.client.post(f"{at(proposal)}/wygrywam").status_code in {404, 400}


# Authors.

def test_author_shows_and_hides_the_own_name(app: Flask, proposal: Proposal):
    Account.update(given_name="Zenobia", family_name="Kos").where(Account.id == lead(proposal).id).execute()
    author, stranger = enter(app, lead(proposal)), Visitor(app)
    assert "Zenobia" not in stranger.get(at(proposal)).text
    press(author, proposal, "Show my name")
    assert "Zenobia Kos" in stranger.get(at(proposal)).text
    press(author, proposal, "Hide my name")
    assert "Zenobia" not in stranger.get(at(proposal)).text
    assert "Do not be a co-author any more" not in buttons(author.get(at(proposal)))


def test_co_author_leaves(app: Flask, proposal: Proposal, now: datetime):
    account = make_account(make_district())
    Authorship.create(proposal=proposal, account=account, accepted_at=now)
    page = press(enter(app, account), proposal, "Do not be a co-author any more")
    assert "You are not an author of this project any more." in page.text and "You are an author" not in page.text
    assert [author.account for author in proposals.authors(proposal)] == [lead(proposal)]


@pytest.mark.parametrize("shows", [True, False])
def test_invited_person_becomes_a_co_author(app: Flask, proposal: Proposal, now: datetime, shows: bool):
    path, account = f"/projekty/wspolautor/{letter(proposal, now)}", make_account(make_district())
    visitor = in_english(Visitor(app))
    page = visitor.get(path)
    assert page.path == "/logowanie"
    page = visitor.submit(page, email=account.email, password="cztery zielone konie")
    assert page.path == path and "Ławki przy szkole" in page.text and "Anna Żuraw" in page.text
    page = visitor.submit(page, **({"shows_name": "y"} if shows else {}), accept="y")
    assert "You are a co-author of the project now." in page.text
    second = proposals.authors(proposal)[1]
    assert (second.account, second.shows_name) == (account, shows)
    assert visitor.get(path, status=404).heading == "This link or page is no longer valid"


def test_invited_person_declines(app: Flask, proposal: Proposal, now: datetime):
    path = f"/projekty/wspolautor/{letter(proposal, now)}"
    visitor = enter(app, make_account(make_district()))
    assert "You have declined the invitation." in visitor.submit(visitor.get(path), decline="y").text
    assert len(proposals.authors(proposal)) == 1 and Invitation.select().count() == 0
    visitor.get(path, status=404)


def test_author_who_opens_the_link_is_told_and_the_link_stays(app: Flask, proposal: Proposal, now: datetime):
    path = f"/projekty/wspolautor/{letter(proposal, now)}"
    visitor = enter(app, lead(proposal))
    page = visitor.submit(visitor.get(path), accept="y", status=400)
    assert page.errors == ["You are an author of this project already: the link is for the person to whom we have sent it."]
    assert Invitation.select().count() == 1


def test_wrong_old_and_foreign_links_are_one_page(resident: Visitor, proposal: Proposal, now: datetime):
    old = letter(proposal, now - timedelta(days=30))
    taken = letter(proposal, now, "iza@example.org")
    support.withdraw_invitation(proposal, support.invitations(proposal, now=now)[0].token_hash)
    seen = {resident.get(f"/projekty/wspolautor/{token}", status=404).text for token in ("x", old, taken)}
    assert len(seen) == 1


def test_page_of_an_invitation_escapes_what_others_wrote(app: Flask, proposal: Proposal, now: datetime):
    evil = "<script>alert(1)</script>{{ 7*7 }}"
    Proposal.update(title=evil, summary=evil).where(Proposal.id == proposal.id).execute()
    page = enter(app, make_account(make_district())).get(f"/projekty/wspolautor/{letter(proposal, now)}")
    assert page.text.count(evil) == 2 and not page.soup.find("script", string=True)
