"""The family of domain exceptions, with what each says to people and as which HTTP status.

Services raise them; a view catches those that its page can explain; the rest become an error page. Messages are English
msgids with named parameters, translated where they are shown.
"""

import logging
import math
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from flask import Flask

T = TypeVar("T")
log = logging.getLogger(__name__)


def N_(msgid: str) -> str:
    """Mark a text for translation where it is not shown yet."""
    return msgid


class PortalError(Exception):
    """A rule of the portal says no; what a kind of it says, and as which status, stands in its head."""

    status = 400
    heading: str | None = None  # The error page's, unless that of the status will do.
    headers: Mapping[str, str] = {}
    message = N_("This cannot be done.")

    def __init_subclass__(cls, *, message: str | None = None, status: int | None = None, heading: str | None = None) -> None:
        cls.message, cls.status, cls.heading = message or cls.message, status or cls.status, heading or cls.heading

    def __init__(self, message: str | None = None, **params: Any) -> None:
        self.message = message or type(self).message
        self.params = params
        super().__init__(self.message % params if params else self.message)


def require(found: T | None, error: PortalError | type[PortalError]) -> T:
    """Return what was found, what holds, or how many rows were changed; raise the error when that is nothing."""
    if not found:
        raise error
    return found


class Conflict(PortalError, status=409):
    """The state of things stands against it."""


class NotFound(PortalError, status=404, message=N_("The address may be mistyped or out of date, or the page is not yours.")):
    """There is no such thing, or it is not yours: the answer is the same."""


class LinkDead(NotFound, heading=N_("This link or page is no longer valid")):
    """An address that was known to one person alone leads nowhere: wrong, used, replaced or too old, the answer is the same."""


class TooMany(PortalError, status=429, message=N_("That was too many attempts. Please wait a while and try again.")):
    """Something was tried or sent too often."""


