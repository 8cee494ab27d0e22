"""From a project with supporters to the ballot: what officers decide about it, what its author answers, and the lot."""

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.models import Account, District, Edition, Officer, Pool, Proposal
from portal.models.assessment import Move
from portal.models.proposal import BEFORE_BALLOT, ProposalState
from portal.models.staff import Role
from portal.services import assessment, audit
from tests.browser.words import pl
from tests.factories import make_account, make_officer
from tests.journeys.author import COMING, SUMMARY, Assessor, Author, let_support, text
from tests.services.assessing import fill, make_unit
from tests.services.drafts import make_submitted

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}
UNITS = ("Zarząd Dróg", "Zarząd Zieleni")
SEED = "Lotto 14.02: 3 17 22 29 41 48"


@pytest.fixture
def edition(portal: str) -> Edition:
    """The edition that takes projects, with the questions that an edition begins with."""
    edition: Edition = Edition.get(Edition.code == COMING)
    if not edition.criteria.exists():
        assessment.seed_criteria(edition)
    return edition


def supported_project(edition: Edition, title: str) -> tuple[Account, Proposal]:
    """A project of the seventh district with all its supporters, and its author."""
    lead = make_account(District.get(District.number == 7))
    pool = Pool.get(Pool.edition == edition, Pool.district == lead.district)
    proposal = make_submitted(lead, pool, clock.now(), title=title)
    let_support(proposal, edition.supporters_required)
    return lead, proposal


def assessor(window: Any, role: Role, **given: Any) -> Assessor:
    """An officer at the panel."""
    officer = Assessor(window, make_officer(role, **given))
    officer.enters()
    return officer


def test_project_is_returned_corrected_and_taken_up(open_window: Any, edition: Edition) -> None:
    # Given a project with its supporters, and the coordinator who looks at it
    lead, proposal = supported_project(edition, "Ławki i drzewa")
    for unit in UNITS:
        make_unit(unit)
    coordinator = assessor(open_window(), Role.COORDINATOR)
    coordinator.comes_to(proposal)
    assert pl("%(found)d of %(needed)d", found=15, needed=15) in text(coordinator.window)

    # When the coordinator asks for two corrections
    coordinator.asks_for_corrections(clock.local(clock.now()).date() + timedelta(days=5), "Proszę podać liczbę i cenę ławek.",
                                     "Short description", "Costs")

    # Then the author is told of it, and can change just these
    author = Author(open_window(**NARROW), lead.email, lead.phone, title=proposal.title)
    subject = pl("Project %(number)s needs corrections", number=proposal.number)
    author.window.visit(author.finds_link(subject, lead.email, "/moje-konto/"))
    author.logs_in()
    author.returns_to_it()
    assert "Proszę podać liczbę i cenę ławek." in text(author.window)
    open_to = [link.split("/")[-1] for link in author.links(f"/projekty/zglos/{proposal.uid}/")]
    assert open_to == ["podstawy", "koszty", "autorzy", "listy", "wycofaj"]
    author.opens("The idea in a few words")
    assert not author.window.field(pl("Title")).count()
    author.types({"Short description": SUMMARY})
    author.saves()
    author.opens("Estimated costs")
    author.writes_row(1, "Dwanaście ławek", "12 000")
    author.saves()
    author.window.press(author.window.button(pl("Send the corrected project")))
    assert pl("The officers have your corrected project.") in text(author.window)

    # And who checks the formal side sees what has changed, and finds it right
    verifier = assessor(open_window(**NARROW), Role.VERIFIER)
    verifier.comes_to(proposal)
    changed = verifier.window.page.get_by_role("region", name=re.compile("^" + pl("Changed since %(moment)s", moment="")))
    assert "Dwanaście" in changed.locator("ins").all_inner_texts()[0] and changed.locator("del").count()
    verifier.fills_the_card("Positive")

    # And the coordinator takes it up
    coordinator.returns_to(proposal)
    coordinator.decides("Begin the assessment")
    assert Proposal.get_by_id(proposal.id).supporters == 15

    # And asks two units at once from the list
    coordinator.window.visit("/admin/projekty/")
    coordinator.ticks(pl("Select %(row)s", row=proposal))
    coordinator.saves("Ask units for cards")
    coordinator.ticks(*UNITS)
    coordinator.saves()
    coordinator.returns_to(proposal)
    assert all(unit in text(coordinator.window) for unit in UNITS)
    assert [card.unit.name for card in proposal.cards if card.unit] == [*UNITS]


