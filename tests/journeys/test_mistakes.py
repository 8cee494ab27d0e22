"""What goes wrong in front of a screen: slips, second thoughts, two tabs, a long coffee break."""

from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.models import Ballot, BallotDraft, District, Registration, Session
from tests.browser.window import Window
from tests.browser.words import pl
from tests.factories import make_account
from tests.journeys.resident import Resident

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
FOCUSED = "document.activeElement.id || document.activeElement.className"
CAST = "Your ballot is recorded. It can be cast only once."


@pytest.fixture
def voter(open_window: Any) -> Resident:
    """A resident with an account who is logged in, with the ballot in front of her."""
    account = make_account(District.get(District.number == 7))
    resident = Resident(open_window(), email=account.email, phone=account.phone)
    resident.window.visit("/glosowanie")
    resident.logs_in()
    return resident


def says(window: Window, msgid: str) -> bool:
    return pl(msgid) in window.page.get_by_role("main").inner_text()


def leads_to_its_fields(window: Window) -> list[str]:
    """Follow each link of the error summary, which has the focus, and return where they lead."""
    assert window.page.title().startswith("Błąd: ")
    assert "govuk-error-summary" in window.page.evaluate(FOCUSED)
    led = []
    for link in window.page.locator(".govuk-error-summary a").all():
        link.click()
        led.append(window.page.evaluate(FOCUSED))
    return led


def test_registration_with_slips_says_each_and_keeps_what_was_typed(open_window: Any) -> None:
    # Given somebody who fills in half of the form, and that half wrong
    window = open_window()
    window.visit("/rejestracja")
    typed = {pl("First name"): "Kazimiera", pl("PESEL number"): "44051401358", pl("Postcode"): "3",
             pl("E-mail address"): "kazia(at)example.org", pl("Mobile phone number"): "12 345 67 89"}
    for label, text in typed.items():
        window.fill(label, text)
    window.fill(pl("Password"), "krótkie9")

    # When she sends it
    window.press(window.button(pl("Register and send me a code")), status=400)

    # Then the summary leads to every field that is wrong, and only the password has to be typed anew
    assert leads_to_its_fields(window) == ["family_name", "pesel", "district", "street", "postcode", "email", "phone", "password",
                                           "notice"]
    assert {label: window.field(label).input_value() for label in typed} == typed
    assert window.field(pl("Password")).input_value() == ""
    assert "krótkie9" not in window.page.content()
    assert not Registration.select().where(Registration.phone.contains("345")).exists()


def test_wrong_code_is_refused_and_the_right_one_still_works(open_window: Any) -> None:
    resident = Resident(open_window(), email="kod@example.org", phone="600 700 950")
    resident.registers()
    resident.window.fill(pl("Code from the text message"), "000 000")
    resident.window.press(resident.window.button(pl("Confirm")), status=400)
    assert leads_to_its_fields(resident.window) == ["code"]
    resident.enters_the_code()
    assert resident.window.path == "/rejestracja/gotowe"


def test_wrong_password_is_not_sent_back_and_does_not_tell_who_has_an_account(open_window: Any) -> None:
    account = make_account(District.get(District.number == 7))
    window, told = open_window(), []
    for email in (account.email, "nikt@example.org"):
        window.visit("/logowanie")
        Resident(window, email=email, phone="").logs_in("zgadywane hasło", status=400)
        assert leads_to_its_fields(window) == ["email"]
        assert window.field(pl("E-mail address")).input_value() == email
        assert "zgadywane" not in window.page.content()
        told.append(window.page.get_by_role("main").inner_text())
    assert told[0] == told[1]


def test_ballot_with_too_few_marks_keeps_those_made(voter: Resident) -> None:
    # Given a ballot whose citywide part is complete and whose district part is empty
    window = voter.window
    citywide = window.page.locator(".app-pool").first
    titles = citywide.get_by_role("link").all_inner_texts()[:3]
    for points, title in enumerate(titles, 1):
        voter.marks(title, points)

    # When it is to be reviewed
    window.press(window.button(pl("Review your choice")), status=400)

    # Then the summary leads to the buttons of all that is missing in the district's part, and the marks are still there
    buttons = window.page.locator(".app-pool").last.locator(".app-row").first.locator("input").all()
    assert leads_to_its_fields(window) == [button.get_attribute("id") for button in buttons]
    assert window.page.locator(".app-row:has(:checked)").get_by_role("link").all_inner_texts() == titles
    assert BallotDraft.select().count() == 0


