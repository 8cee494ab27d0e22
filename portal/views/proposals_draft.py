"""A resident's own proposals, from the first idea to the end.

/projekty/zglos → /projekty/zglos/<uid>, which leads to its sections (/podstawy, /miejsce, /opis, /dostepnosc, /koszty,
/zalaczniki, /listy, /autorzy) → /podglad → /wyslij; later /wycofaj, /protest, /kopiuj. /moje-konto/projekty lists them.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.access import accepts_files, open_form, resident_required
from portal.errors import (
    N_, FileUnusable, InvitationRefused, MoveForbidden, PhaseClosed, PortalError, ProposalIncomplete, TooMany,
)
from portal.extensions import limiter
from portal.files import MOST_BYTES
from portal.forms.proposals import FORMS, MOST_FILES, AuthorsForm, FilesForm, ProtestForm, StartForm, WithdrawForm
from portal.models.assessment import LEADS, Move, Transition
from portal.models.attachment import FileKind
from portal.models.edition import Pool
from portal.models.proposal import Proposal, ProposalState
from portal.services import attachment, proposals, proposals_draft, support
from portal.services.proposals_draft import SECTIONS
from portal.templating import current_edition

pages = Blueprint("proposals_draft", __name__)
often = limiter.limit("300 per hour", methods=["POST"])
KINDS = {"zalaczniki": FileKind.ATTACHMENT, "listy": FileKind.PAPER_LIST}
OWN = "/projekty/zglos/<uid>"
# What an author decides: the form, how it is done, the page, and what is said then.
DEEDS = {
    "wycofaj": (WithdrawForm, proposals.withdraw, "proposals_draft/withdraw.html", N_("The project is taken back.")),
    "protest": (ProtestForm, proposals.protest, "proposals_draft/protest.html",
                N_("Your protest is sent. The council decides on it, and we write to you.")),
}


def _own(uid: str) -> Proposal:
    return proposals.own_proposal(current_user.account, uid)


def _page(template: str, proposal: Proposal | None, form: Any = None, **shown: Any) -> Any:
    status = 400 if form is not None and form.errors else 200
    return render_template(template, proposal=proposal, form=form, **shown), status


def _back(proposal: Proposal) -> Any:
    return redirect(url_for("proposals_draft.show_draft", uid=proposal.uid))


@pages.route("/projekty/zglos", methods=["GET", "POST"])
@open_form
@often
def start() -> Any:
    edition = proposals_draft.open_edition(clock.now())
    form = StartForm(edition) if edition and current_user.account else None
    if form and form.validate_on_submit():
        try:
            pool = Pool.get_by_id(int(form.pool.data))
            return _back(proposals_draft.start(current_user.account, pool, form.title.data, now=clock.now()))
        except TooMany as error:
            form.refuse(error)
    return _page("proposals_draft/start.html", None, form, open=edition, coming=current_edition())


@pages.get("/moje-konto/projekty")
@resident_required
def list_own() -> Any:
    now = clock.now()
    own = [(proposal, authorship, support.standing(proposal, None, now=now), proposals.protest_ends(proposal))
           for proposal, authorship in proposals_draft.own_proposals(current_user.account)]
    return _page("proposals_draft/list_own.html", None, own=own, open=proposals_draft.open_edition(now))


@pages.get(OWN)
@resident_required
def show_draft(uid: str) -> Any:
    proposal, now = _own(uid), clock.now()
    editable, wrong = proposals_draft.editable(proposal, now=now), proposals_draft.unfinished(proposal)
    same = proposals_draft.uncorrected(proposal)
    states = {section: "to do" if section in wrong else "to correct" if same.issuperset(editable.intersection(names)) else "done"
              for section, names in SECTIONS.items() if editable.intersection(names)}
    words = [move.words for move in Transition.of_proposal(proposal) if move.move in (Move.RETURNED, Move.REFUSED)]
    return _page("proposals_draft/show_draft.html", proposal, states=states, wrong=wrong, words=words[-1] if words else "",
                 standing=support.standing(proposal, current_user.account, now=now), joinable=proposal.state in support.JOINED_IN,
                 files=attachment.of_proposal(proposal, FileKind.ATTACHMENT), protest_ends=proposals.protest_ends(proposal),
                 open=proposals_draft.open_edition(now), may_withdraw=_may_withdraw(proposal))


def _may_withdraw(proposal: Proposal) -> bool:
    return proposal.state in (ProposalState.DRAFT, *LEADS[Move.WITHDRAWN][0])


@pages.route(f"{OWN}/<any({', '.join(FORMS)}):section>", methods=["GET", "POST"])
@resident_required
@often
def edit_section(uid: str, section: str) -> Any:
    """Show a section; of a draft all that is right is saved at once, of what the public reads a section only as a whole."""
    proposal, now = _own(uid), clock.now()
    editable = proposals_draft.editable(proposal, now=now)
    if not editable.intersection(SECTIONS[section]):
        raise MoveForbidden
    form = FORMS[section](proposal, editable)
    if form.is_submitted():
        valid = form.validate()
        if valid or proposal.state == ProposalState.DRAFT:
            proposals_draft.save(proposal, form.right(), now=now)
        if valid:
            flash(_("The section is saved."), "success")
            return redirect(request.path) if "more" in form and form.more.data else _back(proposal)
    return _page("proposals_draft/edit_section.html", proposal, form, section=section)


@pages.route(f"{OWN}/<any({', '.join(KINDS)}):section>", methods=["GET", "POST"])
@resident_required
@accepts_files(MOST_FILES, MOST_BYTES)
@limiter.limit("60 per hour", methods=["POST"])
def add_files(uid: str, section: str) -> Any:
    """Show the attachments or paper lists, add to them or remove one of them."""
    proposal, form, now = _open_for_files(uid, section), FilesForm(), clock.now()
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


def _open_for_files(uid: str, section: str) -> Proposal:
    """Return an own proposal whose attachments or paper lists can change now; raise MoveForbidden."""
    proposal, now = _own(uid), clock.now()
    collects = support.standing(proposal, None, now=now).until
    if not (collects if section == "listy" else "attachments" in proposals_draft.editable(proposal, now=now)):
        raise MoveForbidden
    return proposal


@pages.route(f"{OWN}/autorzy", methods=["GET", "POST"])
@resident_required
@often
def edit_authors(uid: str) -> Any:
    """Show the authors, change whether the own name is shown, invite a co-author or take an invitation back."""
    proposal, now = _own(uid), clock.now()
    authors = proposals.authors(proposal)
    form = AuthorsForm(shows_name=authors[0].shows_name)
    if "remove" in request.form:
        support.withdraw_invitation(proposal, request.form["remove"])
        return redirect(request.path)
    if form.validate_on_submit():
        try:
            support.set_consent(current_user.account, proposal, shows_name=form.shows_name.data)
            if not form.email.data:
                return _back(proposal)
            support.invite(proposal, form.email.data, now=now)
            return redirect(request.path)
        except (InvitationRefused, TooMany) as error:
            form.refuse(error, form.email)
    waiting = support.invitations(proposal, now=now)
    return _page("proposals_draft/edit_authors.html", proposal, form, authors=authors, waiting=waiting)


@pages.get(f"{OWN}/podglad")
@resident_required
def preview(uid: str) -> Any:
    """Show a proposal as everybody will read it, with what is like it, before it is sent."""
    proposal = _own(uid)
    return _page("proposals_draft/preview.html", proposal, missing=proposals_draft.unfinished(proposal),
                 similar=proposals_draft.similar(proposal), costs=proposal.costs,
                 files=attachment.of_proposal(proposal, FileKind.ATTACHMENT), authors=proposals.authors(proposal))


@pages.post(f"{OWN}/wyslij")
@resident_required
@often
def send(uid: str) -> Any:
    """Submit a draft, or give a corrected proposal back to the officers."""
    proposal, now = _own(uid), clock.now()
    if proposal.state == ProposalState.RETURNED:
        proposals_draft.correct(proposal, now=now)
        flash(_("The officers have your corrected project."), "success")
    else:
        proposals_draft.submit(proposal, now=now)
        flash(_("Your project is submitted. Its number is %(number)s.", number=proposal.number), "success")
    return _back(proposal)


@pages.route(f"{OWN}/<any({', '.join(DEEDS)}):deed>", methods=["GET", "POST"])
@resident_required
@often
def decide(uid: str, deed: str) -> Any:
    """Take a proposal back, or protest against its refusal, with words."""
    proposal, (kind, do, template, done), now = _own(uid), DEEDS[deed], clock.now()
    form, ends = kind(), proposals.protest_ends(proposal)
    if form.validate_on_submit():
        do(proposal, form.words.data or "", now=now)
        flash(_("The draft is deleted.") if proposal.state == ProposalState.DRAFT else _(done), "success")
        return redirect(url_for("proposals_draft.list_own"))
    if not (_may_withdraw(proposal) if deed == "wycofaj" else ends and now <= ends):
        raise MoveForbidden
    return _page(template, proposal, form, ends=ends)


@pages.post(f"{OWN}/kopiuj")
@resident_required
@often
def copy(uid: str) -> Any:
    """Begin a draft with the texts and costs of an older proposal."""
    return _back(proposals_draft.copy(_own(uid), current_user.account, now=clock.now()))


@pages.errorhandler(FileUnusable)
@pages.errorhandler(MoveForbidden)
@pages.errorhandler(PhaseClosed)
@pages.errorhandler(ProposalIncomplete)
@pages.errorhandler(TooMany)
def lead_to_draft(error: PortalError) -> Any:
    """Say on the page of the proposal why something cannot be done with it now."""
    flash(_(error.message, **error.params), "error")
    uid = (request.view_args or {}).get("uid")
    return redirect(url_for("proposals_draft.show_draft", uid=uid) if uid else url_for("proposals_draft.list_own"))
