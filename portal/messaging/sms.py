"""Text messages through SMSAPI, a Polish gateway."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from smsapi.client import Client
from smsapi.exception import SmsApiException

from portal import crypto
from portal.config import settings
from portal.messaging import Undeliverable, outbox
from portal.messaging.rendering import Rendered
from portal.models import MessageState

TIMEOUT_SECONDS = 10  # A hanging gateway must not hold up the outbox.
NO_VALID_NUMBER, KNOWN_INDEX = 13, 53  # The gateway's own error codes.
# The gateway's own states. Of "not found" (401) and "unknown" (408) nothing follows.
STATES = {
    "404": (MessageState.DELIVERED, ""),
    "402": (MessageState.FAILED, outbox.UNREACHABLE),  # Expired.
    **dict.fromkeys(("405", "407"), (MessageState.FAILED, outbox.UNDELIVERABLE)),  # 407: rejected by the network.
    **dict.fromkeys(("406", "412"), (MessageState.FAILED, outbox.NETWORK_FAULT)),  # 412: stopped at the gateway.
    # 409: in the network's queue; 410: accepted by the network; 411: the network tries again.
    **dict.fromkeys(("403", "409", "410", "411"), (MessageState.SENT, "")),
}
MOST_REPORTS, LONGEST_NAME = 100, 100


def send(recipient: str, rendered: Rendered, key: str) -> str | None:
    """Hand one text message to the gateway and return its id there.

    The key goes along as the gateway's index, by which it refuses a repetition: then it has the message from an earlier try
    whose answer was lost, and its id there stays unknown. Raises Undeliverable for a number that the gateway refuses, any
    other error when it is worth trying again.
    """
    url, reports = urlsplit(settings.sms_url), f"{settings.base_url.rstrip('/')}/hooks/sms/{report_secret()}"
    scheme = "http" if url.scheme.endswith("+http") else "https"
    client = Client(f"{scheme}://{url.netloc.rpartition('@')[2]}/", access_token=url.username)
    sender = {"from_": settings.sms_sender} if settings.sms_sender else {}
    try:
        answer = client.sms.send(to=recipient, message=rendered.text, idx=key, check_idx=1, encoding="utf-8",
                                 notify_url=reports, timeout=TIMEOUT_SECONDS, **sender)
    except SmsApiException as error:
        if error.code == NO_VALID_NUMBER:
            raise Undeliverable(outbox.REFUSED_NUMBER) from None
        if error.code == KNOWN_INDEX:
            return None
        raise
    return str(next(answer).id)


def report_secret() -> str:
    """Return what the address for reports ends with, so that nobody but the gateway can report."""
    return crypto.keyed_hash("secret", "sms-hook")


def read_reports(told: Mapping[str, str]) -> Iterator[outbox.Report]:
    """Yield the reports of one call, which lists the parts of several in the same order; pass over what makes no sense."""
    states, ids, keys = (told.get(name, "").split(",", MOST_REPORTS)[:MOST_REPORTS] for name in ("status", "MsgId", "idx"))
    for at, status in enumerate(states):
        gateway_id, key = (_name(names[at]) if len(names) == len(states) else "" for names in (ids, keys))
        if status.strip() in STATES and (gateway_id or key):
            yield outbox.Report(*STATES[status.strip()], key, gateway_id)


def _name(text: str) -> str:
    """Return a name as the database can look for it, else nothing."""
    name = text.strip()
    return name if name.isprintable() and len(name) <= LONGEST_NAME else ""