def test_project_from_elsewhere_slipped_into_the_ballot_is_refused(voter: Resident) -> None:
    window = voter.window
    window.page.locator(".app-pool input").first.evaluate("(radio) => { radio.value = 'x'.repeat(100000); radio.checked = true }")
    window.press(window.button(pl("Review your choice")), status=400)
    assert says(window, "This project is not on this ballot.")
    assert BallotDraft.select().count() == 0


def test_double_click_and_the_way_back_cast_one_ballot(voter: Resident) -> None:
    # Given a reviewed ballot
    window, ballots = voter.window, Ballot.select().count()
    voter.chooses()

    # When the button is clicked twice
    window.moves(window.button(pl("Cast my ballot")).dblclick)

    # Then there is one ballot, with its number; and the way back leads to its state
    assert window.path == "/glosowanie/potwierdzenie"
    number = window.page.locator(".govuk-panel strong").inner_text()
    window.moves(window.page.go_back)
    assert window.path == "/glosowanie"
    assert says(window, CAST)
    assert number not in window.page.content()
    assert Ballot.select().count() == ballots + 1


def test_ballot_cast_in_another_tab_is_not_cast_again(voter: Resident) -> None:
    # Given a reviewed ballot in two tabs
    ballots = Ballot.select().count()
    voter.chooses()
    other = voter.window.tab()
    other.visit("/glosowanie/podsumowanie")

    # When it is cast in one and then in the other
    voter.casts()
    other.press(other.button(pl("Cast my ballot")))

    # Then the second is told that it was cast already
    assert other.path == "/glosowanie"
    assert says(other, CAST)
    assert Ballot.select().count() == ballots + 1


def test_only_the_ballot_that_was_reviewed_is_cast(voter: Resident) -> None:
    # Given a review in one tab, and a choice changed since in another
    ballots = Ballot.select().count()
    voter.chooses()
    other = Resident(voter.window.tab(), email=voter.email, phone=voter.phone)
    other.window.visit("/glosowanie")
    rows = other.window.page.locator(".app-pool").first.get_by_role("link").all_inner_texts()
    other.marks(rows[3], 3)
    other.window.press(other.window.button(pl("Review your choice")))

    # When the first tab casts what it shows
    voter.window.press(voter.window.button(pl("Cast my ballot")))

    # Then nothing was cast, and she reviews what is saved now
    assert Ballot.select().count() == ballots
    assert voter.window.path == "/glosowanie/podsumowanie"
    assert rows[3] in voter.window.page.get_by_role("main").inner_text()


def forget_sessions() -> None:
    """Let every session idle for too long."""
    Session.update(seen_at=clock.now() - timedelta(minutes=31)).execute()


def test_session_that_ends_before_the_review_is_explained(voter: Resident) -> None:
    # Given a resident who thinks for half an hour over her ballot
    forget_sessions()

    # When she goes on
    voter.chooses()

    # Then she reads why she has to log in, and comes back to the ballot
    assert voter.window.path == "/logowanie"
    assert voter.window.page.get_by_role("status").or_(voter.window.page.get_by_role("alert")).count() == 1
    voter.logs_in()
    assert voter.window.path == "/glosowanie"


def test_session_that_ends_before_the_cast_keeps_the_choice(voter: Resident) -> None:
    # Given a reviewed ballot and a session that ends over it
    ballots = Ballot.select().count()
    voter.chooses()
    forget_sessions()

    # When it is cast
    voter.window.press(voter.window.button(pl("Cast my ballot")))

    # Then nothing is cast before the login, and the same choice after it
    assert voter.window.path == "/logowanie"
    assert Ballot.select().count() == ballots
    voter.logs_in()
    voter.window.visit("/glosowanie/podsumowanie")
    assert all(title in voter.window.page.get_by_role("main").inner_text() for title in voter.picks)
    voter.casts()
    assert Ballot.select().count() == ballots + 1


def test_browser_asks_before_marks_that_are_not_saved_are_left(voter: Resident) -> None:
    # Given a voter who has marked a project and saved nothing
    window, asked = voter.window, []
    window.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    mark = window.page.locator(".app-row input").first
    mark.check(force=True)

    # When a link would lead her away
    window.page.get_by_role("link", name=pl("Results")).first.click(no_wait_after=True)
    window.page.wait_for_timeout(500)

    # Then the browser asks, she stays, and her mark is there; once it is sent, nothing is asked any more
    assert asked == ["beforeunload"] and mark.is_checked() and window.page.url.endswith("/glosowanie")
    window.press(window.button(pl("Save and go on later")))
    assert asked == ["beforeunload"] and says(window, "Your choice is saved. It does not count until you cast it.")
