"""Two officers publish the results of a vote; from then on everybody reads what is funded, and why."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from portal.models import District, Edition, Officer, Proposal
from portal.models.staff import Role
from tests.browser.words import pl
from tests.factories import make_edition, make_pool, make_proposal
from tests.journeys.officer import enters_the_panel
from tests.services.test_results import contest, store

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}


def ended_voting(code: str) -> Edition:
    """Return an edition whose voting has ended: of 100 zł A gets 60, B would need 50, C gets 40."""
    edition, district = make_edition(code=code, name=f"Budżet {code}", open_now=False), District.get(District.number == 7)
    a, b, c = contest(edition, 60, 50, 40)
    Proposal.update(latitude=50.06, longitude=19.94).where(Proposal.id == a).execute()
    local = make_proposal(make_pool(edition, district), number="L")
    for age in (20, 20, 20, 30, 30):
        store(edition, a, b, c, district=district)
    store(edition, local, district=district)
    return edition


@pytest.mark.parametrize("way", [{}, {"java_script_enabled": False, **NARROW}], ids=["wide", "narrow, without scripts"])
def test_results_are_read_once_two_officers_have_published_them(open_window: Any, way: dict[str, Any]) -> None:
    # Given an edition whose voting has ended, and somebody who wants to know
    edition = ended_voting(f"w{len(way)}")
    reader, asking, approving = (open_window(**way) for _person in range(3))
    reader.visit(f"/wyniki/{edition.code}")
    assert reader.heading == pl("Turnout: %(edition)s", edition=edition.name)

    # When the coordinator asks for the publication of the count, which a second officer approves
    Officer.update(totp_step=0).execute()  # Another half minute has passed.
    for window, role in ((asking, Role.COORDINATOR), (approving, Role.ADMINISTRATOR)):
        window.visit(f"/admin/wyniki/publikacja/?id={edition.id}")
        enters_the_panel(window, role)
    asking.press(asking.button(pl("Count the ballots")))
    for _second in range(60):  # The page tells by itself when the worker is through; here it is asked for anew.
        if asking.link(pl("See the count")).count():
            break
        asking.page.wait_for_timeout(1000)
        asking.visit(urlsplit(asking.page.url)._replace(scheme="", netloc="").geturl())
    asking.visit(f"/admin/wyniki/publikacja/?id={edition.id}")
    asking.press(asking.button(pl("Ask for the publication")))
    reader.visit(f"/wyniki/{edition.code}/miasto", status=404)
    approving.visit(f"/admin/wyniki/publikacja/?id={edition.id}")
    approving.press(approving.button(pl("Approve the publication")))
    assert pl("The results are published.") in approving.page.get_by_role("main").inner_text()

    # Then everybody reads what is funded, and of the rest why not
    reader.page.wait_for_timeout(1000)  # Pages may be a second old.
    reader.visit(f"/wyniki/{edition.code}")
    assert reader.heading == pl("Results: %(edition)s", edition=edition.name)
    reader.press(reader.link(pl("Citywide projects")))
    told = reader.page.locator("tbody tr").evaluate_all("(rows) => rows.map((row) => row.cells[1].innerText.trim())")
    assert told == [pl("funded"), pl("%(amount)s short", amount="10\xa0zł"), pl("funded")]
    assert reader.page.get_by_role("img").count() == 1
    reader.page.set_viewport_size({"width": 718, "height": 1000})  # A sheet of A4 with its margins.
    reader.page.emulate_media(media="print")
    reader.arrive()
