"""The catalogue in memory: words as people type them, and proposals that are much the same."""

import pytest

from portal.models import District, Edition
from portal.models.proposal import Category, ProposalState
from portal.services import proposals_catalogue
from portal.services.proposals_catalogue import CATEGORIES, NEAR, ORDERS, STATES, Filters, fold, load, pools, search, similar
from tests.factories import make_district, make_edition, make_pool, make_proposal

pytestmark = pytest.mark.usefixtures("app")
HERE = (50.0614, 19.9372)
METRE = 1 / 111_195  # Degrees of latitude.


def found(edition: Edition, words: str, **filters: object) -> list[str]:
    return [entry.title for entry in search(load(edition), Filters(words, **filters))]


@pytest.fixture
def edition(app: object) -> Edition:
    edition = make_edition()
    pool, far = make_pool(edition, make_district(name="Dębniki", number=8)), make_pool(edition)
    for order, (title, summary, place, number) in enumerate((
            ("Zażółć gęślą jaźń", "Śpiewnik", "ul. Łąkowa 5", "BO.D8.1/26"),
            ("Ławki nad Wisłą", "Sto ławek i żółte kosze", "Bulwary", "BO.D8.11/26"),
            ("Kosze-niespodzianki", "Nad rzeką", "ul. Długa 7", "BO.D8.2/26")), 1):
        make_proposal(pool, title=title, summary=summary, place=place, number=number, ballot_order=order)
    make_proposal(far, title="Miasto łąk", summary="Kosze", number="1234", ballot_order=7)
    return edition


def test_text_is_folded_as_poles_type_it_without_a_keyboard_of_their_own():
    assert fold("Zażółć GĘŚLĄ, jaźń – Łódź!") == " zazolc gesla jazn lodz"
    assert fold("ŁÓDŹ") == fold("lo\N{COMBINING ACUTE ACCENT}dz\N{COMBINING ACUTE ACCENT}") == " lodz"
    assert fold("…") == ""


@pytest.mark.parametrize(("words", "titles"), [
    ("zazolc", ["Zażółć gęślą jaźń"]), ("ZAŻÓŁĆ jaź", ["Zażółć gęślą jaźń"]), ("łąk", ["Miasto łąk", "Zażółć gęślą jaźń"]),
    ("ławkami", ["Ławki nad Wisłą"]), ("lawka", ["Ławki nad Wisłą"]), ("ławnik", []), ("wiślanych", []),
    ("awki", []), ("kosz", ["Kosze-niespodzianki", "Miasto łąk", "Ławki nad Wisłą"]), ("niespodz", ["Kosze-niespodzianki"]),
    ("kosze nad", ["Kosze-niespodzianki", "Ławki nad Wisłą"]), ("kosze nad morzem", []), ("Długa 7", ["Kosze-niespodzianki"]),
    ("kosze-niespodz", ["Kosze-niespodzianki"]), ("kosze-morze", []), ("morze-kosze", []),
    ("", ["Miasto łąk", "Zażółć gęślą jaźń", "Ławki nad Wisłą", "Kosze-niespodzianki"]),
])
def test_each_word_begins_a_word_of_what_is_found_and_the_title_counts_first(edition: Edition, words: str, titles: list[str]):
    assert found(edition, words) == titles


@pytest.mark.parametrize(("number", "titles"), [
    ("BO.D8.1/26", 1), ("bo.d8.1", 1), ("D8.1/26", 1), ("BO.D8", 3), ("d8.11", 1), ("1234", 1), ("BO.D8.3", 0), ("BO.D", 0),
    ("26", 0), ("123", 0), ("BO.D8 kosze", 2)])
def test_number_or_a_whole_part_of_it_is_found(edition: Edition, number: str, titles: int):
    assert len(found(edition, number)) == titles


def test_conditions_hold_together(edition: Edition):
    pool = edition.pools[0]
    make_proposal(pool, title="Rzeźba", cost=500, state=ProposalState.REFUSED, categories=f"{Category.CULTURE},{Category.SPORT}")
    for wrong in ({"pool": "miasto"}, {"category": "health"}, {"state": "on_ballot"}, {"cost_from": 501}, {"cost_to": 499}):
        right = {"pool": "8", "category": "culture", "state": "refused", "cost_from": 500, "cost_to": 500}
        assert found(edition, "rzezba", **right) == ["Rzeźba"]
        assert found(edition, "rzezba", **{**right, **wrong}) == []


def test_newest_comes_first_and_what_has_no_day_last(edition: Edition, now: object):
    make_proposal(edition.pools[0], title="Nowy", submitted_at=now)
    assert found(edition, "", sort="najnowsze")[0] == "Nowy"
    assert set(ORDERS) == {"najnowsze", "najtansze", "najdrozsze", "tytul"}


def test_pools_are_named_for_addresses_citywide_first(edition: Edition):
    make_pool(edition, District.create(name="Podgórze"))
    make_pool(edition, make_district(number=3, name="Prądnik"))
    make_proposal(make_pool(edition, District.create(name="Łąki Nowohuckie")), title="Tama")
    assert list(pools(edition).items()) == [
        ("miasto", None), ("3", "Prądnik"), ("8", "Dębniki"), ("podgorze", "Podgórze"), ("laki-nowohuckie", "Łąki Nowohuckie")]
    assert {entry.pool for entry in load(edition)} == {"miasto", "8", "laki-nowohuckie"}
    assert found(edition, "", pool="laki-nowohuckie") == ["Tama"]


def test_every_state_and_category_has_a_name():
    assert set(STATES) == set(ProposalState) and set(CATEGORIES) == set(Category)


def test_similar_are_those_that_say_the_same_in_other_endings(edition: Edition):
    titles = [entry.title for entry in similar(load(edition), "Ławka nad Wisłą", "Sto nowych ławek, żółty kosz", None)]
    assert titles[:1] == ["Ławki nad Wisłą"] and "Zażółć gęślą jaźń" not in titles
    make_proposal(edition.pools[0], title="Ogrody deszczowe przy parkingach", summary="")
    assert [entry.title[:6] for entry in similar(load(edition), "Ogród deszczowy przy parkingu", "", None)] == ["Ogrody"]
    assert similar(load(edition), "Basen", "Nowa pływalnia kryta", None) == similar(load(edition), "", "", None) == []


@pytest.mark.parametrize(("metres", "near"), [(0, True), (NEAR - 2, True), (NEAR + 2, False), (9999, False)])
def test_nearby_is_within_300_metres(edition: Edition, metres: int, near: bool):
    for east, title in ((0, "Północ"), (1, "Wschód")):
        step = metres * METRE
        make_proposal(edition.pools[0], title=title, latitude=HERE[0] + (1 - east) * step,
                      longitude=HERE[1] + east * step / 0.64197)  # The cosine of the latitude.
    titles = {entry.title for entry in similar(load(edition), "Basen", "Pływalnia", HERE)}
    assert titles == ({"Północ", "Wschód"} if near else set())


def test_five_similar_ones_are_named_the_closest_first(edition: Edition):
    for metres in (50, 10, 250, 100, 150, 200):
        make_proposal(edition.pools[0], title=str(metres), latitude=HERE[0] + metres * METRE, longitude=HERE[1])
    closest = similar(load(edition), "", "", HERE)
    assert [entry.title for entry in closest] == ["10", "50", "100", "150", "200"]


def test_catalogue_takes_one_query_and_another_for_pools(edition: Edition, statements: list[str]):
    proposals_catalogue.load(edition)
    proposals_catalogue.pools(edition)
    assert len(statements) == 2
