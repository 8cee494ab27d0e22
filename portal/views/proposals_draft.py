"""A resident's own proposals, from the first idea to the end.

/projekty/zglos → /projekty/zglos/<uid>, which leads to its sections (/podstawy, /miejsce, /opis, /dostepnosc, /koszty,
/zalaczniki, /listy, /autorzy) → /podglad → /wyslij; later /wycofaj, /protest, /kopiuj. /moje-konto/projekty lists them.
"""

from datetime import datetime
from functools import wraps
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.access import Guard, Pages, View, accepts_files, lead_on, limited_form, resident_required
from portal.errors import (N_, FileUnusable, InvitationRefused, MoveForbidden, PhaseClosed, PortalError, ProposalIncomplete,
                           TooMany, require)
from portal.extensions import limiter
from portal.files import MOST_BYTES
from portal.forms.proposals import FORMS, MOST_FILES, AuthorsForm, FilesForm, ProtestForm, StartForm, WithdrawForm
from portal.models import FileKind, Move, Pool, Proposal, ProposalState, Transition
from portal.models.assessment import LEADS
from portal.services import attachment, proposals, proposals_draft, support
from portal.templating import current_edition

pages = Pages("proposals_draft", __name__)
KINDS = {"zalaczniki": FileKind.ATTACHMENT, "listy": FileKind.PAPER_LIST}
# What an author decides: the form, how it is done, the page, and what is said then.
DEEDS = {
    "wycofaj": (WithdrawForm, proposals.withdraw, "proposals_draft/withdraw.html", N_("The project is taken back.")),
    "protest": (ProtestForm, proposals.protest, "proposals_draft/protest.html",
                N_("Your protest is sent. The council decides on it, and we write to you."))}


def own(path: str, *methods: str, limit: str = "300 per hour") -> Guard:
    """Open a page below a proposal to its lead author; the view gets the proposal and the present."""
    def register(view: View) -> View:
        @pages.route(f"/projekty/zglos/<uid>{path}", guard=resident_required, methods=methods or ("GET", "POST"))
        @limiter.limit(limit, methods=["POST"])
        @wraps(view)
        def page(uid: str, **place: str) -> Any:
            return view(proposals.own_proposal(current_user.account, uid), clock.now(), **place)
        return view
    return register


def _page(template: str, proposal: Proposal | None, form: Any = None, **shown: Any) -> Any:
    return render_template(template, proposal=proposal, form=form, **shown), 400 if form and form.errors else 200


def _back(proposal: Proposal) -> Any:
    return redirect(url_for("proposals_draft.show_draft", uid=proposal.uid))


@pages.form("/projekty/zglos", guard=limited_form(300))
def start() -> Any:
    edition = proposals_draft.open_edition(clock.now())
    form = StartForm(edition) if edition and current_user.account else None
    if form and form.validate_on_submit():
        with form.refusing(TooMany):
            pool = Pool.get_by_id(int(form.pool.data))
            return _back(proposals_draft.start(current_user.account, pool, form.title.data, now=clock.now()))
    return _page("proposals_draft/start.html", None, form, open=edition, coming=current_edition())


@pages.get("/moje-konto/projekty", guard=resident_required)
def list_own() -> Any:
    now = clock.now()
    found = [(proposal, authorship, support.standing(proposal, None, now=now), proposals.protest_ends(proposal))
             for proposal, authorship in proposals_draft.own_proposals(current_user.account)]
    return _page("proposals_draft/list_own.html", None, own=found, open=proposals_draft.open_edition(now))


@own("", "GET")
def show_draft(proposal: Proposal, now: datetime) -> Any:
    editable, wrong = proposals_draft.editable(proposal, now=now), proposals_draft.unfinished(proposal)
    same = proposals_draft.uncorrected(proposal)
    states = {section: "to do" if section in wrong else "to correct" if same.issuperset(editable.intersection(names)) else "done"
              for section, names in proposals_draft.SECTIONS.items() if editable.intersection(names)}
    words = [move.words for move in Transition.of_proposal(proposal.id) if move.move in (Move.RETURNED, Move.REFUSED)]
    return _page("proposals_draft/show_draft.html", proposal, states=states, wrong=wrong, words=words[-1] if words else "",
                 standing=support.standing(proposal, current_user.account, now=now), joinable=proposal.state in support.JOINED_IN,
                 files=attachment.of_proposal(proposal, FileKind.ATTACHMENT), protest_ends=proposals.protest_ends(proposal),
                 open=proposals_draft.open_edition(now), may_withdraw=_may_withdraw(proposal))


def _may_withdraw(proposal: Proposal) -> bool:
    return proposal.state in (ProposalState.DRAFT, *LEADS[Move.WITHDRAWN][0])


