"""What jobs were for: a link with its name, looked up for a whole page at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import lazyload, load_only

from cms.accounts.models import User
from cms.accounts.policy import may
from cms.admin import columns
from cms.content.models import Article, Page
from cms.exchange.models import Export, Import
from cms.extensions import db
from cms.look import labelled
from cms.look import lazy as _l
from cms.mail.models import MailMessage
from cms.media.models import Document, Image
from cms.moving.models import SiteImport
from cms.notifications.models import AdminNotification
from cms.webhooks.models import WebhookDelivery

Ids = Collection[int]

_ID = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Kind:
    """One kind of thing: its word, its page, and a look-up of names by their ids."""

    word: Any
    endpoint: str
    names: Callable[[Ids], Mapping[int, str | None]]


def _names(kind: str, column: Any) -> Callable[[Ids], Mapping[int, str | None]]:
    """Look the names up in a column; None stands for one that the person may not see."""
    model = column.class_
    told = {"id", column.key, "owner_id", "user_id", "state", "private"}
    read = [getattr(model, name) for name in sorted(told & set(model.__table__.columns.keys()))]

    def look_up(ids: Ids) -> Mapping[int, str | None]:
        query = select(model).where(model.id.in_(ids)).options(load_only(*read), lazyload("*"))
        rows = db.session.scalars(query)
        return {row.id: getattr(row, column.key) if _may_see(kind, row) else None for row in rows}

    return look_up


def _may_see(kind: str, thing: Any) -> bool:
    open_to_all = getattr(thing, "is_live", False) or getattr(thing, "private", None) is False
    return open_to_all or may(current_user, "view", kind, thing)


def _no_names(_ids: Ids) -> Mapping[int, str | None]:
    return {}


def _what_happened(ids: Ids) -> Mapping[int, str | None]:
    query = select(AdminNotification).where(AdminNotification.id.in_(ids))
    return {row.id: _in_words(row) for row in db.session.scalars(query)}


def _in_words(notification: AdminNotification) -> str:
    sentence = notification.job_data.get("sentence")
    return _(sentence, **notification.job_data["facts"]) if sentence else notification.message


KINDS = {
    "article": Kind(_l("Article"), "article.edit_view", _names("article", Article.title)),
    "document": Kind(_l("Document"), "document.details_view", _names("document", Document.title)),
    "export": Kind(_l("Export"), "export.details_view", _names("export", Export.filename)),
    "image": Kind(_l("Picture"), "image.edit_view", _names("image", Image.title)),
    "import": Kind(_l("Import"), "import.details_view", _names("import", Import.filename)),
    "mail": Kind(_l("Mail"), "mail.details_view", _names("mail", MailMessage.recipient)),
    "notification": Kind(_l("Notification"), "notification.details_view", _what_happened),
    "page": Kind(_l("Page"), "page.edit_view", _names("page", Page.title)),
    "selection": Kind(_l("Selection"), "selection.details_view", _no_names),
    "site_import": Kind(
        _l("Whole site"), "site_import.details_view", _names("site_import", SiteImport.filename)
    ),
    "user": Kind(_l("Person"), "user.details_view", _names("user", User.email)),
    "webhook_delivery": Kind(
        _l("Webhook call"),
        "webhook_delivery.details_view",
        _names("webhook_delivery", WebhookDelivery.event),
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
    look_up([(kind, thing_id)])
    if _known().get((kind, str(thing_id)), "") is None:
        return f"{KINDS[kind].word} {thing_id}"
    address = url_for(KINDS[kind].endpoint, id=thing_id)
    return Markup('<a href="{}">{}</a>').format(address, columns.breakable(name_of(kind, thing_id)))


def _known() -> dict[tuple[str, str], str | None]:
    """Return the names found while this page is drawn."""
    if "names_of_subjects" not in g:
        g.names_of_subjects = {}
    known: dict[tuple[str, str], str | None] = g.names_of_subjects
    return known
