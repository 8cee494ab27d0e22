"""Voting, in steps.

/glosowanie (choose) → /glosowanie/podsumowanie (review) → /glosowanie/oddaj (cast) → /glosowanie/potwierdzenie
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import cache, clock, stencil
from portal.access import resident_required
from portal.errors import (
    AlreadyVoted, BallotChanged, BallotIncomplete, BallotInvalid, MayNotVote, NotFound, PhaseClosed, PortalError, require,
)
from portal.forms.voting import BallotForm, CastForm
from portal.models.account import Account
from portal.models.edition import Edition
from portal.services import voting
from portal.services.voting import Contest, Picks
from portal.templating import current_edition

pages = Blueprint("voting", __name__, url_prefix="/glosowanie")
RECEIPT = "receipt"


def _edition() -> Edition:
    return require(current_edition(), NotFound)


def _paper(edition: Edition, account: Account) -> list[Contest]:
    """Return the ballot paper of the voter's district, which is the same for all its residents."""
    key = ("paper", edition.id, account.district_id)
    return cache.remember(key, lambda: voting.ballot_paper(edition, account.district))


@pages.get("")
@resident_required
def choose() -> Any:
    account, edition = current_user.account, _edition()
    try:
        voting.check_may_vote(account, edition, now=clock.now())
    except (AlreadyVoted, PhaseClosed, MayNotVote) as refusal:
        return _show_state(refusal, account, edition)
    return _show_choice(_paper(edition, account), voting.load_draft(account, edition))


@pages.post("")
@resident_required
def save_choice() -> Any:
    account, edition, form = current_user.account, _edition(), BallotForm()
    paper = _paper(edition, account)
    picks, slot, error = form.picks(paper, request.form), "", ""
    try:
        if form.validate():
            voting.save_draft(account, edition, paper, picks, now=clock.now())
            return redirect(url_for("voting.review"))
    except BallotInvalid as refusal:
        slot, error = form.point_out(refusal)
    except (AlreadyVoted, PhaseClosed, MayNotVote) as refusal:
        return _show_state(refusal, account, edition)
    return render_template("voting/choose.html", form=form, paper=paper, chosen=picks, slot=slot, error=error), 400


def _show_state(refusal: PortalError, account: Account, edition: Edition) -> str:
    return render_template("voting/state.html", refusal=refusal, ballot=voting.own_ballot(account, edition),
                           phase=edition.phase(clock.now()))


def _show_choice(paper: list[Contest], chosen: Picks) -> str:
    """Return the choice page: one for all residents of a district, in which the own marks are set."""
    page = stencil.render("voting/choose.html", {}, {"paper": paper, "chosen": {}, "slot": ""},
                          pools=tuple(contest.pool.id for contest in paper))
    for name, uid in chosen.items():
        mark = f'id="{name}-{uid}"'
        page = page.replace(mark, f"{mark} checked", 1)
    return page


@pages.get("/podsumowanie")
@resident_required
def review() -> Any:
    account, edition = current_user.account, _edition()
    try:
        voting.check_may_vote(account, edition, now=clock.now())
        picks = voting.load_draft(account, edition)
        marks = voting.read_picks(edition, _paper(edition, account), picks)
    except (AlreadyVoted, PhaseClosed, MayNotVote, BallotInvalid):
        return redirect(url_for("voting.choose"))
    form = CastForm(formdata=None, reviewed=voting.mark_reviewed(picks))
    return render_template("voting/review.html", form=form, marks=marks)


@pages.post("/oddaj")
@resident_required
def cast_ballot() -> Any:
    account, edition, form = current_user.account, _edition(), CastForm()
    try:
        session[RECEIPT] = voting.cast_ballot(account, edition, _paper(edition, account), reviewed=form.reviewed.data or "",
                                              now=clock.now())
        return redirect(url_for("voting.confirm"))
    except BallotChanged as error:
        flash(_(error.message), "warning")
        return redirect(url_for("voting.review"))
    except (AlreadyVoted, PhaseClosed, MayNotVote, BallotIncomplete, BallotInvalid):
        return redirect(url_for("voting.choose"))  # That page tells the reason, from the state in force now.


@pages.get("/potwierdzenie")
@resident_required
def confirm() -> Any:
    """Show the confirmation number, once: it travelled in the voter's own cookie and is kept nowhere."""
    number = session.pop(RECEIPT, None)
    if number is None:
        return redirect(url_for("voting.choose"))
    return render_template("voting/confirm.html", number=number)
