"""The resident's own pages.

/moje-konto → /moje-konto/dane (Aktualizacja danych) → /moje-konto/dane/<datum>; a new phone number waits at
/moje-konto/dane/telefon/kod for its code, a new e-mail address for the link /moje-konto/dane/email/<token>.
/moje-konto/moje-dane (all data, to download) and /moje-konto/usun (the end of the account)
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from flask import Response, current_app, flash, get_template_attribute, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import access, clock, i18n, stencil
from portal.access import Pages, lead_on, open_form, resident_form, resident_required
from portal.config import settings
from portal.errors import (N_, BallotWouldGo, ChangeUnknown, CodeRefused, LoginRefused, NotFound, PeselTaken, PortalError,
                           Throttled, UnderCheck, require)
from portal.forms.base import BaseForm
from portal.forms.profile import AddressForm, DeleteAccountForm, EmailForm, IdentityForm, NamesForm, NoticesForm, PhoneForm
from portal.forms.registration import CodeForm, ConfirmEmailForm
from portal.models import Account, EmailChange, Phase, PhoneChange
from portal.services import code, login, profile, profile_export, registration, removal, voting_person
from portal.templating import current_edition

pages = Pages("profile", __name__, url_prefix="/moje-konto")


class Datum(NamedTuple):
    """One datum of the account, or some that belong together: its page, what stores it, what is said and shown then."""

    template: str
    form: Callable[[Account], Any]
    save: Callable[..., None]
    done: str = ""
    then: str = "profile.show_data"


DATA = {
    "imie-i-nazwisko": Datum("profile/change_names.html", NamesForm, profile.change_names, N_("Your name has been changed.")),
    "adres": Datum("profile/change_address.html", AddressForm, profile.change_address, N_("Your address has been changed.")),
    "powiadomienia": Datum("profile/change_notices.html", NoticesForm, profile.change_notices, N_("Your choice has been saved.")),
    "telefon": Datum("profile/change_phone.html", PhoneForm, lambda *whom, **values: profile.ask_phone_change(
        *whom, **values, address=request.remote_addr or ""), then="profile.enter_code"),
    "email": Datum("profile/change_email.html", EmailForm, profile.ask_email_change,
                   N_("An e-mail with a link is on its way to the new address. Open it within 24 hours.")),
    "pesel": Datum("profile/change_identity.html", IdentityForm, profile.change_identity, N_("Your data have been changed."))}
WAITING = {"telefon": PhoneChange, "email": EmailChange}


def _words_of(account: Account, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the words that differ from resident to resident, as they are read, and what many residents have alike."""
    waiting = profile.find_waiting(account, now=now)
    own = {"given_name": account.given_name, "name": account.name, "pesel": account.masked_pesel,
           "birth_date": i18n.day(account.birth_date), "district": account.district,
           "address": f"{account.street}, {account.postcode}", "email": account.email, "phone": i18n.phone(str(account.phone))}
    if waiting.phone:
        own["new_phone"] = i18n.phone(str(waiting.phone.phone))
    if waiting.email:
        own |= {"new_email": waiting.email.email, "asked_at": i18n.moment(waiting.email.created_at)}
    return own, {"has_pesel": bool(account.pesel), "confirmed": bool(account.email_confirmed_at),
                 "messages_in": i18n.LANGUAGES.get(account.language, account.language), "wants_news": account.wants_news,
                 "phone_waits": bool(waiting.phone), "email_waits": bool(waiting.email)}


@pages.get("", guard=resident_required)
def overview() -> bytes:
    account, edition, now = current_user.account, current_edition(), clock.now()
    own, alike = _words_of(account, now)
    phase = edition.phase(now) if edition else None
    voted = voting_person.own_ballots(account, [edition]) if phase in {Phase.VOTING, Phase.COUNTING, Phase.RESULTS} else []
    ballot = next(((one.state, one.channel, one.void_reason) for _edition, one in voted), None)
    return stencil.render("profile/overview.html", own, **alike, phase=phase, ballot=ballot)


@pages.get("/dane", guard=resident_required)
def show_data() -> bytes:
    own, alike = _words_of(current_user.account, clock.now())
    return stencil.render("profile/show_data.html", own, **alike, pesel_can_change=_pesel_can_change(current_user.account))


def _pesel_can_change(account: Account) -> bool:
    """Where the PESEL is switched off, a date of birth that follows from one stays as it is."""
    return settings.pesel_mode != "off" or not account.pesel


@pages.form(f"/dane/<any({', '.join(map(repr, DATA))}):datum>", guard=resident_form)
def change_datum(datum: str) -> Any:
    account, page, taken = current_user.account, DATA[datum], False
    require(datum != "pesel" or _pesel_can_change(account), NotFound)
    form = page.form(account)
    if form.validate_on_submit():
        try:
            _prove(form)
            page.save(account, **form.answers(), now=clock.now())
            if page.done:
                flash(_(page.done), "success")
            return redirect(url_for(page.then))
        except PortalError as error:
            taken = isinstance(error, PeselTaken)
            _refuse(form, error)
    if form.errors:
        return render_template(page.template, form=form, taken=taken), 400
    return stencil.render_form(page.template, form)