def test_refused_project_comes_to_the_ballot_by_a_protest(open_window: Any, edition: Edition) -> None:
    # Given a project that two units assess, and all others admitted
    lead, proposal = supported_project(edition, "Most z ławkami")
    before: Officer = make_officer(Role.COORDINATOR)
    assessment.decide(proposal, before, move=Move.TAKEN_UP, words="", version=proposal.version, now=clock.now())
    fill(proposal, before, clock.now())
    assessment.assign([proposal], before, units=[make_unit(name).id for name in UNITS], now=clock.now())
    others = Proposal.pool.in_(edition.pools) & Proposal.state.in_(BEFORE_BALLOT) & (Proposal.id != proposal.id)
    Proposal.update(state=ProposalState.ADMITTED).where(others).execute()

    # When the units say what they think of it, one of them no
    for name, opinion, words in zip(UNITS, ("Positive", "Negative"), ("", "Pod mostem biegnie gazociąg."), strict=True):
        verifier = assessor(open_window(**NARROW), Role.VERIFIER, unit=make_unit(name))
        verifier.comes_to(proposal)
        verifier.fills_the_card(opinion, words)

    # And the coordinator refuses it, with reasons
    coordinator = assessor(open_window(), Role.COORDINATOR)
    coordinator.comes_to(proposal)
    assert "Pod mostem biegnie gazociąg." in text(coordinator.window)
    coordinator.decides("Do not admit to the vote", status=409)
    coordinator.window.visit(f"/admin/projekty/details/?id={proposal.id}")
    coordinator.decides("Do not admit to the vote", "Nie można budować nad gazociągiem.")
    coordinator.draws_the_order(edition, SEED, status=409)

    # And the author protests, and the council agrees with the author
    author = Author(open_window(), lead.email, lead.phone, title=proposal.title)
    author.window.visit("/moje-konto/projekty")
    author.logs_in()
    author.returns_to_it()
    assert "Nie można budować nad gazociągiem." in text(author.window)
    author.window.press(author.window.link(pl("Lodge a protest")))
    author.types({"Your reasons": "Gazociąg przełożono w maju."})
    author.window.press(author.window.button(pl("Send the protest")))
    coordinator.returns_to(proposal)
    assert "Gazociąg przełożono w maju." in text(coordinator.window)
    coordinator.decides("The council accepts the protest", "Rada potwierdza: gazociągu już tam nie ma.")

    # And the time for projects is over, and the order is drawn
    Edition.update(proposals_from=clock.now() - timedelta(days=90), proposals_to=clock.now() - timedelta(days=60)).where(
        Edition.id == edition.id).execute()
    coordinator.draws_the_order(edition, "123", status=409)
    coordinator.draws_the_order(edition, SEED)

    # Then everybody can see how, and draw it again
    reader = open_window(**NARROW)
    reader.visit(f"/projekty/{proposal.slug}")
    story = reader.page.locator(".app-timeline").last.inner_text()
    reader.press(reader.link(pl("How the order was drawn")))
    assert reader.path == f"/losowanie/{COMING}" and SEED in text(reader)
    drawn = reader.page.get_by_role("heading", name="Zwierzyniec", exact=True).locator("+ ol li").all_inner_texts()
    on_ballot = Proposal.select().where(Proposal.pool == proposal.pool, Proposal.state == ProposalState.ON_BALLOT)
    numbers = [row.number for row in on_ballot]
    numbers.sort(key=lambda number: hashlib.sha256(f"{SEED}:{number}".encode()).hexdigest())
    assert [line.split()[0] for line in drawn] == numbers and proposal.number in numbers

    # And read what has become of the project: with the words of the city, without those of the author
    told = ["Nie można budować nad gazociągiem.", "Rada potwierdza: gazociągu już tam nie ma.", pl("How the order was drawn")]
    places = [story.find(words) for words in told]
    assert -1 not in places and places == sorted(places) and "przełożono w maju" not in story
    assert audit.verify() == []
