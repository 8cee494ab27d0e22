"""The officers' panel: Flask-Admin on /admin/, every table a view of attributes."""

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme
from flask_babel import lazy_gettext as _l

from portal.admin import dashboard, login
from portal.admin.account import AccountView
from portal.admin.assessment_edition import CriterionView, UnitView
from portal.admin.audit import AuditView, DigestView
from portal.admin.edition import DistrictView, EditionView, PoolView
from portal.admin.jobs import JobView
from portal.admin.message import MessageView
from portal.admin.pages import PageView
from portal.admin.paper import VotingPointView
from portal.admin.proposal import ProposalView
from portal.admin.removal import RemovalView
from portal.admin.results import ResultsView
from portal.admin.staff import OfficerView
from portal.admin.staff_access import OwnAccess, Proof
from portal.admin.statistics import StatisticsView
from portal.headers import csp_nonce
from portal.models import (Account, AuditDigest, AuditEntry, Criterion, District, Edition, Job, Message, Officer, Page, Pool,
                           Proposal, RemovalCase, Unit, VotingPoint)

TABLES = (
    (EditionView, Edition, _l("Editions"), "panel_editions", "edycje"),
    (DistrictView, District, _l("Districts"), "panel_districts", "dzielnice"),
    (PoolView, Pool, _l("Pools"), "panel_pools", "pule"),
    (ProposalView, Proposal, _l("Projects"), "panel_proposals", "projekty"),
    (UnitView, Unit, _l("Units"), "panel_units", "jednostki"),
    (CriterionView, Criterion, _l("Questions on cards"), "panel_criteria", "pytania"),
    (VotingPointView, VotingPoint, _l("Voting on paper"), "panel_paper", "punkty-glosowania"),
    (StatisticsView, Edition, _l("Statistics"), "panel_statistics", "statystyki"),
    (ResultsView, Edition, _l("Results"), "panel_results", "wyniki"),
    (AccountView, Account, _l("Accounts"), "panel_accounts", "konta"),
    (RemovalView, RemovalCase, _l("Claims about accounts"), "panel_removals", "zgloszenia"),
    (PageView, Page, _l("Pages"), "panel_pages", "strony"),
    (JobView, Job, _l("Tasks"), "panel_jobs", "zadania"),
    (MessageView, Message, _l("Messages"), "panel_messages", "wiadomosci"),
    (OfficerView, Officer, _l("Officers"), "panel_officers", "urzednicy"),
    (AuditView, AuditEntry, _l("Audit log"), "panel_audit", "dziennik"),
    (DigestView, AuditDigest, _l("Digests of the log"), "panel_digests", "skroty-dziennika"),
)


def init_app(app: Flask) -> None:
    """Register the panel's pages; every view of it is closed to strangers."""
    panel = Admin(app, name=_l("Officers' panel"), theme=Bootstrap4Theme(base_template="admin/panel.html"),
                  index_view=dashboard.Dashboard(name=_l("Overview")), csp_nonce_generator=csp_nonce)
    for view, model, name, endpoint, url in TABLES:
        panel.add_view(view(model, name=name, endpoint=endpoint, url=url))
    panel.add_view(OwnAccess(name=_l("Your access"), endpoint="panel_own_access", url="moj-dostep"))
    panel.add_view(Proof(name=_l("Your password"), endpoint="panel_proof", url="potwierdz"))
    app.register_blueprint(login.pages)
    dashboard.init_app(app)
