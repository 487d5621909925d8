"""What jobs were for, and what the audit trail tells of: a link with its name, looked up for a
whole page at once."""

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
from cms.content.models import Article, Category, Menu, Page, Redirect, Tag
from cms.exchange.models import Export, Import
from cms.extensions import db
from cms.jobs.models import Job, Selection
from cms.look import labelled
from cms.look import lazy as _l
from cms.mail.models import MailMessage
from cms.media.models import Document, Image, ImagePreset
from cms.moving.models import SiteImport
from cms.notifications.models import AdminNotification
from cms.webhooks.models import WebhookDelivery, WebhookEndpoint

Ids = Collection[Any]
Names = Mapping[Any, str | None]

_ID = re.compile(r"[0-9]{1,9}")


def _by_id(thing_id: str, _name: str) -> dict[str, Any]:
    return {"id": thing_id}


@dataclass(frozen=True)
class Kind:
    """One kind of thing: its word, its page, and a look-up of names by their ids: those that
    are there, None for one that the person may not see. `asks` gives what the page is asked
    with, by id and name; ids are numbers unless they are `texts`."""

    word: Any
    endpoint: str
    names: Callable[[Ids], Names]
    asks: Callable[[str, str], dict[str, Any]] = _by_id
    texts: bool = False


def _names(kind: str, column: Any) -> Callable[[Ids], Names]:
    """Look the names up in a column."""
    model = column.class_
    told = {"id", column.key, "owner_id", "user_id", "state", "private"}
    read = [getattr(model, name) for name in sorted(told & set(model.__table__.columns.keys()))]

    def look_up(ids: Ids) -> Names:
        query = select(model).where(model.id.in_(ids)).options(load_only(*read), lazyload("*"))
        rows = db.session.scalars(query)
        return {row.id: getattr(row, column.key) if _may_see(kind, row) else None for row in rows}

    return look_up


def _may_see(kind: str, thing: Any) -> bool:
    open_to_all = getattr(thing, "is_live", False) or getattr(thing, "private", None) is False
    return open_to_all or may(current_user, "view", kind, thing)


def _no_names(model: Any) -> Callable[[Ids], Names]:
    """Only look whether they are there."""
    return lambda ids: dict.fromkeys(
        db.session.scalars(select(model.id).where(model.id.in_(ids))), ""
    )


def _jobs(ids: Ids) -> Names:
    found = db.session.scalars(select(Job.id).where(Job.id.in_(ids)))
    return {job_id: Job(id=job_id).number for job_id in found}


def _menus(ids: Ids) -> Names:
    query = select(Menu).where(Menu.id.in_(ids))
    return {menu.id: f"{menu.name} {menu.language}" for menu in db.session.scalars(query)}


def _menu(_id: str, name: str) -> dict[str, Any]:
    return dict(zip(("name", "language"), name.split(), strict=False))


def _what_happened(ids: Ids) -> Names:
    query = select(AdminNotification).where(AdminNotification.id.in_(ids))
    return {row.id: _in_words(row) for row in db.session.scalars(query)}


def _in_words(notification: AdminNotification) -> str:
    sentence = notification.job_data.get("sentence")
    return _(sentence, **notification.job_data["facts"]) if sentence else notification.message


KINDS = {
    "article": Kind(_l("Article"), "article.edit_view", _names("article", Article.title)),
    "category": Kind(_l("Category"), "category.edit_view", _names("category", Category.title)),
    "document": Kind(_l("Document"), "document.details_view", _names("document", Document.title)),
    "export": Kind(_l("Export"), "export.details_view", _names("export", Export.filename)),
    "image": Kind(_l("Picture"), "image.edit_view", _names("image", Image.title)),
    "image_preset": Kind(
        _l("Preset"),
        "image_preset.edit_view",
        _names("image_preset", ImagePreset.name),
        asks=lambda _id, name: {"id": name},
    ),
    "import": Kind(_l("Import"), "import.details_view", _names("import", Import.filename)),
    "job": Kind(_l("Job"), "job.details_view", _jobs, texts=True),
    "mail": Kind(_l("Mail"), "mail.details_view", _names("mail", MailMessage.recipient)),
    "menu": Kind(_l("Menu"), "menu.edit", _menus, asks=_menu),
    "notification": Kind(_l("Notification"), "notification.details_view", _what_happened),
    "page": Kind(_l("Page"), "page.edit_view", _names("page", Page.title)),
    "redirect": Kind(_l("Redirect"), "redirect.edit_view", _names("redirect", Redirect.source)),
    "selection": Kind(_l("Selection"), "selection.details_view", _no_names(Selection)),
    "site_import": Kind(
        _l("Whole site"), "site_import.details_view", _names("site_import", SiteImport.filename)
    ),
    "tag": Kind(_l("Tag"), "tag.edit_view", _names("tag", Tag.title)),
    "user": Kind(_l("Person"), "user.details_view", _names("user", User.email)),
    "webhook": Kind(_l("Webhook"), "webhook.details_view", _names("webhook", WebhookEndpoint.name)),
    "webhook_delivery": Kind(
        _l("Webhook call"),
        "webhook_delivery.details_view",
        _names("webhook_delivery", WebhookDelivery.event),
    ),
}


def look_up(things: Iterable[tuple[str | None, str | None]]) -> None:
    """Find the names of things, given by kind and id, before each of them is drawn."""
    known = _known()
    wanted: dict[str, set[str]] = {}
    for kind, thing_id in things:
        if kind in KINDS and thing_id and (kind, thing_id) not in known:
            wanted.setdefault(str(kind), set()).add(thing_id)
    for kind, ids in wanted.items():
        texts = KINDS[kind].texts
        keys = {one if texts else int(one) for one in ids if texts or _ID.fullmatch(one)}
        found = {str(key): name for key, name in KINDS[kind].names(keys).items()} if keys else {}
        known.update({(kind, one): found.get(one) for one in ids})


def name_of(kind: str | None, thing_id: str | None) -> str:
    """Return what a thing is called: `Picture: Sunset`, or `Picture 7` if it has no name."""
    if kind not in KINDS:
        return thing_id or ""
    look_up([(kind, thing_id)])
    word, name = KINDS[kind].word, _known().get((kind, str(thing_id)))
    return labelled(word, name) if name else f"{word} {thing_id}"


def is_there(kind: str | None, thing_id: str | None) -> bool:
    """Tell whether a thing is there, and not in the trash, and the person may see it."""
    if kind not in KINDS or not may(current_user, "view", kind):
        return False
    look_up([(kind, thing_id)])
    return _known().get((kind, str(thing_id))) is not None


def title_of(kind: str | None, thing_id: str) -> str | None:
    """Return the title of a thing, None if it has none or is not the person's to see."""
    look_up([(kind, thing_id)])
    return _known().get((str(kind), thing_id))


def link(kind: str | None, thing_id: str | None) -> Any:
    """Draw a thing, as a link if it is there and the person may see it."""
    if kind not in KINDS:
        return columns.EMPTY
    if not is_there(kind, thing_id):
        return f"{KINDS[kind].word} {thing_id}"
    asked = KINDS[kind].asks(str(thing_id), _known()[kind, str(thing_id)] or "")
    address = url_for(KINDS[kind].endpoint, **asked)
    return Markup('<a href="{}">{}</a>').format(address, columns.breakable(name_of(kind, thing_id)))


def _known() -> dict[tuple[str, str], str | None]:
    """Return the names found while this page is drawn."""
    if "names_of_subjects" not in g:
        g.names_of_subjects = {}
    known: dict[tuple[str, str], str | None] = g.names_of_subjects
    return known