@own(f"/<any({', '.join(FORMS)}):section>")
def edit_section(proposal: Proposal, now: datetime, section: str) -> Any:
    """Show a section; of a draft all that is right is saved at once, of what the public reads a section only as a whole."""
    editable = proposals_draft.editable(proposal, now=now)
    require(editable.intersection(proposals_draft.SECTIONS[section]), MoveForbidden)
    form = FORMS[section](proposal, editable)
    if form.is_submitted():
        valid = form.validate()
        if valid or proposal.state == ProposalState.DRAFT:
            proposals_draft.save(proposal, form.right(), now=now)
        if valid:
            flash(_("The section is saved."), "success")
            return redirect(request.path) if "more" in form and form.more.data else _back(proposal)
    return _page("proposals_draft/edit_section.html", proposal, form, section=section)


@own(f"/<any({', '.join(KINDS)}):section>", limit="60 per hour")
@accepts_files(MOST_FILES, MOST_BYTES)
def add_files(proposal: Proposal, now: datetime, section: str) -> Any:
    """Show the attachments or paper lists, add to them or remove one of them."""
    require(support.standing(proposal, None, now=now).until if section == "listy"
            else "attachments" in proposals_draft.editable(proposal, now=now), MoveForbidden)
    form = FilesForm()
    if "remove" in request.form:
        attachment.remove(proposal, KINDS[section], request.form["remove"])
        return redirect(request.path)
    if form.validate_on_submit():
        kept, refused = attachment.add_files(
            proposal, list(form.chosen()), kind=KINDS[section], address=request.remote_addr or "", now=now)
        form.refuse_files(refused)
        if kept:
            flash(_("We have added: %(files)s", files=", ".join(kept)), "success")
        if not refused:
            return redirect(request.path)
    files = attachment.of_proposal(proposal, KINDS[section])
    return _page("proposals_draft/add_files.html", proposal, form, section=section, files=files)


@own("/autorzy")
def edit_authors(proposal: Proposal, now: datetime) -> Any:
    """Show the authors, change whether the own name is shown, invite a co-author or take an invitation back."""
    authors = proposals.authors(proposal)
    form = AuthorsForm(shows_name=authors[0].shows_name)
    if "remove" in request.form:
        support.withdraw_invitation(proposal, request.form["remove"])
        return redirect(request.path)
    if form.validate_on_submit():
        with form.refusing(InvitationRefused, TooMany, beside=form.email):
            support.set_consent(current_user.account, proposal, shows_name=form.shows_name.data)
            if form.email.data:
                support.invite(proposal, form.email.data, now=now)
            flash(_("The section is saved."), "success")
            return redirect(request.path) if form.email.data else _back(proposal)
    waiting = support.invitations(proposal, now=now)
    return _page("proposals_draft/edit_authors.html", proposal, form, authors=authors, waiting=waiting)


@own("/podglad", "GET")
def preview(proposal: Proposal, _now: datetime) -> Any:
    """Show a proposal as everybody will read it, with what is like it, before it is sent."""
    return _page("proposals_draft/preview.html", proposal, missing=proposals_draft.unfinished(proposal),
                 similar=proposals_draft.similar(proposal), costs=proposal.costs,
                 files=attachment.of_proposal(proposal, FileKind.ATTACHMENT), authors=proposals.authors(proposal))


@own("/wyslij", "POST")
def send(proposal: Proposal, now: datetime) -> Any:
    """Submit a draft, or give a corrected proposal back to the officers."""
    if proposal.state == ProposalState.RETURNED:
        proposals_draft.correct(proposal, now=now)
        return lead_on(".show_draft", _("The officers have your corrected project."), uid=proposal.uid)
    proposals_draft.submit(proposal, now=now)
    said = _("Your project is submitted. Its number is %(number)s.", number=proposal.number)
    return lead_on(".show_draft", said, uid=proposal.uid)


@own(f"/<any({', '.join(DEEDS)}):deed>")
def decide(proposal: Proposal, now: datetime, deed: str) -> Any:
    """Take a proposal back, or protest against its refusal, with words."""
    kind, do, template, done = DEEDS[deed]
    form, ends = kind(), proposals.protest_ends(proposal)
    if form.validate_on_submit():
        do(proposal, form.words.data or "", now=now)
        return lead_on(".list_own", _("The draft is deleted.") if proposal.state == ProposalState.DRAFT else _(done))
    require(_may_withdraw(proposal) if deed == "wycofaj" else ends and now <= ends, MoveForbidden)
    return _page(template, proposal, form, ends=ends)


@own("/kopiuj", "POST")
def copy(proposal: Proposal, now: datetime) -> Any:
    """Begin a draft with the texts and costs of an older proposal."""
    return _back(proposals_draft.copy(proposal, current_user.account, now=now))


def lead_to_draft(error: PortalError) -> Any:
    """Say on the page of the proposal why something cannot be done with it now."""
    said, uid = _(error.message, **error.params), (request.view_args or {}).get("uid")
    return lead_on(".show_draft", said, "error", uid=uid) if uid else lead_on(".list_own", said, "error")


for refusal in (FileUnusable, MoveForbidden, PhaseClosed, ProposalIncomplete, TooMany):
    pages.register_error_handler(refusal, lead_to_draft)
