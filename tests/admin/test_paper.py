"""Voting on paper in the panel: points in numbers, the counter, the second and the third entry, papers to print."""

from typing import Any

import pypdfium2
import pytest

from portal.models import AuditEntry, Ballot, Choice, Edition, Proposal, Sheet, VotingPoint
from portal.models.staff import Role
from portal.services import paper, voting
from tests.admin.conftest import Enter, PanelVisitor
from tests.admin.desk import audited, errors
from tests.browser.words import pl
from tests.factories import PESEL, make_account, make_voting
from tests.page import Page
from tests.services.ballots import cast, choose, first_picks

URL = "/admin/punkty-glosowania/"


class Counter:
    """A point of an open voting, and what is typed there."""

    def __init__(self, enter: Enter) -> None:
        self.edition, self.district, self.account = make_voting()
        self.point = VotingPoint.create(edition=self.edition, name="Filia nr 3", sheets_received=5)
        self.clerk, self.second, self.third = (enter(Role.CLERK) for _ in range(3))

    def numbers(self, **changed: str) -> dict[str, str]:
        """Return the places of the projects on the ballot paper as somebody types them."""
        typed = {f"marks-{paper.field_of(slot)}": str(contest.proposals[at].ballot_order)
                 for contest in voting.ballot_paper(self.edition, self.district) for at, slot in enumerate(contest.slots)}
        return {"number": "1", "district": str(self.district.id), "reason": "", **typed, **changed}

    def send(self, page: str, *, by: PanelVisitor | None = None, **typed: str) -> Page:
        return Page((by or self.clerk).send(f"{URL}{page}/?id={self.point.id}", **typed))

    def first(self, **changed: str) -> Page:
        return self.send("pierwszy-wpis", **{"pesel": PESEL, **self.numbers(**changed)})

    def again(self, **changed: str) -> Page:
        return self.send("drugi-wpis", by=self.second, **self.numbers(**changed))


@pytest.fixture
def counter(enter: Enter) -> Counter:
    return Counter(enter)


def test_sheet_typed_by_two_clerks_becomes_a_ballot(counter: Counter):
    assert counter.first().status == 302
    assert counter.again().status == 302
    assert (Sheet.get().state, Ballot.get().state, Choice.select().count()) == ("recorded", "recorded", 6)


def test_counter_asks_for_person_and_sheet_and_begins_anew_after_each(counter: Counter):
    page = Page(counter.clerk.client.get(f"{URL}pierwszy-wpis/?id={counter.point.id}"))
    assert page.status == 200
    assert [field["name"] for field in page.soup.select("main input:not([type=hidden]), main select")] == [
        "pesel", "birth_date", "given_name", "family_name", "number", "district",
        *[f"marks-{kind}{points}" for kind in "cd" for points in (3, 2, 1)], "reason"]
    assert [button.get("name") for button in page.soup.select("main form button")] == ["check", None]
    assert counter.first().response.location == f"{URL}pierwszy-wpis/?id={counter.point.id}"
    again = Page(counter.clerk.client.get(f"{URL}pierwszy-wpis/?id={counter.point.id}"))
    assert pl("Waits for the second entry") in again.text and PESEL not in again.text


def test_check_tells_whether_the_person_may_vote_before_there_is_a_sheet(counter: Counter, now: Any):
    page = counter.send("pierwszy-wpis", pesel=PESEL, check="1")
    assert page.status == 200 and pl("This person may vote.") in page.text
    account = make_account(counter.district, pesel=PESEL)
    choose(counter.edition, counter.district, account, now)
    cast(counter.edition, counter.district, account, now)
    page = counter.send("pierwszy-wpis", pesel=PESEL, check="1")
    assert pl("This person has already voted online.") in errors(page)
    assert not Sheet.select().exists()


def test_check_and_save_say_who_has_voted_on_paper_is_too_young_or_unknown(counter: Counter):
    assert errors(counter.send("pierwszy-wpis", check="1")) == [pl(paper.PERSON_NEEDED)]
    counter.first()
    assert errors(counter.send("pierwszy-wpis", pesel=PESEL, check="1")) == [pl("This person has already voted on paper.")]
    Edition.update(minimum_age=16).execute()
    page = counter.send("pierwszy-wpis", birth_date="1.02.2012", given_name="Jan", family_name="Lis", check="1")
    assert errors(page) == [pl("In this edition one can vote from the age of %(age)s.", age=16)]


def test_what_breaks_a_rule_is_told_beside_its_mark(counter: Counter):
    page = counter.first(**{"marks-d2": "", "marks-c1": "99999"})
    assert page.status == 400 and "marks-c1" in str(page.soup.select_one(".panel-errors a")["href"])
    page = counter.first(**{"marks-d2": "", "marks-c3": ""})
    citywide, own = errors(page)
    assert pl("A citywide project is missing (points: %(points)s).", points=3) in citywide
    asked = "A project of the district %(district)s is missing (points: %(points)s)."
    assert pl(asked, district=counter.district.name, points=2) in own
    assert page.soup.select_one("#marks-d2")["aria-invalid"] == "true"
    assert not Sheet.select().exists() and not Ballot.select().exists()


