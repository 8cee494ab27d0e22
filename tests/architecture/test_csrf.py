"""Nothing is accepted that the visitor's own pages did not send. That the right token is heard, test_routes.py shows."""

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.models.staff import Role
from tests.architecture.people import RESIDENT, STRANGER, Person, World, address, outcome, rules, writes
from tests.architecture.test_routes import MACHINES

SENDERS = [STRANGER, RESIDENT, Role.COORDINATOR, Role.ADMINISTRATOR]


def senders(app: Flask) -> list[Rule]:
    """Return every route to which a browser may send something."""
    return [rule for rule in rules(app, "POST") if rule.endpoint not in MACHINES]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # Of a refusal no database hears anything.
@pytest.mark.parametrize("who", SENDERS)
def test_post_without_the_own_token_is_refused(
        person: Person, app: Flask, world: World, statements: list[str], who: str) -> None:
    own, foreign = person.csrf_token(), Person(app, STRANGER, world).csrf_token()
    altered = own[:-10] + ("A" if own[-10] != "A" else "B") + own[-9:]
    for rule in senders(app):
        for token in ("", altered, foreign):
            statements.clear()
            response = person.client.post(address(app, rule, world), data={"csrf_token": token} if token else {})
            kind = {altered: "an altered", foreign: "a foreign"}.get(token, "no")
            assert outcome(app, response) == "expired", f"POST {rule.rule} is not refused with {kind} token: {response.status}"
            assert not writes(statements), f"POST {rule.rule} writes before it looks at the token: {writes(statements)}"


@pytest.mark.parametrize("who", [RESIDENT])
def test_over_tls_the_page_of_another_site_is_refused(person: Person, app: Flask, world: World, who: str) -> None:
    data = {"csrf_token": person.csrf_token()}
    for rule in senders(app):
        for referrer in ({"Referer": "https://example.net/"}, {"Referer": "https://localhost.example.net/"}, {}):
            response = person.client.post(address(app, rule, world), data=data, headers=referrer, base_url="https://localhost")
            assert outcome(app, response) == "expired", f"POST {rule.rule} is accepted with {referrer}"


def test_only_machines_are_exempt(portal_app: Flask) -> None:
    protection = portal_app.extensions["csrf"]
    exempt = {blueprint.name for blueprint in protection._exempt_blueprints}
    assert not protection._exempt_views, "Every POST of a browser carries a token"
    assert exempt == {endpoint.partition(".")[0] for endpoint in MACHINES}
    assert portal_app.config.get("WTF_CSRF_ENABLED", True) and portal_app.config.get("WTF_CSRF_CHECK_DEFAULT", True)
