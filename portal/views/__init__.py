"""Web pages of residents: a view checks who enters, runs the form, calls the service, redirects."""

from flask import Flask

from portal.config import settings
from portal.views import (attachment, audit, home, login, machines, mailbox, open_data, pages, password, profile, proposals,
                          proposals_draft, registration, removal, results, support, voting)

PAGES = (home, pages, proposals, proposals_draft, attachment, support, registration, removal, login, password, profile, voting,
         results, open_data, audit, machines)


def init_app(app: Flask) -> None:
    for module in PAGES:
        app.register_blueprint(module.pages)
    if settings.development:
        app.register_blueprint(mailbox.pages)
