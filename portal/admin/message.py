"""E-mails and text messages on their way, to read: where they stand and why one failed, never what they say."""

from flask_babel import lazy_gettext as _l

from portal import i18n
from portal.admin import labels
from portal.admin.base import PanelView, of_row
from portal.admin.filters import period
from portal.models import Message, Role


class MessageView(PanelView):
    """The outbox without its texts."""

    roles = (Role.ADMINISTRATOR, Role.COORDINATOR)
    column_list = ("created_at", "channel", "template", "masked_recipient", "state", "tries", "error")
    column_sortable_list = ("created_at", "state", "tries")
    column_formatters = {"template": of_row(lambda row: labels.in_words("message", row.template)),
                         "due_at": of_row(lambda row: "–" if row.sent_at else i18n.moment(row.due_at))}
    column_choices = {"channel": labels.MESSAGE_CHANNELS, "state": labels.MESSAGE_STATES, "language": [*i18n.LANGUAGES.items()]}
    column_filters = ("state", "channel", labels.worded(Message.template, _l("Message"), "message"), *period(Message.created_at))
    column_labels = {"created_at": _l("Created"), "channel": _l("Channel"), "template": _l("Message"),
                     "masked_recipient": _l("Recipient"), "language": _l("Language"), "state": _l("State"), "tries": _l("Tries"),
                     "due_at": _l("Next try"), "sent_at": _l("Sent at"), "error": _l("Error")}