def _prove(form: BaseForm) -> None:
    """Have the current password checked where the form asks for it; raise LoginRefused, Throttled."""
    if "password" in form:
        login.prove(current_user.session, form.password.data, address=request.remote_addr or "", now=clock.now())


def _refuse(form: BaseForm, error: PortalError) -> None:
    """Show a refusal beside the field that it is about."""
    form.refuse(error, form.password if isinstance(error, (LoginRefused, Throttled)) else next(iter(form)))


@pages.form("/dane/telefon/kod", guard=resident_form)
def enter_code() -> Any:
    form = CodeForm()
    if form.validate_on_submit():
        try:
            profile.confirm_phone_change(current_user.account, form.code.data, now=clock.now())
            return lead_on("profile.show_data", _("Your new phone number is in force."))
        except CodeRefused as error:
            form.refuse(error, form.code if _standing().tries_left else None)
    return render_template("profile/enter_code.html", form=form, standing=_standing()), 400 if form.errors else 200


def _standing() -> code.Standing:
    """Return how it stands with the code of the own phone change; raise ChangeUnknown."""
    return code.standing(profile.find_phone_change(current_user.account, now=clock.now()), now=clock.now())


@pages.get("/dane/telefon/kod/stan", guard=resident_required)
def code_state() -> Any:
    """Answer with what has become of the text message, for the page to show without being loaded again."""
    return get_template_attribute("components/code.html", "sms_state")(_standing())


@pages.post("/dane/telefon/kod/nowy", guard=resident_form)
def resend_code() -> Any:
    return access.send_again(profile.resend_phone_code, current_user.account, address=request.remote_addr or "",
                             said=_("A new code is on its way. The earlier one no longer works."), then="profile.enter_code")


@pages.post("/dane/email/<any(potwierdzenie, ponownie):link>", guard=resident_form)
def send_link(link: str) -> Any:
    """Send again the link that confirms the address of the account, or the new one."""
    service = registration.send_confirmation if link == "potwierdzenie" else profile.resend_link
    said = _("An e-mail with a new link is on its way. The earlier link no longer works.")
    return access.send_again(service, current_user.account, said=said, then="profile.show_data")


@pages.post("/dane/anuluj/<any(telefon, email):datum>", guard=resident_required)
def cancel_change(datum: str) -> Any:
    profile.cancel_change(current_user.account, WAITING[datum], now=clock.now())
    return lead_on("profile.show_data", _("The change is cancelled. Everything stays as it was."))


@pages.form("/dane/email/<token>", guard=open_form)
def confirm_email(token: str) -> Any:
    form = ConfirmEmailForm()
    if form.validate_on_submit():
        profile.confirm_email_change(token, session=current_user.session, now=clock.now())
        return lead_on("profile.show_data" if current_user.account else "home.show_home",
                       _("Your new e-mail address is in force. From now on you log in with it."))
    return render_template("profile/confirm_email.html", form=form)


@pages.errorhandler(ChangeUnknown)
def lead_to_data(_error: ChangeUnknown) -> Any:
    """Show what the data are now to a resident whose change is done, cancelled or too old."""
    return redirect(url_for("profile.show_data"))


@pages.get("/moje-dane", guard=resident_required)
def own_data() -> bytes:
    return stencil.render("profile/own_data.html", {})


@pages.get("/moje-dane.json", guard=resident_required)
def download_data() -> Response:
    data = profile_export.export(current_user.account, now=clock.now())
    return current_app.response_class(json.dumps(data, ensure_ascii=False, indent=2) + "\n", mimetype="application/json",
                                      headers={"Content-Disposition": 'attachment; filename="moje-dane.json"'})


@pages.form("/usun", guard=resident_form)
def delete_account() -> Any:
    account, now = current_user.account, clock.now()
    editions = [edition for edition, _ballot in removal.at_stake(account, now=now)]
    form = DeleteAccountForm(has_ballots=bool(editions))
    if form.validate_on_submit():
        try:
            _prove(form)
            removal.delete_own_account(account, with_ballots=bool(editions), now=now)
            access.leave()
            return lead_on("home.show_home", _("Your account has been deleted. We have sent you an e-mail that says so."))
        except BallotWouldGo as error:  # Cast in another window just now: the page that comes asks about it.
            return lead_on("profile.delete_account", _(error.message), "warning")
        except (LoginRefused, Throttled, UnderCheck) as error:
            _refuse(form, error)
    return render_template("profile/delete_account.html", form=form, editions=editions), 400 if form.errors else 200