def test_second_clerk_sees_nothing_of_the_first_entry(counter: Counter):
    counter.first()
    blind = Page(counter.second.client.get(f"{URL}drugi-wpis/?id={counter.point.id}"))
    assert "pesel" not in {field.get("name") for field in blind.soup.select("input")}
    picked = {Proposal.get(Proposal.uid == uid).title for uid in first_picks(counter.edition, counter.district).values()}
    shown = [blind, counter.again(**{"marks-c3": "99999"}), Page(counter.second.client.get(URL)),
             Page(counter.second.client.get(f"{URL}details/?id={counter.point.id}"))]
    for page in shown:
        assert not [title for title in picked if title in page.text] and PESEL not in page.text
    assert not [field["value"] for field in blind.soup.select("main input[id^=marks]") if field["value"]]


def test_third_officer_sees_both_entries_and_decides(counter: Counter):
    counter.first()
    typed = counter.numbers()
    counter.again(**{"marks-c3": typed["marks-c2"], "marks-c2": typed["marks-c3"]})
    for clerk in (counter.clerk, counter.second):
        assert counter.send("trzeci-wpis", by=clerk, **typed).response.location == URL
    assert Sheet.get().state == "differs"
    page = Page(counter.third.client.get(f"{URL}trzeci-wpis/?id={counter.point.id}"))
    row = next(row for row in page.soup.select("tbody tr") if pl("Citywide, %(points)s points", points=3) in row.get_text())
    picks = [Proposal.get(Proposal.uid == uid) for uid in list(first_picks(counter.edition, counter.district).values())[:2]]
    assert [cell.get_text() for cell in row.select("td")] == [f"{pick.ballot_order}. {pick}" for pick in picks]
    assert counter.send("trzeci-wpis", by=counter.third, **typed).status == 302
    assert (Sheet.get().state, Ballot.get().state, Choice.select().count()) == ("recorded", "recorded", 6)
    assert Sheet.get().third_officer == counter.third.officer


def test_points_are_counted_by_what_became_of_their_sheets(counter: Counter, enter: Enter):
    counter.first()
    counter.first(number="2", pesel="", birth_date="1.02.1980", given_name="Jan", family_name="Lis")
    counter.again(number="2", reason="unsigned")
    counter.first(number="3", pesel="", reason="late")
    page = Page(enter(Role.COORDINATOR).client.get(f"{URL}details/?id={counter.point.id}"))
    facts = {term.get_text(): term.find_next("dd").get_text() for term in page.soup.select("dt")}
    told = {"Sheets received": 5, "Not typed in yet": 2, "Waits for the second entry": 1, "To be decided by a third officer": 1,
            "Recorded as a ballot": 0, "Kept as invalid": 1, "Handed in late": 1, "Not signed": 0}
    assert {name: facts[pl(name)] for name in told} == {name: str(number) for name, number in told.items()}
    listed = Page(enter(Role.COORDINATOR).client.get(URL))
    assert [cell.get_text() for cell in listed.soup.select("tbody td")][4:] == ["5", "2", "1", "1", "0", "1"]


def test_nothing_of_the_person_is_logged_audited_or_kept_in_the_browser(counter: Counter, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO"):
        counter.send("pierwszy-wpis", pesel=PESEL, check="1")
        counter.first(given_name="Łucja", family_name="Żuraw")
        counter.again()
    assert [(entry["actor"], entry["subject"], entry["detail"]) for action in ("sheet entered", "sheet recorded")
            for entry in audited(action)] == [(f"officer:{clerk.officer.uid}", f"sheet:{counter.point.id}/1", {})
                                              for clerk in (counter.clerk, counter.second)]
    assert audited("voter checked")[0]["subject"] == f"voting_point:{counter.point.id}"
    kept = [*[repr(list(AuditEntry.select().dicts()))], caplog.text]
    for browser in (counter.clerk, counter.second):
        with browser.client.session_transaction() as session:
            kept.append(repr(dict(session)))
    for secret in (PESEL, "Żuraw", "Łucja", *first_picks(counter.edition, counter.district).values()):
        assert not [text for text in kept if secret in text], secret


def test_clerks_type_and_coordinators_write_points_down(counter: Counter, enter: Enter):
    listed = Page(counter.clerk.client.get(URL))
    assert not [link for link in listed.soup.select("main a") if "/edit/" in link["href"] or "/new/" in link["href"]]
    coordinator = enter(Role.COORDINATOR)
    assert coordinator.send(f"{URL}new/", edition=str(counter.edition.id), name="Filia nr 4").status_code == 302
    page = Page(coordinator.send(f"{URL}new/", edition=str(counter.edition.id), name="Filia nr 4"))
    assert errors(page) and VotingPoint.select().count() == 2


def text_of(data: bytes, pages: int | None = None) -> str:
    """Return what a PDF says, or its first pages."""
    texts = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data)]
    return " ".join(" ".join(texts[:pages]).replace("\u00a0", " ").split())


def test_ballot_paper_lists_the_districts_projects_in_the_order_of_the_lot(counter: Counter):
    page = Page(counter.clerk.client.get(f"{URL}karty-do-glosowania/?id={counter.point.id}"))
    link = next(link["href"] for link in page.soup.select("main li a") if str(counter.district) in link.get_text())
    response = counter.clerk.client.get(link)
    assert (response.mimetype, response.data[:5]) == ("application/pdf", b"%PDF-")
    text = text_of(response.data)
    for contest in voting.ballot_paper(counter.edition, counter.district):
        lines = [f"{row.ballot_order} {row.title} 10 000" for row in contest.proposals]
        assert all(line in text for line in lines)
        assert [text.index(line) for line in lines] == sorted(text.index(line) for line in lines)
    sheet = text_of(response.data, pages=1)
    for told in ("Number of the sheet (stamp)", "date and signature of the voter", "Citywide projects"):
        assert pl(told) in sheet
