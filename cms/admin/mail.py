"""The mail that went out, waits, or could not be sent."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import gettext as _
from markupsafe import Markup

from cms.admin import columns
from cms.admin.columns import State
from cms.admin.lists import Tab
from cms.admin.worked_on import StateWithReason, WorkedOnView, preformatted
from cms.look import lazy as _l
from cms.mail.models import MailMessage, MailState

STATES = {
    MailState.WAITING: State(_l("Waiting"), "wait", "clock", moving=True),
    MailState.SENT: State(_l("Sent"), "ok", "circle-check"),
    MailState.FAILED: State(_l("Failed"), "bad", "alert-triangle"),
}


def text(_view: Any, _context: Any, message: MailMessage, _name: str) -> Any:
    """Draw the text of a mail; a confidential one is nobody's but the reader's."""
    if message.confidential:
        return _("Confidential: it is not shown, and erased once it is sent.")
    return preformatted(message.text)


def recipient(_view: Any, _context: Any, message: MailMessage, _name: str) -> Markup:
    """Draw the address, which may be long, so that it can break."""
    return Markup("<bdi>{}</bdi>").format(columns.breakable(message.recipient))


class MailView(WorkedOnView):
    """The mail, to be read; one that failed can be tried again."""

    kind, icon = "mail", "mail"
    name_column = "subject"

    column_list = ("subject", "recipient", "state", "created_at", "sent_at")
    column_details_list = (*column_list, "template", "locale", "text")
    column_labels: ClassVar[dict[str, Any]] = {
        "subject": _l("Subject"),
        "recipient": _l("To"),
        "state": _l("Status"),
        "created_at": _l("Written"),
        "sent_at": _l("Sent"),
        "template": _l("Template"),
        "locale": _l("Language"),
        "text": _l("Text"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "recipient": columns.as_cell("words", recipient),
        "state": StateWithReason(STATES),
        "created_at": columns.moment,
        "sent_at": columns.moment,
        "text": text,
    }
    column_sortable_list = ("created_at", "sent_at")
    column_searchable_list = ("subject", "recipient")
    column_filters = ("template", "created_at")
    tabs = (
        Tab("all", _l("All"), empty=_l("No mail has been written yet.")),
        Tab("waiting", _l("Waiting"), MailMessage.state == MailState.WAITING),
        Tab("sent", _l("Sent"), MailMessage.state == MailState.SENT),
        Tab(
            "failed",
            _l("Failed"),
            MailMessage.state == MailState.FAILED,
            empty=_l("No mail has failed."),
        ),
    )