class Throttled(TooMany):
    """Too many failures came before this try; it was not looked at, and some time has to pass before the next."""

    def __init__(self, wait: timedelta) -> None:
        seconds = max(1, math.ceil(wait.total_seconds()))
        self.headers = {"Retry-After": str(seconds)}
        super().__init__(N_("There were too many failed attempts. Try again in %(seconds)s s.") if seconds <= 60 else
                         N_("There were too many failed attempts. Try again in %(minutes)s min."),
                         seconds=seconds, minutes=-(-seconds // 60))


class LoginRefused(PortalError, message=N_("The e-mail address or the password is not right.")):
    """E-mail, password or code do not match: which of them, nobody is told."""


class ResetUnknown(NotFound, heading=N_("This link is no longer valid"), message=N_(
        "A link for a new password works once, for 60 minutes, and only the newest one does.")):
    """A link that sets a new password is wrong, used, replaced, void or too old: the answer is the same."""


class RegistrationUnknown(LinkDead, message=N_(
        "This registration has ended, or its account is made already: then log in. Otherwise please begin again.")):
    """A registration is unknown, finished or expired: the answer is the same."""


class CodeRefused(PortalError, message=N_("This code is not right or no longer valid. Check the message or ask for a new code.")):
    """The code is wrong, expired or used: the answer is the same. That all tries are used up is said."""


class EnrolmentUnknown(LinkDead, message=N_(
        "An invitation to the panel works once, for three days. Perhaps you have set up your access already: then log in. "
        "Otherwise ask an administrator for a new invitation.")):
    """The link by which an officer sets up the own access is wrong, used, replaced or too old: the answer is the same."""


class NoAdministratorLeft(Conflict, message=N_(
        "This is the last administrator who can log in. Let somebody else become one first.")):
    """A change of officers' access would leave nobody who can give access."""


class PeselTaken(Conflict, message=N_("There already is an account for this PESEL number.")):
    """The PESEL has an account; told only to the person whose text message code was right."""


class EmailTaken(Conflict, message=N_("There already is an account for this e-mail address.")):
    """The e-mail address has got an account since a change to it was asked for; told only to who can read its letters."""


class ChangeUnknown(NotFound, message=N_("This change is no longer waiting for confirmation.")):
    """No correction waits for its code or link: it is done, cancelled, replaced or expired."""


class LinkUnknown(LinkDead, message=N_("This link is not valid or was used already.")):
    """A link from an e-mail is wrong, used, replaced, cancelled or expired: the answer is the same."""


class ChangedMeanwhile(Conflict, message=N_(
        "Your data were changed meanwhile, perhaps in another window. Look at them and try again.")):
    """The account is no longer what it was when the change began; nothing was stored."""


class NothingToChange(PortalError, message=N_("This is what your account says already.")):
    """A correction repeats what the account says."""


class BallotWouldGo(Conflict, message=N_(
        "Your ballot in the open voting would be removed together with the account. Tick that you want this.")):
    """Deleting the account would remove a ballot of an open voting, which the person has not agreed to."""


class UnderCheck(Conflict, message=N_(
        "Officers are checking this account or its ballot. Until they are done it cannot be deleted, and its PESEL number "
        "cannot be changed. Questions? Write to us.")):
    """An account can neither go nor get another PESEL while officers check its ballot, or whose number that is."""


class CaseUnknown(LinkDead, message=N_(
        "There is no case at this address. Compare it with the link in our e-mail. A case can be seen here for a year after "
        "its end.")):
    """The address of a case's status page is wrong, or the case was forgotten long after its end: the answer is the same."""


class OwnAccount(Conflict, message=N_(
        "This is the PESEL number of your own account, which you are logged in to. No report is needed.")):
    """Somebody who is logged in claims that the own account is a stranger's."""


class CaseChanged(Conflict, message=N_(
        "This case was changed after you opened it. Nothing was done. Look at how it stands now and decide anew.")):
    """A case is no longer as the officer has seen it."""


class StepForbidden(Conflict, message=N_("This step is not possible in the state that the case is in.")):
    """A case does not come to this state from the one that it is in."""


class SecondOfficerNeeded(PortalError, status=403, message=N_(
        "You asked for this removal yourself: a second officer has to approve it.")):
    """Whoever asked for a removal cannot approve it."""


class NoSuchAccount(Conflict, message=N_("There is no account with this PESEL number.")):
    """No account has the PESEL of a case."""


class ProposalChanged(Conflict, message=N_(
        "This project was changed after you opened it. Nothing was done. Look at how it stands now and decide anew.")):
    """A proposal is no longer as its officer or author has seen it."""


class MoveForbidden(Conflict, message=N_("This step is not possible in the state that the project is in.")):
    """A proposal does not come to this state from the one that it is in, or something that this needs is missing."""


class ProposalIncomplete(Conflict, message=N_("Some parts of the project are not finished yet.")):
    """Parts of a draft are still to be filled in; ``sections`` names them."""


class SupportRefused(Conflict, message=N_("This project does not collect support now.")):
    """Somebody cannot support a proposal, or cannot any more; the message says why."""


class InvitationRefused(Conflict, message=N_(
        "You are an author of this project already: the link is for the person to whom we have sent it.")):
    """Somebody cannot be invited as a co-author, or cannot become one; the message says why."""


class FileUnusable(PortalError, message=N_("This file cannot be used.")):
    """A file cannot be taken; the message says why, and nothing of it was kept."""


class FileTooSlow(FileUnusable):
    """Reading a file took too long: the others of the same upload are not looked at."""


class PhaseClosed(Conflict, message=N_("Voting is not open now.")):
    """The calendar of the edition does not allow this now."""


class MayNotVote(PortalError, status=403, message=N_("You cannot vote in this edition.")):
    """The person does not meet the conditions of the edition."""


class AlreadyVoted(Conflict, message=N_("Your ballot in this edition has already been cast. It can be cast only once.")):
    """There already is a ballot of this person in this edition, over whichever channel."""


class BallotIncomplete(Conflict, message=N_("Choose your projects first.")):
    """There is no complete choice to review or cast."""


class BallotChanged(Conflict, message=N_(
        "Your choice was changed after you reviewed it, perhaps in another window. This is what is saved now.")):
    """The choice is no longer the one that the voter reviewed; nothing was cast."""


class BallotInvalid(PortalError, message=N_("These choices cannot be accepted.")):
    """The picks of a ballot break rules; it tells the first, ``faults`` all, each of its ``slot``. Nothing was stored."""


class SheetRefused(Conflict, message=N_("This sheet waits for no such entry. Perhaps somebody else has just typed it in.")):
    """What an officer has typed of a paper ballot cannot be taken; the message says why, and nothing was stored."""


class ResultsSecret(Conflict, message=N_("Voting has not ended yet; nothing can be counted before.")):
    """Nothing about choices leaves the portal before voting ends."""


class ImportRefused(PortalError):
    """An import would contradict what is stored; nothing was changed."""


PAGES = {
    400: (N_("This request cannot be understood"), N_("Something in it is missing or has another form than expected.")),
    403: (N_("You may not do this"), N_("This page or action is not open to you.")),
    404: (N_("There is no such page"), N_("The address may be mistyped or out of date, or the page is not yours.")),
    405: (N_("This cannot be done like this"), N_("Please go back and use the button on the page.")),
    409: (N_("This is not possible now"), N_("The state of things has changed meanwhile, or the calendar does not allow it.")),
    413: (N_("This is too large"), N_("What you sent is larger than we can take. Nothing was stored.")),
    429: (N_("Too many attempts"), N_("Please wait a few minutes and try again.")),
    500: (N_("Something went wrong on our side"), N_("Nothing was lost that was confirmed to you. Please try again later."))}
PLAIN = '<!DOCTYPE html><html lang="{language}"><title>{heading}</title><h1>{heading}</h1><p>{text} {error_id}</p></html>'
EXPIRED = (N_("This page has expired"), N_("Please go back, copy what you have typed, reload the page and send the form again."))


def init_app(app: "Flask") -> None:
    """Answer every error with a page in the reader's language; what nobody foresaw is logged under an id."""
    from flask import render_template
    from flask_babel import gettext as _
    from flask_wtf.csrf import CSRFError
    from markupsafe import escape
    from werkzeug.exceptions import HTTPException

    from portal.i18n import language

    def page(status: int, heading: str, text: str, error_id: str = "") -> tuple[str, int]:
        try:
            return render_template("errors/error.html", heading=_(heading), text=text, status=status, error_id=error_id), status
        except Exception as second:  # The database is gone perhaps, or the host name is not ours: plain words are left.
            log.log(logging.ERROR if status >= 500 else logging.WARNING, "error page %s", error_id or status, exc_info=second)
            return PLAIN.format(language=language(), heading=escape(_(heading)), text=escape(text), error_id=error_id), status

    def rule(error: PortalError) -> tuple[str, int, Mapping[str, str]]:
        heading = error.heading or PAGES.get(error.status, PAGES[400])[0]
        return *page(error.status, heading, _(error.message, **error.params)), error.headers

    def http(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        status = error.code if error.code in PAGES else 400 if error.code < 500 else 500
        heading, text = EXPIRED if isinstance(error, CSRFError) else PAGES[status]
        return page(error.code, heading, _(text))

    def unforeseen(error: Exception) -> tuple[str, int]:
        error_id = secrets.token_hex(4)
        log.error("error %s", error_id, exc_info=error)
        return page(500, PAGES[500][0], _(PAGES[500][1]), error_id)

    app.register_error_handler(PortalError, rule)
    app.register_error_handler(HTTPException, http)
    app.register_error_handler(Exception, unforeseen)
