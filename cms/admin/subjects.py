"""What jobs were for: a link with its name, looked up for a whole page at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select

from cms.accounts.policy import may
from cms.admin import columns
from cms.exchange.models import Export, Import
from cms.extensions import db
from cms.look import labelled
from cms.mail.models import MailMessage
from cms.media.models import Image
from cms.notifications.models import AdminNotification
from cms.webhooks.models import WebhookDelivery

Ids = Collection[int]

_ID = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Kind:
    """One kind of thing: its word, its page, and a look-up of names by their ids."""

    word: Any
    endpoint: str
    names: Callable[[Ids], Mapping[int, str]]


def _names(column: Any) -> Callable[[Ids], Mapping[int, str]]:
    key = column.class_.id

    def look_up(ids: Ids) -> Mapping[int, str]:
        return dict(db.session.execute(select(key, column).where(key.in_(ids))).all())

    return look_up


def _no_names(_ids: Ids) -> Mapping[int, str]:
    return {}


def _what_happened(ids: Ids) -> Mapping[int, str]:
    query = select(AdminNotification).where(AdminNotification.id.in_(ids))
    return {row.id: _in_words(row) for row in db.session.scalars(query)}


def _in_words(notification: AdminNotification) -> str:
    sentence = notification.job_data.get("sentence")
    return _(sentence, **notification.job_data["facts"]) if sentence else notification.message


KINDS = {
    "export": Kind(_l("Export"), "export.details_view", _names(Export.filename)),
    "image": Kind(_l("Picture"), "image.edit_view", _names(Image.title)),
    "import": Kind(_l("Import"), "import.details_view", _names(Import.filename)),
    "mail": Kind(_l("Mail"), "mail.details_view", _names(MailMessage.recipient)),
    "notification": Kind(_l("Notification"), "notification.details_view", _what_happened),
    "selection": Kind(_l("Selection"), "selection.details_view", _no_names),
    "webhook_delivery": Kind(
        _l("Webhook call"), "webhook_delivery.details_view", _names(WebhookDelivery.event)
    ),
}


def look_up(things: Iterable[tuple[str | None, str | None]]) -> None:
    """Find the names of things, given by kind and id, before each of them is drawn."""
    known = _known()
    wanted: dict[str, set[int]] = {}
    for kind, thing_id in things:
        if kind in KINDS and (kind, thing_id) not in known and _ID.fullmatch(thing_id or ""):
            wanted.setdefault(str(kind), set()).add(int(thing_id or 0))
    for kind, ids in wanted.items():
        found = KINDS[kind].names(ids)
        known.update({(kind, str(number)): found.get(number, "") for number in ids})


def name_of(kind: str | None, thing_id: str | None) -> str:
    """Return what a thing is called: `Picture: Sunset`, or `Picture 7` if it has no name."""
    if kind not in KINDS:
        return thing_id or ""
    look_up([(kind, thing_id)])
    word, name = KINDS[kind].word, _known().get((kind, str(thing_id)))
    return labelled(word, name) if name else f"{word} {thing_id}"


def link(kind: str | None, thing_id: str | None) -> Any:
    """Draw what a job was for, as a link if the person may see it."""
    if kind not in KINDS:
        return columns.EMPTY
    if not may(current_user, "view", kind):
        return f"{KINDS[kind].word} {thing_id}"
    address = url_for(KINDS[kind].endpoint, id=thing_id)
    return Markup('<a href="{}">{}</a>').format(address, columns.breakable(name_of(kind, thing_id)))


def _known() -> dict[tuple[str, str], str]:
    """Return the names found while this page is drawn."""
    if "names_of_subjects" not in g:
        g.names_of_subjects = {}
    known: dict[tuple[str, str], str] = g.names_of_subjects
    return known
