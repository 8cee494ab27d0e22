"""What the pages of a resident say of the account: the own words, and what else the pages show because of them."""

from typing import Any

from portal import i18n
from portal.models import Account
from portal.services.profile import Waiting


def words_of(account: Account, waiting: Waiting) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the words that differ from resident to resident, as they are read, and what many residents have alike."""
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
