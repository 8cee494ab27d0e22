"""Voting on paper in the panel: points with their sheets in numbers, the clerk's counter, the third look, papers to print."""

from typing import Any

from flask import Response, flash, redirect, request
from flask_admin import expose
from flask_babel import force_locale, gettext as _, lazy_gettext as _l
from flask_login import current_user
from peewee import fn
from wtforms.validators import Optional

from portal import clock, i18n
from portal.access import lead_on
from portal.admin.assessment_edition import editions
from portal.admin.base import PanelView, of_row
from portal.admin.filters import OneOf
from portal.errors import AlreadyVoted, BallotInvalid, MayNotVote, PhaseClosed, SheetRefused
from portal.forms.paper import REASONS, SheetForm, sheet_form
from portal.models import District, Edition, InvalidReason, Role, Sheet, SheetState, VotingPoint
from portal.services import paper, voting

STATES = {SheetState.ENTERED: _l("Waits for the second entry"), SheetState.DIFFERS: _l("To be decided by a third officer"),
          SheetState.RECORDED: _l("Recorded as a ballot"), SheetState.INVALID: _l("Kept as invalid")}
PAGES = {"enter_view": _l("First entry"), "again_view": _l("Second entry"), "settle_view": _l("Third look"),
         "ballots_view": _l("Ballot papers")}


class VotingPointView(PanelView):
    """Where people vote on paper. Coordinators write the points down; clerks type in their sheets, each one twice."""

    roles = (Role.CLERK, Role.COORDINATOR)
    restricted = dict.fromkeys(("create_view", "edit_view"), (Role.COORDINATOR,))
    can_create = can_edit = True
    column_list = ("name", "edition", "address", "sheets_received", "missing", *SheetState)
    column_default_sort = ("name", False)
    column_filters = (OneOf(VotingPoint.edition, _l("Edition"), editions),)
    column_formatters = {"missing": of_row(lambda row: (
        None if row.sheets_received is None else row.sheets_received - sum(getattr(row, state) for state in SheetState)))}
    column_labels = {"name": _l("Voting point"), "edition": _l("Edition"), "address": _l("Address"),
                     "sheets_received": _l("Sheets received"), "missing": _l("Not typed in yet"), **STATES, **dict(REASONS)}
    form_columns = ("edition", "name", "address", "sheets_received")
    refusals = {"voting_point_edition_id": ("name", _l("There already is a voting point with this name."))}

    def get_query(self) -> Any:
        counts = [Sheet.select(fn.COUNT(Sheet.id)).where(Sheet.point == VotingPoint.id, column == value).alias(value)
                  for column, kind in ((Sheet.state, SheetState), (Sheet.invalid_reason, InvalidReason)) for value in kind]
        return super().get_query().select_extend(Edition, *counts).join(Edition)

    def narrow(self, form: Any, _row: VotingPoint) -> None:
        del form.edition

    def row_steps(self, _row: VotingPoint) -> dict[str, Any]:
        return PAGES

    def type_in(self, point: VotingPoint, form: SheetForm, act: Any, **shown: Any) -> Any:
        """Do what a valid form says: with a sheet, and begin with the next one; with a person, and tell who may vote."""
        done = None
        with form.refusing(AlreadyVoted, BallotInvalid, MayNotVote, PhaseClosed, SheetRefused):
            done = form.validate_on_submit() and act()
        if done in STATES:
            flash(_("Sheet %(number)s: %(state)s.", number=form.number.data, state=STATES[done]), "success")
            return redirect(request.full_path)
        return self.render("admin/paper/sheet.html", model=point, form=form, may_vote=done, **shown), 400 if form.errors else 200

    @expose("/pierwszy-wpis/", methods=("GET", "POST"))
    def enter_view(self) -> Any:
        point, me = self.find(), current_user.officer
        form = sheet_form(point.edition, asks_person=True)
        if "check" in request.form:
            form.number.validators = form.district.validators = [Optional()]
            return self.type_in(point, form, lambda: paper.check_voter(point, me, form.person(), now=clock.now()))
        return self.type_in(point, form, lambda: paper.enter_sheet(point, form.number.data, me, form.entry(point.edition),
                                                                   person=form.person(), now=clock.now()))

    @expose("/drugi-wpis/", methods=("GET", "POST"))
    def again_view(self) -> Any:
        return self.enter_again(self.find())

    @expose("/trzeci-wpis/", methods=("GET", "POST"))
    def settle_view(self) -> Any:
        point, me = self.find(), current_user.officer
        waiting = Sheet.select().where(Sheet.point == point, Sheet.state == SheetState.DIFFERS, Sheet.first_officer != me,
                                       Sheet.second_officer != me).order_by(Sheet.number)
        sheet = next((row for row in waiting if request.form.get("number", str(row.number)) == str(row.number)), None)
        if sheet is None:
            said = _("No sheet of this point waits for a third officer, or you have typed it in yourself.")
            return lead_on(".index_view", said, "message")
        entries = [{"reason": dict(REASONS).get(entry.reason), "district": District.get_or_none(id=entry.district),
                    **{paper.field_of(mark.slot): mark.proposal for mark in entry.marks(point.edition)}}
                   for entry in paper.entries(sheet)]
        return self.enter_again(point, entries, number=sheet.number)

    def enter_again(self, point: VotingPoint, entries: Any = (), **known: Any) -> Any:
        """Take the second entry of a sheet, or the third beside the two that differ."""
        form, me = sheet_form(point.edition, **known), current_user.officer
        return self.type_in(point, form, lambda: paper.enter_again(
            point, form.number.data, me, form.entry(point.edition), third=bool(entries), now=clock.now()), entries=entries)

    @expose("/karty-do-glosowania/")
    def ballots_view(self) -> Any:
        from portal.paper import Paper  # fpdf2 takes 25 MB of every process that has loaded it.

        point = self.find()
        district = next((row for row in District.of_city() if str(row.id) == request.args.get("district")), None)
        if district is None:
            return self.render("admin/paper/ballots.html", model=point, districts=District.of_city())
        with force_locale(i18n.DEFAULT):
            sheet = Paper(_("%(district)s, page %(page)s of %(pages)s", district=district, page="{page}", pages="{nb}"))
            data = sheet.print("admin/paper/ballot.html", edition=point.edition, district=district,
                               paper=voting.ballot_paper(point.edition, district))
        name = f"karta-{point.edition.code}-{district.number}.pdf"
        return Response(data, mimetype="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})
