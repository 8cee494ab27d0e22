"""The page of a case: decisions in words, scans and PESEL numbers that are looked at under the eyes of the audit log."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from portal.forms.removal_desk import DECISIONS
from portal.i18n import LANGUAGES
from portal.models import Account, Ballot, Evidence, Message, RemovalCase, RemovalStep
from portal.models.account import AccountState
from portal.models.removal import Deed, Proof
from portal.models.staff import Role
from portal.services import removal_case, removal_claim, removal_evidence
from tests.admin.conftest import Enter, PanelVisitor
from tests.admin.desk import DESK, at, audited, errors, stand
from tests.browser.words import pl
from tests.factories import OTHER_PESEL, PESEL, make_account, make_district, make_officer
from tests.page import Page
from tests.services.cases import approve, confirmed_case, make_wrong_voter, open_case, request, requested_case

WORDS = "Widziany dowód osobisty,\nzdjęcie zgodne."
CHANGED = "This case was changed after you opened it. Nothing was done. Look at how it stands now and decide anew."
ALL = {Deed.MORE_ASKED, Deed.CONFIRMED, Deed.FROZEN, Deed.REFUSED}
# What leads to each state, and what can be decided in it.
STATES: dict[str, tuple[Callable[[datetime], RemovalCase], set[Deed]]] = {
    "open": (open_case, ALL),
    "more needed": (lambda now: asked_for_more(now), ALL),
    "confirmed": (confirmed_case, {Deed.FROZEN, Deed.REFUSED}),
    "requested": (requested_case, set()),
    "removed": (lambda now: removed(now), set()),
    "refused": (lambda now: refused(now), set()),
}


def asked_for_more(now: datetime) -> RemovalCase:
    case = open_case(now)
    removal_case.ask_for_more(case, make_officer(Role.REMOVALS), "skan", version=case.version, now=now)
    return case


def refused(now: datetime) -> RemovalCase:
    case = open_case(now)
    removal_case.refuse(case, make_officer(Role.REMOVALS), "nie", version=case.version, now=now)
    return case


def removed(now: datetime) -> RemovalCase:
    case = requested_case(now)
    approve(case, now)
    return case


def freeze(case: RemovalCase, now: datetime) -> None:
    removal_case.freeze(case, make_officer(Role.REMOVALS), "wątpliwości", version=case.version, now=now)


def choices(page: Page) -> set[str]:
    return {option["value"] for option in page.soup.select("#deed input")}


def decide(officer: PanelVisitor, case: RemovalCase, deed: Deed, /, status: int = 200, page: Page | None = None,
           **typed: Any) -> Page:
    shown = page or officer.get(at("details", case))
    return officer.submit(shown, action=at("decyzja", case), status=status, **{"deed": deed, "words": WORDS, **typed})


@pytest.mark.parametrize("name", STATES)
def test_only_what_the_state_allows_is_offered_and_done(enter: Enter, now: datetime, name: str) -> None:
    lead, allowed = STATES[name]
    make_account(make_district(), pesel=PESEL)
    case, officer = lead(now), enter(Role.REMOVALS)
    page = officer.get(at("details", case))
    assert choices(page) == allowed
    for deed in set(DECISIONS) - allowed:
        before = stand(case)
        answer = officer.send(at("decyzja", case), deed=deed, words=WORDS, version=str(case.version))
        assert answer.status_code == 409 and stand(case) == before, deed


@pytest.mark.parametrize(("deed", "state", "letter"), [
    (Deed.MORE_ASKED, "more_needed", "claim_more_needed"), (Deed.CONFIRMED, "confirmed", "claim_confirmed"),
    (Deed.FROZEN, "open", "account_frozen"), (Deed.REFUSED, "refused", "claim_refused")])
def test_a_decision_is_kept_with_its_words_and_told(enter: Enter, now: datetime, deed: Deed, state: str, letter: str) -> None:
    make_wrong_voter(now)
    case, officer = open_case(now), enter(Role.REMOVALS)
    page = decide(officer, case, deed)
    step = RemovalStep.select().order_by(RemovalStep.id.desc()).get()
    assert page.path == f"{DESK}details/" and page.soup.select_one(".alert-success")
    assert stand(case)[0] == state and (step.deed, step.words, step.officer) == (deed, WORDS, officer.officer)
    assert WORDS.split("\n")[1] in page.soup.select_one(".panel-history li:last-child .panel-words").get_text()
    assert Message.select().where(Message.template == letter).count() == 1
    assert audited(f"removal case {deed.replace('_', ' ')}")[0]["actor"] == f"officer:{officer.officer.uid}"


def test_a_frozen_account_can_be_given_back_and_not_frozen_again(enter: Enter, now: datetime) -> None:
    make_wrong_voter(now)
    case, officer = open_case(now), enter(Role.REMOVALS)
    decide(officer, case, Deed.FROZEN)
    holder = Account.pesel_index == case.pesel_index
    assert Account.get(holder).state == AccountState.FROZEN and Ballot.get().state == "under_check"
    page = officer.get(at("details", case))
    assert Deed.UNFROZEN in choices(page) and Deed.FROZEN not in choices(page)
    decide(officer, case, Deed.UNFROZEN)
    assert Account.get(holder).state == AccountState.ACTIVE and Ballot.get().state == "recorded"


def test_without_an_account_nothing_can_be_frozen_or_removed(enter: Enter, now: datetime) -> None:
    case, officer = confirmed_case(now), enter(Role.REMOVALS)
    page = officer.get(at("details", case))
    assert choices(page) == {Deed.REFUSED} and not page.soup.select("a[href*='/usuniecie/']")
    hints = [pl("No account has this PESEL number: there is nothing to remove."),
             pl("Do not write whether there is an account before the identity is confirmed."),
             pl("Refuse the claim and tell the person to register: there is no account on the number.")]
    assert [hint in page.text for hint in hints] == [True, False, True]
    assert [hint in officer.get(at("details", open_case(now))).text for hint in hints] == [True, True, False]
    answer = officer.send(at("decyzja", case), deed=Deed.FROZEN, words=WORDS, version=str(case.version))
    assert answer.status_code == 409 and pl("There is no account with this PESEL number.") in answer.text


@pytest.mark.parametrize(("typed", "told"), [
    ({"words": ""}, "Write a few words."), ({"words": " \r\n "}, "Write a few words."), ({"words": "a\0b"}, ""),
    ({"words": "\u202eabc"}, ""), ({"words": "x" * 2_001}, ""), ({"words": f"to {PESEL}!"}, "Do not write PESEL numbers here."),
    ({"words": "PESEL 440514 01359"}, "Do not write PESEL numbers here."), ({"deed": None}, "Choose what you decide."),
    ({"deed": "removed"}, ""), ({"deed": "requested"}, "")])
def test_a_mistake_is_told_and_nothing_is_decided(enter: Enter, now: datetime, typed: dict[str, Any], told: str) -> None:
    case, officer = open_case(now), enter(Role.REMOVALS)
    before = stand(case)
    page = decide(officer, case, Deed.CONFIRMED, status=400, **typed)
    assert stand(case) == before and len(errors(page)) == 1
    assert not told or pl(told) in errors(page)[0]
    assert page.soup.select_one("#words").get_text().split() == typed.get("words", WORDS).split()


@pytest.mark.parametrize("words", ["Telefon 48 600 123 456, sygn. 12345678901.", "44051401358", "48 61 100 00 00", f"1{PESEL}",
                                   PESEL[:10]])
def test_numbers_that_are_no_pesel_may_be_written(enter: Enter, now: datetime, words: str) -> None:
    case = open_case(now)
    decide(enter(Role.REMOVALS), case, Deed.REFUSED, words=words)
    assert stand(case)[0] == "refused"


def test_a_decision_on_what_has_changed_is_refused_and_the_words_stay(enter: Enter, now: datetime) -> None:
    case, officer = open_case(now), enter(Role.REMOVALS)
    page = officer.get(at("details", case))
    removal_claim.answer(case, "Dosyłam skan.", now=now)
    before = stand(case)
    page = decide(officer, case, Deed.CONFIRMED, page=page, status=409)
    assert errors(page) == [pl(CHANGED)] and stand(case) == before
    assert page.soup.select_one("#words").get_text().split() == WORDS.split() and "Dosyłam skan." in page.text
    decide(officer, case, Deed.CONFIRMED, page=page)
    assert stand(case)[0] == "confirmed"


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 30, "0.0", "٣", "\0"])
def test_a_version_that_is_none_changes_nothing(enter: Enter, now: datetime, version: str) -> None:
    case = open_case(now)
    decide(enter(Role.REMOVALS), case, Deed.CONFIRMED, status=409, version=version)
    assert stand(case) == ("open", 0, ["opened"])


def test_a_mistake_beside_a_change_does_not_hide_the_change(enter: Enter, now: datetime) -> None:
    case, officer = open_case(now), enter(Role.REMOVALS)
    page = officer.get(at("details", case))
    removal_claim.answer(case, "Dosyłam skan.", now=now)
    page = decide(officer, case, Deed.CONFIRMED, page=page, status=400, words="")
    page = decide(officer, case, Deed.CONFIRMED, page=page, status=409)
    assert errors(page) == [pl(CHANGED)] and stand(case) == ("open", 1, ["opened", "answered"])


def test_what_strikes_the_eye_is_said(enter: Enter, now: datetime) -> None:
    make_account(make_district(), pesel=PESEL, given_name="EWA", family_name="Żuk", email="ewa@example.org")
    make_account(make_district(), pesel=OTHER_PESEL)
    case, other, plain = open_case(now), open_case(now, story="Znów"), open_case(now, pesel=OTHER_PESEL)
    officer = enter(Role.REMOVALS)
    said = officer.get(at("details", case)).soup.select_one("section[aria-labelledby=notice]")
    assert len(said.select("li")) == 3 and said.select_one("a")["href"] == at("details", other).replace("&", "&amp;")
    assert not officer.get(at("details", plain)).soup.select("section[aria-labelledby=notice]")


def test_a_scan_is_shown_by_post_to_officers_for_removals_and_each_view_is_audited(
        enter: Enter, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal_evidence, "show", lambda _case: [b"\xff\xd8one", b"\xff\xd8two"])
    make_account(make_district(), pesel=PESEL)
    case = requested_case(now)
    officer, coordinator = enter(Role.REMOVALS), enter(Role.COORDINATOR)
    assert officer.client.get(at("skan", case)).status_code == 405 and not audited("scan viewed")
    assert coordinator.send(at("skan", case)).status_code == 404 and not audited("scan viewed")
    for views in (1, 2):
        page = Page(officer.send(at("skan", case)))
        assert [image["src"] for image in page.soup.select("main img")] == ["data:image/jpeg;base64,/9hvbmU=",
                                                                            "data:image/jpeg;base64,/9h0d28="]
        assert page.soup.select_one("main img")["alt"] == pl("Scan, page %(page)d of %(pages)d", page=1, pages=2)
        assert page.response.headers["Cache-Control"] == "no-store"
        assert audited("scan viewed") == views * [{"actor": f"officer:{officer.officer.uid}", "subject": f"removal:{case.number}",
                                                   "detail": {"pages": 2}}]


def test_what_became_of_a_scan_is_told(enter: Enter, now: datetime) -> None:
    officer, case, bare = enter(Role.REMOVALS), open_case(now, proof=Proof.SCAN), open_case(now, story="x", proof=Proof.SCAN)
    fates = [pl(text) for text in ("There is no scan.", "The scan was destroyed after 30 days.",
                                   "The scan was destroyed after the decision.")]

    def told(case: RemovalCase) -> list[bool]:
        page = officer.get(at("details", case))
        return [fate in page.text for fate in fates]

    assert told(bare) == [True, False, False]
    removal_claim.add_evidence(case, [b"\xff\xd8one"], now=now)
    assert told(case) == [False, False, False]
    Evidence.delete().execute()
    assert told(case) == [False, True, False]
    decide(officer, case, Deed.CONFIRMED)
    assert told(case) == [False, False, True]


def test_the_case_tells_the_language_of_its_letters(enter: Enter, now: datetime) -> None:
    page = enter(Role.REMOVALS).get(at("details", open_case(now, language="uk")))
    facts = {row.dt.get_text(): row.dd.get_text() for row in page.soup.select("section[aria-labelledby=claim] dl > div")}
    assert facts[pl("Language of the e-mails")] == LANGUAGES["uk"]


@pytest.mark.parametrize(("role", "of_case"), [(Role.REMOVALS, True), (Role.REMOVALS, False), (Role.ADMINISTRATOR, False)])
def test_a_pesel_is_shown_once_for_a_reason_that_the_audit_log_keeps(
        enter: Enter, now: datetime, role: Role, of_case: bool) -> None:
    account, case, officer = make_account(make_district(), pesel=PESEL), open_case(now), enter(role)
    path = at("pesel", case) if of_case else f"/admin/konta/pesel/?id={account.id}"
    form = officer.get(officer.get(at("details", case)).soup.select_one("a[href*='/pesel/']")["href"] if of_case else path)
    assert PESEL not in form.response.text
    for reason in ("", "ciekawość"):
        assert PESEL not in officer.submit(form, status=400, reason=reason).response.text
    assert not audited("PESEL revealed")
    page = officer.submit(form, reason="holder")
    assert page.text.count(PESEL) == 1 and page.response.headers["Cache-Control"] == "no-store"
    subject = f"removal:{case.number}" if of_case else f"account:{account.uid}"
    assert audited("PESEL revealed") == [
        {"actor": f"officer:{officer.officer.uid}", "subject": subject, "detail": {"reason": "holder"}}]
    assert PESEL not in officer.get(path).response.text


def test_a_clerk_sees_no_pesel_and_no_way_to_it(enter: Enter, now: datetime) -> None:
    account, clerk = make_account(make_district(), pesel=PESEL), enter(Role.CLERK)
    path = f"/admin/konta/pesel/?id={account.id}"
    assert clerk.client.get(path).status_code == clerk.send(path, reason="holder").status_code == 404
    assert not audited("PESEL revealed")
    for page in ("/admin/konta/", f"/admin/konta/details/?id={account.id}"):
        assert not clerk.get(page).soup.select("a[href*='/pesel/']")
    assert enter(Role.ADMINISTRATOR).get(f"/admin/konta/details/?id={account.id}").soup.select("a[href*='/pesel/']")
    without = make_account(make_district())
    assert enter(Role.REMOVALS).get(f"/admin/konta/pesel/?id={without.id}").path == "/admin/konta/details/"


def test_the_protocol_is_there_after_the_removal_alone_and_its_print_is_audited(enter: Enter, now: datetime) -> None:
    make_account(make_district(), pesel=PESEL)
    case, officer = requested_case(now), enter(Role.REMOVALS)
    assert officer.send(at("protokol", case)).status_code == 409 and not audited("protocol printed")
    approve(case, now)
    assert officer.get(at("details", case)).form(at("protokol", case))
    answer = officer.send(at("protokol", case))
    assert answer.data.startswith(b"%PDF") and answer.headers["Content-Disposition"] == 'attachment; filename="K-1-2026.pdf"'
    assert answer.headers["Cache-Control"] == "no-store" and len(audited("protocol printed")) == 1
    RemovalCase.update(protocol=None).execute()
    assert not officer.get(at("details", case)).soup.select("main form[action*=protokol]")
    assert officer.send(at("protokol", case)).status_code == 409


def test_a_case_whose_data_are_wiped_still_opens(enter: Enter, now: datetime) -> None:
    case = refused(now)
    RemovalCase.update(name=None, pesel=None, pesel_index=None, email=None, story=None).execute()
    officer = enter(Role.REMOVALS)
    assert "–" in officer.get(at("details", case)).text
    assert officer.get(at("pesel", case)).path == f"{DESK}details/"


def test_an_id_that_is_none_leads_back_to_the_list(enter: Enter) -> None:
    officer = enter(Role.REMOVALS)
    token = officer.token()
    for page, method in (("details", "GET"), ("decyzja", "POST"), ("skan", "POST"), ("pesel", "GET"), ("usuniecie", "GET"),
                         ("zatwierdzenie", "POST"), ("zwrot", "POST"), ("protokol", "POST")):
        for id in ("", "abc", "0", "-1", "99999999999999999999", "1'--", "٣"):
            answer = officer.client.open(f"{DESK}{page}/?id={id}", method=method, data={"csrf_token": token})
            assert (answer.status_code, answer.location) == (302, DESK), (page, id)


def test_two_cases_of_one_person_are_decided_one_by_one(enter: Enter, now: datetime) -> None:
    make_account(make_district(), pesel=PESEL)
    first, second = confirmed_case(now), open_case(now)
    request(first, make_officer(Role.REMOVALS), now)
    decide(enter(Role.REMOVALS), second, Deed.REFUSED)
    assert stand(first)[0] == "requested" and Account.get().state == AccountState.FROZEN
