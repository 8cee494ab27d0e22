"""Voting, in steps.

/glosowanie (choose) → /glosowanie/podsumowanie (review) → /glosowanie/oddaj (cast) → /glosowanie/potwierdzenie
"""

from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import Any

from flask import flash, get_template_attribute, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import cache, clock, stencil
from portal.access import Pages, lead_on, public_page, resident_required
from portal.errors import (AlreadyVoted, BallotChanged, BallotIncomplete, BallotInvalid, MayNotVote, NotFound, PhaseClosed,
                           PortalError, require)
from portal.forms.fields_typed import grosze
from portal.forms.voting import BallotForm
from portal.i18n import money
from portal.models import Account, Edition, Phase, Proposal
from portal.services import proposals_catalogue, voting, voting_person
from portal.services.voting import Contest, Picks
from portal.templating import current_edition

pages = Pages("voting", __name__, url_prefix="/glosowanie")
RECEIPT = "receipt"
MOST_LETTERS = 100  # Of what somebody looks for.


def _edition() -> Edition:
    return require(current_edition(), NotFound)


def _paper(edition: Edition, account: Account) -> list[Contest]:
    """Return the ballot paper of the voter's district, which is the same for all its residents."""
    return cache.remember(("paper", edition.id, account.district_id), lambda: voting.ballot_paper(edition, account.district))


@public_page
def _tell_when() -> str:
    """Tell anyone when voting is."""
    return render_template("voting/state.html", refusal=None, ballot=None, phase=_edition().phase(clock.now()))


def _open_when_closed(view: Callable[[], Any]) -> Callable[[], Any]:
    """Tell strangers when voting is, while it is not; while it is, the guard below sends them to the login."""
    @wraps(view)
    def guarded() -> Any:
        told = current_user.account is None and _edition().phase(clock.now()) is not Phase.VOTING
        return _tell_when() if told else view()
    return guarded


@pages.get("", guard=_open_when_closed)
@resident_required
def choose() -> Any:
    account, edition = current_user.account, _edition()
    voting.check_may_vote(account, edition, now=clock.now())
    return _show_choice(_paper(edition, account), voting.load_draft(account, edition))


@pages.post("", guard=resident_required)
def save_choice() -> Any:
    """Keep the choice: a whole one to review it; what there is so far with the buttons "find", "remove" and "save"."""
    account, edition = current_user.account, _edition()
    paper, removed = _paper(edition, account), request.form.get("remove")
    picks, step = BallotForm.picks(paper, request.form), "find" if removed else request.form.get("step")
    picks.pop(removed or "", None)
    try:
        voting.save_draft(account, edition, paper, picks, whole=not step, now=clock.now())
    except BallotInvalid as refusal:
        if voting.own_ballot(account, edition):
            raise
        return _show_again(edition, paper, picks, refusal), 400
    if step == "find":
        return _show_again(edition, paper, picks)
    said = _("Your choice is saved. It does not count until you cast it.")
    return lead_on("voting.choose", said) if step else redirect(url_for("voting.review"))


def _show_choice(paper: list[Contest], chosen: Picks) -> bytes:
    """Return the choice page: one for all residents of a district, in which the own marks are set."""
    made = get_template_attribute("components/basket.html", "ballot_basket")
    page = stencil.render("voting/choose.html", {"basket": made(paper, chosen)} if chosen else {},
                          {"paper": paper, "chosen": {}, "errors": {}, "asked": {}, "listed": None}, begun=bool(chosen),
                          pools=tuple(contest.pool.id for contest in paper))
    for name, uid in chosen.items():
        mark = f'id="{name}-{uid}"'.encode()
        page = page.replace(mark, mark + b" checked", 1)
    return page


def _show_again(edition: Edition, paper: list[Contest], chosen: Picks, refusal: BallotInvalid | None = None) -> str:
    """Return the choice page with what was sent; what somebody looks for stays out of addresses, it may tell a choice."""
    form = BallotForm(formdata=None)
    errors = form.point_out(refusal) if refusal else {}
    asked = {name: request.form.get(name, "").strip()[:MOST_LETTERS] for name in ("szukaj", "kategoria", "do")}
    return render_template("voting/choose.html", form=form, paper=paper, chosen=chosen, errors=errors, asked=asked,
                           listed=_list(edition, paper, chosen, asked))


def _list(edition: Edition, paper: list[Contest], chosen: Picks, asked: dict[str, str]) -> dict[int, list[Proposal]]:
    """Return by pool what somebody looks for, and what is chosen, whatever it is."""
    entries = cache.remember(("entries", edition.id), lambda: proposals_catalogue.load(edition))
    wanted = proposals_catalogue.Filters(words=asked["szukaj"], category=asked["kategoria"], cost_to=grosze(asked["do"]))
    slugs, kept = {entry.slug for entry in proposals_catalogue.search(entries, wanted)}, set(chosen.values())
    return {contest.pool.id: [row for row in contest.proposals if row.slug in slugs or row.uid in kept] for contest in paper}


@pages.get("/podsumowanie", guard=resident_required)
def review() -> Any:
    account, edition = current_user.account, _edition()
    voting.check_may_vote(account, edition, now=clock.now())
    picks = voting.load_draft(account, edition)
    try:
        marks = voting.read_picks(edition, _paper(edition, account), picks)
    except BallotInvalid as refusal:
        if picks:
            flash(" ".join(BallotForm(formdata=None).point_out(refusal).values()), "warning")
        raise
    own = {f"pick{at}": f"{row.title} ({row.number}, {money(row.cost)})" for at, (_slot, row) in enumerate(marks)}
    groups = groupby(enumerate(marks), lambda pick: pick[1].slot.pool.name)
    return stencil.render("voting/review.html", {"reviewed": voting.mark_reviewed(picks), **own}, pools=tuple(
        (name, tuple((f"pick{at}", mark.slot.points) for at, mark in picked)) for name, picked in groups))


@pages.post("/oddaj", guard=resident_required)
def cast_ballot() -> Any:
    account, edition, reviewed = current_user.account, _edition(), request.form.get("reviewed", "")
    try:
        session[RECEIPT] = voting.cast_ballot(account, edition, _paper(edition, account), reviewed=reviewed,
                                              address=request.remote_addr or "", now=clock.now())
        return redirect(url_for("voting.confirm"))
    except BallotChanged as error:
        return lead_on("voting.review", _(error.message), "warning")


@pages.get("/potwierdzenie", guard=resident_required)
def confirm() -> Any:
    """Show the confirmation number, once: it travelled in the voter's own cookie and is kept nowhere."""
    number = session.pop(RECEIPT, None)
    return render_template("voting/confirm.html", number=number) if number else redirect(url_for("voting.choose"))


def tell_why_not(refusal: PortalError) -> Any:
    """Tell on the choice page why nobody can choose; the other pages lead there, to the reason from the state in force then."""
    if request.path != url_for("voting.choose"):
        return redirect(url_for("voting.choose"))
    edition = _edition()
    return render_template("voting/state.html", refusal=refusal, phase=edition.phase(clock.now()),
                           ballot=dict(voting_person.own_ballots(current_user.account, [edition])).get(edition))


for refusal in (AlreadyVoted, PhaseClosed, MayNotVote, BallotInvalid, BallotIncomplete):
    pages.register_error_handler(refusal, tell_why_not)
