"""Server-side sessions behind the login cookie, and what slows guessing down."""

from datetime import datetime, timedelta

from peewee import JOIN, CharField, ForeignKeyField, IntegerField

from portal.models.account import Account, AccountState
from portal.models.base import BaseModel, Prepared, rules
from portal.models.district import District
from portal.models.fields import MomentField, PublicIdField
from portal.models.staff import Officer

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)


class Session(BaseModel):
    """One login of a resident or of an officer; the cookie holds the token, the row its hash."""

    uid = PublicIdField()
    token_hash = CharField(max_length=64, unique=True)
    account = ForeignKeyField(Account, null=True, backref="sessions", on_delete="CASCADE")
    officer = ForeignKeyField(Officer, null=True, backref="sessions", on_delete="CASCADE")
    created_at = MomentField()
    seen_at = MomentField()
    proved_at = MomentField()  # When the person last typed the password in this session.
    user_agent = CharField(max_length=200, default="")
    account_id: int | None
    officer_id: int | None

    Meta = rules(session_belongs_to_one_person="(account_id IS NULL) <> (officer_id IS NULL)")

    @classmethod
    def alive(cls, token_hash: str, at: datetime) -> "Session | None":
        """Return the session with its person, unless it idled for 30 minutes, is 12 hours old or the person is shut out."""
        return _alive.first(token_hash, at - IDLE, at - ABSOLUTE)

    @classmethod
    def of(cls, person: Account | Officer, at: datetime) -> "list[Session]":
        """Return the living sessions of a resident or an officer, the one used last first."""
        return (_of_account if isinstance(person, Account) else _of_officer).all(person.id, at - IDLE, at - ABSOLUTE)

    def ends_at(self) -> datetime:
        """Return when the session ends unless it is used before; used or not, it ends 12 hours after the login."""
        return min(self.seen_at + IDLE, self.created_at + ABSOLUTE)


class Throttle(BaseModel):
    """How often logging in failed in a row to an account, from an address or on a known device, and until when to wait."""

    scope = CharField(max_length=100, unique=True)
    failures = IntegerField(default=0)
    failed_at = MomentField(index=True)
    blocked_until = MomentField()

    Meta = rules(throttle_failures_are_not_negative="failures >= 0")


def _living(owner: ForeignKeyField) -> Prepared:
    return Prepared(lambda person, idle, age: Session.select().where(
        owner == person, Session.seen_at > idle, Session.created_at > age).order_by(Session.seen_at.desc(), Session.id.desc()))


_alive = Prepared(lambda token_hash, idle, age: (
    Session.select(Session, Account, District, Officer.id, Officer.uid, Officer.name, Officer.email, Officer.role, Officer.unit)
    .join(Account, JOIN.LEFT_OUTER).join(District, JOIN.LEFT_OUTER).switch(Session).join(Officer, JOIN.LEFT_OUTER)
    .where(Session.token_hash == token_hash, Session.seen_at > idle, Session.created_at > age,
           (Account.state == AccountState.ACTIVE) | Officer.active)))
_of_account, _of_officer = _living(Session.account), _living(Session.officer)
