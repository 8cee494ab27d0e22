"""The end of a ballot key in the panel, which two officers decide."""

from datetime import datetime, timedelta

import pytest

from portal import crypto
from portal.models import AuditEntry, Closing, Edition
from portal.models.staff import Role
from portal.services import closing
from tests.admin.conftest import Enter
from tests.browser.words import pl
from tests.services.ballots import publish
from tests.services.test_open_data_pabulib import make_vote

LIST = "/admin/wyniki/"


@pytest.fixture
def kept(app: object, now: datetime) -> Closing:
    made = make_vote(8)
    ago = {"voting_from": 50, "voting_to": 40, "results_on": 35}
    Edition.update({name: now - timedelta(days=days) for name, days in ago.items()}).execute()
    edition = Edition.get_by_id(made.id)
    closing.close(edition, actor="test", now=now)
    publish(edition, now - timedelta(days=31))
    return Closing.get()


def test_key_is_destroyed_by_two_officers(kept: Closing, enter: Enter):
    coordinator, administrator, code = enter(Role.COORDINATOR), enter(Role.ADMINISTRATOR), kept.edition.code
    actions = coordinator.get(LIST).soup.select_one("td.panel-actions")
    assert actions.select_one(f"a[href='/otwarte-dane/{code}']"), "the state at the close is shown there"
    link = actions.select_one("a[href*=klucz]")["href"]
    wrong = coordinator.submit(coordinator.get(link), seen="inna")
    assert pl("This is not the code of the edition.") in wrong.text and not Closing.get().key_asked_at
    early = administrator.submit(administrator.get(link), seen=code)
    assert pl("A coordinator has to ask first.") in early.text
    assert pl("Another officer has to approve it now.") in coordinator.submit(coordinator.get(link), seen=code).text
    alone = coordinator.submit(coordinator.get(link), seen=code)
    assert pl("You asked for this yourself: a second officer has to approve it.") in alone.text
    assert crypto.keyring.path(kept.edition.ballot_key).exists()
    page = administrator.get(link)
    assert coordinator.officer.name in page.soup.select_one(".alert-warning").get_text()
    done = administrator.submit(page, seen=code)
    assert pl("The ballot key is destroyed.") in done.text and not coordinator.get(link).soup.select("main form")
    assert not crypto.keyring.path(kept.edition.ballot_key).exists()
    assert [entry.actor for entry in AuditEntry.select().order_by(AuditEntry.sequence.desc()).limit(2)] == [
        f"officer:{administrator.officer.uid}", f"officer:{coordinator.officer.uid}"]
