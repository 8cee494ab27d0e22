"""The ballot in three steps, as a resident without scripts meets it."""

from portal.models import Ballot, BallotDraft, Choice, Message
from portal.services import voting
from tests.factories import PASSWORD, make_voting
from tests.page import Page, Visitor


def log_in(visitor: Visitor, account: object) -> Page:
    return visitor.submit(visitor.get("/logowanie"), email=account.email, password=PASSWORD)


def full_picks(edition: object, district: object) -> dict[str, str]:
    paper = voting.ballot_paper(edition, district)
    return {slot.name.replace("-", "__"): contest.proposals[at].uid
            for contest in paper for at, slot in enumerate(contest.slots)}


def test_resident_chooses_reviews_casts_and_sees_the_state(visitor: Visitor) -> None:
    edition, district, account = make_voting()
    log_in(visitor, account)
    review = visitor.submit(visitor.get("/glosowanie"), **full_picks(edition, district))
    assert review.path == "/glosowanie/podsumowanie"
    assert Ballot.select().count() == 0
    confirmation = visitor.submit(review, action="/glosowanie/oddaj")
    number = confirmation.soup.select_one(".govuk-panel strong").get_text()
    assert len(number) == 19
    assert (Ballot.select().count(), Choice.select().count(), BallotDraft.select().count()) == (1, 6, 0)
    assert Message.select().where(Message.template == "ballot_recorded").count() == 1
    again = visitor.get("/glosowanie/potwierdzenie")
    assert again.path == "/glosowanie" and number not in again.text
