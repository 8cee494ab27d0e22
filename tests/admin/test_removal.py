"""Claims about accounts in the panel: their list, who sees what of them, and claims that are made in person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal import crypto, i18n
from portal.admin import labels
from portal.models import Evidence, Message, RemovalCase, RemovalStep
from portal.models.removal import CaseState, Deed, Proof
from portal.models.staff import Role
from portal.services import removal_case, removal_claim
from tests.admin.conftest import Enter
from tests.admin.desk import DESK, at, errors, stand
from tests.browser.words import pl
from tests.factories import OTHER_PESEL, PESEL, make_account, make_district, make_officer
from tests.page import Page
from tests.services.cases import approve, claim, confirmed_case, open_case, request, requested_case

DAY = timedelta(days=1)
NASTY = "<script>alert(1)</script>\"onerror=alert(1) '{{7*7}}"
WALK_IN = {"name": "Ewa Żuk", "pesel": PESEL, "email": "Ewa@Example.org", "language": "uk", "story": "Ktoś już\nma konto."}
WORKS, BOTH = {Role.REMOVALS}, {Role.REMOVALS, Role.COORDINATOR}
# Each page of the desk, with what it takes and who may have it.
PAGES = {
    ("", "GET"): BOTH, ("details", "GET"): BOTH, ("new", "GET"): WORKS, ("new", "POST"): WORKS, ("decyzja", "POST"): WORKS,
    ("skan", "POST"): WORKS, ("pesel", "GET"): WORKS, ("pesel", "POST"): WORKS, ("protokol", "POST"): BOTH,
    ("usuniecie", "GET"): WORKS, ("usuniecie", "POST"): WORKS, ("zatwierdzenie", "GET"): BOTH, ("zatwierdzenie", "POST"): BOTH,
    ("zwrot", "POST"): BOTH, ("action", "POST"): WORKS,
}


def numbers(page: Page) -> list[str]:
    return [cell.get_text(strip=True) for cell in page.soup.select("td.col-number")]


def cell(page: Page, case: RemovalCase, column: str) -> str:
    row = next(row for row in page.soup.select("tbody tr") if row.select_one(".col-number").get_text(strip=True) == case.number)
    return str(row.select_one(f".col-{column}").get_text(strip=True))


def add_pages(case: RemovalCase, pages: int, now: datetime) -> None:
    for number in range(pages):
        Evidence.create(case=case, size=1, uploaded_at=now)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_the_pages_that_are_its_own(enter: Enter, now: datetime, role: Role) -> None:
    make_account(make_district(), pesel=PESEL)
    case = requested_case(now)
    before, officer = stand(case), enter(role)
    token = officer.token()
    for (page, method), roles in PAGES.items():
        path = at(page, case) if page else DESK
        answer = officer.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
        assert (answer.status_code != 404) == (role in roles), f"{method} {path}: {answer.status}"
        assert answer.status_code < 500 and answer.headers["Cache-Control"] == "no-store", path
    assert stand(case) == before, "a form without its fields has changed something"


def test_the_table_of_pages_is_complete(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(DESK)]
    known = {(rule.rule.removeprefix(DESK).rstrip("/"), method) for rule in rules for method in {"GET", "POST"} & rule.methods}
    switched_off = {"edit", "delete", "export/<export_type>", "ajax/lookup", "ajax/update"}
    assert {(page, method) for page, method in known if page not in switched_off} == set(PAGES)


def test_strangers_and_residents_get_nothing(enter: Enter, now: datetime) -> None:
    account = make_account(make_district(), pesel=PESEL)
    case = open_case(now)
    for browser in (enter(), enter(account=account)):
        token = browser.token()
        for page, method in PAGES:
            path = at(page, case) if page else DESK
            answer = browser.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
            assert answer.status_code == 302 and answer.location.startswith("/admin/logowanie"), (page, method)


def test_a_coordinator_sees_what_waits_and_what_was_approved_by_the_same_person(enter: Enter, now: datetime) -> None:
    for pesel in (PESEL, OTHER_PESEL):
        make_account(make_district(), pesel=pesel)
    coordinator = enter(Role.COORDINATOR)
    opened, waiting, done = open_case(now, story="Inna"), requested_case(now), requested_case(now, pesel=OTHER_PESEL)
    assert numbers(coordinator.get(DESK)) == [waiting.number, done.number][::-1]
    approve(done, now, coordinator.officer)
    assert set(numbers(coordinator.get(DESK))) == {waiting.number, done.number}
    assert numbers(enter(Role.COORDINATOR).get(DESK)) == [waiting.number]
    assert len(numbers(enter(Role.REMOVALS).get(DESK))) == 3
    for page in ("details", "zatwierdzenie"):
        refused = coordinator.get(at(page, opened))
        assert refused.path == DESK and refused.soup.select(".alert-danger")
    assert not coordinator.get(DESK).soup.select("a[href*='/new/'], input[name=rowid], a[href*='/export/']")


def test_a_coordinator_sees_neither_the_story_nor_answers_nor_ways_to_scan_and_pesel(enter: Enter, now: datetime) -> None:
    make_account(make_district(), pesel=PESEL)
    case = open_case(now, story="Tajemnicza opowieść")
    removal_claim.answer(case, "Tajna odpowiedź", now=now - 9 * DAY)
    officer = make_officer(Role.REMOVALS)
    removal_case.confirm_identity(case, officer, "Widziany dowód", version=case.version, now=now)
    other = open_case(now)
    request(case, officer, now)
    page = enter(Role.COORDINATOR).get(at("details", case))
    assert "Widziany dowód" in page.text and "Ewa Żuk" in page.text
    assert "Taj" not in page.text and other.number not in page.text and PESEL not in page.response.text
    assert [form["action"] for form in page.soup.select("main form")] == []
    assert not page.soup.select("a[href*='/pesel/']") and page.soup.select("a[href*='/zatwierdzenie/']")
    mine = enter(Role.REMOVALS).get(at("details", case))
    assert "Tajemnicza opowieść" in mine.text and "Tajna odpowiedź" in mine.text and other.number in mine.text


def test_the_list_tells_age_deadline_scan_and_other_cases(app: Flask, enter: Enter, now: datetime) -> None:
    late, scanned, lonely = open_case(now - 9 * DAY), open_case(now, proof=Proof.SCAN), open_case(now, pesel=OTHER_PESEL)
    add_pages(scanned, 3, now)
    removal_claim.answer(late, "Będę jutro.", now=now - 9 * DAY)
    page = enter(Role.REMOVALS).get(DESK)
    assert numbers(page) == [late.number, lonely.number, scanned.number]
    assert [cell(page, late, name) for name in ("created_at", "pages", "others")] == ["9", "–", "1"]
    assert [cell(page, scanned, name) for name in ("created_at", "pages", "others")] == ["0", "3", "1"]
    assert cell(page, lonely, "others") == "–"
    with app.test_request_context():
        assert cell(page, late, "due_at") == pl("%(day)s, overdue", day=i18n.day(late.due_at))
        assert cell(page, scanned, "due_at") == i18n.day(scanned.due_at)
    assert cell(page, late, "name") == "Ewa Żuk" and PESEL[-3:] not in page.text
    assert page.soup.select_one("label[for=search]").get_text() == pl("Case number")


def waiting_and_ready(now: datetime) -> tuple[list[RemovalCase], list[RemovalCase]]:
    """Return cases with which officers cannot begin, and cases with which they can."""
    officer, before = make_officer(Role.REMOVALS), now - 9 * DAY
    bare, frozen, answered, scanned, asked, told, confirmed = [open_case(
        before, story=str(case), email=f"ewa{case}@example.org", address=f"192.0.{case}.1") for case in range(7)]
    make_account(make_district(), pesel=PESEL, created_at=before)
    office = removal_claim.open_case(claim(), address="", now=before, officer=officer)
    removal_case.freeze(frozen, officer, "wątpliwości", version=0, now=now)
    removal_claim.answer(answered, "Byłam u Państwa.", now=now - 9 * DAY)
    add_pages(scanned, 1, now)
    for case in (asked, told):
        removal_case.ask_for_more(case, officer, "skan", version=0, now=now)
    removal_claim.answer(told, "Dosyłam.", now=now - 9 * DAY)
    removal_case.confirm_identity(confirmed, officer, "dowód", version=0, now=now)
    return [bare, frozen, asked], [answered, scanned, told, confirmed, office]


def test_cases_that_wait_for_the_person_are_told_from_those_that_wait_for_officers(enter: Enter, now: datetime) -> None:
    waiting, ready = waiting_and_ready(now)
    officer = enter(Role.REMOVALS)
    for query, found in (("flt_due_at=open", waiting + ready), ("flt_due_at=ours", ready), ("flt_due_at=overdue", ready),
                         ("flt_state=no_document", waiting[:2]), ("flt_state=more_needed", waiting[2:]),
                         ("flt_state=open", [case for case in ready if case != ready[3]])):
        assert sorted(numbers(officer.get(f"{DESK}?{query}"))) == sorted(case.number for case in found), query
    page, words = officer.get(DESK), pl("Waits for the document")
    assert [case for case in waiting + ready if cell(page, case, "state") == words] == waiting[:2]
    late = pl("%(day)s, overdue", day="")
    for case in waiting + ready:
        assert cell(page, case, "due_at").endswith(late) == (case in ready)
        shown = officer.get(at("details", case)).soup.select_one(".panel-standing").get_text()
        assert (words in shown, late in shown) == (case in waiting[:2], case in ready)


def test_the_list_is_filtered_by_state_proof_deadline_and_day(enter: Enter, now: datetime) -> None:
    late, ended, scan = open_case(now - 9 * DAY), open_case(now - 9 * DAY, story="Inna"), open_case(now, proof=Proof.SCAN)
    removal_claim.answer(late, "Będę jutro.", now=now - 9 * DAY)
    removal_case.refuse(ended, make_officer(Role.REMOVALS), "nie", version=0, now=now)
    officer, day = enter(Role.REMOVALS), now.date()
    for query, found in (("flt_state=refused", [ended]), ("flt_proof=scan", [scan]), ("flt_due_at=open", [late, scan]),
                         ("flt_due_at=overdue", [late]), (f"flt_created_at_from={day}", [scan]),
                         (f"flt_created_at_to={day - DAY}", [late, ended]), (f"search={late.number}", [late])):
        assert numbers(officer.get(f"{DESK}?{query}")) == [case.number for case in found], query
    assert numbers(officer.get(DESK)) == [late.number, scan.number, ended.number], "what is decided stands last"
    assert numbers(officer.get(f"{DESK}?sort=3&desc=1")) == [scan.number, ended.number, late.number]


def test_the_list_takes_few_queries_and_opens_the_names_alone(enter: Enter, now: datetime, statements: list[str],
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        case = RemovalCase.create(number=f"K/{number}/2026", secret="s", secret_hash=str(number), name="Ewa Żuk", pesel=PESEL,
                                  email="e@example.org", pesel_index=str(number // 2), story="x", proof=Proof.SCAN,
                                  created_at=now, due_at=now + DAY)
        add_pages(case, 2, now)
    officer = enter(Role.REMOVALS)
    officer.client.get(DESK)
    opened, unseal = [], crypto.unseal_bytes
    monkeypatch.setattr(crypto, "unseal_bytes", lambda value, purpose: opened.append(purpose) or unseal(value, purpose))
    statements.clear()
    assert officer.client.get(DESK).text.count("col-number") == 50
    assert opened == 50 * ["removal_case.name"]
    assert len(statements) <= 6, "\n".join(statements)


def test_every_state_and_deed_has_its_words() -> None:
    assert [value for value, _label in labels.CASE_STATES] == list(CaseState)
    assert [value for value, _label in labels.DEEDS] == list(Deed)


def test_what_claimants_and_officers_type_is_inert(enter: Enter, now: datetime) -> None:
    holder = make_account(make_district(), pesel=PESEL, given_name=NASTY[:90], family_name="x")
    case = open_case(now, name=NASTY, story=NASTY, email=f"\"{NASTY}\"@example.org")
    removal_claim.answer(case, NASTY, now=now - 9 * DAY)
    officer = make_officer(Role.REMOVALS, name=NASTY)
    removal_case.confirm_identity(case, officer, NASTY, version=case.version, now=now)
    browser = enter(Role.REMOVALS)
    pages = [browser.get(path) for path in (DESK, at("details", case), at("usuniecie", case), at("pesel", case))]
    request(case, officer, now)
    pages += [browser.get(at("zatwierdzenie", case)), browser.get(f"/admin/konta/pesel/?id={holder.id}")]
    for page in pages:
        assert not [tag for tag in page.soup.select("script") if not tag.get("src")], page.path
        assert not page.soup.select("[onerror]") and "'49" not in page.text, page.path
    assert "{{7*7}}" in pages[1].text and NASTY.split("(")[0] in pages[1].text


def test_an_officer_opens_a_case_for_somebody_who_comes_in_person(enter: Enter, now: datetime) -> None:
    officer = enter(Role.REMOVALS)
    form = officer.get(f"{DESK}new/")
    page = officer.submit(form, **WALK_IN)
    assert officer.submit(form, **WALK_IN).path == page.path and RemovalCase.select().count() == 1, "a form sent twice"
    case = RemovalCase.get()
    assert page.path == f"{DESK}details/" and case.number in page.heading
    told = case.name, case.pesel, case.email, case.language, case.proof, case.story
    assert told == ("Ewa Żuk", PESEL, "ewa@example.org", "uk", "in_person", "Ktoś już\nma konto.")
    assert RemovalStep.get().officer == officer.officer
    assert Message.get().recipient == "ewa@example.org"


@pytest.mark.parametrize(("field", "typed"), [
    ("name", ""), ("name", "www.example.org"), ("name", "Ewa\0"), ("name", "x" * 201), ("pesel", "44051401358"), ("pesel", ""),
    ("email", "ewa"), ("email", ""), ("story", "  "), ("story", "x" * 2_001), ("story", "\u202eabc"), ("language", "de")])
def test_a_mistake_in_such_a_case_keeps_what_was_typed(enter: Enter, field: str, typed: str) -> None:
    officer = enter(Role.REMOVALS)
    page = officer.submit(officer.get(f"{DESK}new/"), status=400, **{**WALK_IN, field: typed})
    assert len(errors(page)) == 1 and page.soup.select_one(".panel-errors a")["href"] == f"#{field}"
    for name in {"name", "pesel", "email"} - {field}:
        assert page.soup.select_one(f"#{name}")["value"].lower() == WALK_IN[name].lower()
    assert not RemovalCase.select().exists() and not Message.select().exists()


def test_a_story_is_as_long_as_its_signs_whatever_browsers_make_of_line_ends(enter: Enter) -> None:
    officer = enter(Role.REMOVALS)
    officer.submit(officer.get(f"{DESK}new/"), **{**WALK_IN, "story": "x\r\n" * 999 + "xx"})
    assert len(RemovalCase.get().story) == 2_000


def test_the_overview_counts_what_waits_for_whom(enter: Enter, now: datetime, statements: list[str]) -> None:
    make_account(make_district(), pesel=PESEL)
    requested_case(now)
    open_case(now - 9 * DAY)
    late = open_case(now - 9 * DAY, story="Inna")
    removal_claim.answer(late, "Będę jutro.", now=now - 9 * DAY)
    removal_case.refuse(confirmed_case(now, pesel=OTHER_PESEL), make_officer(Role.REMOVALS), "nie", version=1, now=now)

    def cards(role: Role) -> dict[str, Any]:
        items = enter(role).get("/admin/").soup.select("section[aria-labelledby=cases] li")
        return {item.a["href"].partition("?")[2]: item.strong.get_text() for item in items}

    waiting = {"flt_state=requested": "1"}
    assert cards(Role.REMOVALS) == {"flt_due_at=ours": "2", "flt_due_at=overdue": "1", **waiting}
    assert cards(Role.COORDINATOR) == waiting
    assert not cards(Role.CLERK) and not cards(Role.ADMINISTRATOR)
    officer = enter(Role.REMOVALS)
    statements.clear()
    officer.client.get("/admin/")
    assert len([text for text in statements if "removal_case" in text]) == 1
    for query, number in cards(Role.REMOVALS).items():
        assert len(numbers(officer.get(f"{DESK}?{query}"))) == int(number)
