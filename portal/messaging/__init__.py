"""Messages to people: the outbox, its worker, and the gateways for e-mail and text messages."""


class Undeliverable(Exception):
    """The gateway refuses the message for good; trying again is pointless."""
