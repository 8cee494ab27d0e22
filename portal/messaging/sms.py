"""Text messages through SMSAPI, a Polish gateway."""

from urllib.parse import urlsplit

from smsapi.client import Client
from smsapi.exception import SmsApiException

from portal.config import settings
from portal.messaging import Undeliverable
from portal.messaging.rendering import Rendered

TIMEOUT_SECONDS = 10  # A hanging gateway must not hold up the outbox.
NO_VALID_NUMBER, KNOWN_INDEX = 13, 53  # The gateway's own error codes.


def send(recipient: str, rendered: Rendered, key: str) -> str | None:
    """Hand one text message to the gateway and return its id there.

    The key goes along as the gateway's index, by which it refuses a repetition: then it has the message from an earlier try
    whose answer was lost, and its id there stays unknown. Raises Undeliverable for a number that the gateway refuses, any
    other error when it is worth trying again.
    """
    url = urlsplit(settings.sms_url)
    scheme = "http" if url.scheme.endswith("+http") else "https"
    client = Client(f"{scheme}://{url.netloc.rpartition('@')[2]}/", access_token=url.username)
    sender = {"from_": settings.sms_sender} if settings.sms_sender else {}
    try:
        answer = client.sms.send(to=recipient, message=rendered.text, idx=key, check_idx=1, encoding="utf-8",
                                 timeout=TIMEOUT_SECONDS, **sender)
    except SmsApiException as error:
        if error.code == NO_VALID_NUMBER:
            raise Undeliverable("the gateway refuses the number") from None
        if error.code == KNOWN_INDEX:
            return None
        raise
    return str(next(answer).id)
