"""Making what a site that is taken in consists of, thing by thing."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from types import ModuleType
from typing import Any
from urllib.parse import unquote

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from cms import clock
from cms.accounts.models import User
from cms.audit import values
from cms.audit.services import record
from cms.config import settings
from cms.content import (
    articles,
    bodies,
    categories,
    languages,
    pages,
    redirects,
    revisions,
    slugs,
    tags,
    writing,
)
from cms.content.errors import AtField, UnknownLanguage
from cms.content.life import STEPS
from cms.content.models import Category, State, Writing
from cms.content.slugs import SlugTaken
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.imaging.probe import probe
from cms.jobs.task import checkpoint
from cms.media import document_types, documents, lookalikes, services
from cms.media.incoming import IncomingFile
from cms.media.models import Document, Image
from cms.moving import fetching, items, links, reading
from cms.moving.models import ImportItem, ItemState, SiteImport, What
from cms.moving.things import Note, moment
from cms.storage.base import MissingFile, StorageAway, StorageFull
from cms.tasks import content as live
from cms.tasks.documents import process_document
from cms.tasks.images import process_image

logger = logging.getLogger(__name__)

_TEXTS: dict[What, ModuleType] = {What.PAGE: pages, What.ARTICLE: articles}
_FILES = (What.PICTURE, What.DOCUMENT)
# What one thing can break on without the others; a database or a disk that fails is no such.
_MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError,
             TypeError, ValueError)  # fmt: skip
LONGEST_ALT = 500
LONGEST_FILENAME = 255
LONGEST_TITLE_FROM_TEXT = 60


class Builder:
    """Makes the things of one import, for the person `by`; `media` has their files."""

    def __init__(self, job: SiteImport, by: User, media: fetching.Media) -> None:
        self.job, self.by, self._media = job, by, media

    def step(self) -> bool:
        """Take the next thing one step further, and commit. False when all are written."""
        for state, act in (
            (ItemState.WAITING, self._make),
            (ItemState.MADE, self._write),
        ):
            item = items.next_open(self.job, state)
            if item is not None:
                self._do(item, act)
                return True
        return False

    def publish(self) -> Iterator[bool]:
        """Publish what is written and whose pictures are ready, one after the other; yield
        of each whether it still waits."""
        for what in _TEXTS:
            last = 0
            while item := items.next_of(self.job, what, ItemState.WRITTEN, last):
                last = item.id
                self._do(item, self._go_live)
                yield item.state is ItemState.WRITTEN

    def _do(self, item: ImportItem, act: Any) -> None:
        """Do it to a thing; what cannot be done is told, and keeps none of the others."""
        try:
            if item.what in _FILES:
                self._make_file(item)
            else:
                with db.session.begin_nested():
                    act(item)
        except (MissingFile, StorageAway, StorageFull):  # not of this thing, and may be mended
            raise
        except CmsError as error:
            self._cannot(item, error.sentence, **error.facts)
        except _MISTAKES:
            logger.exception("import %s: %s %s broke", self.job.id, item.what, item.ref)
            self._cannot(item, N_("It could not be imported: the log of the program says why."))
        if item.state not in items.OPEN:
            items.is_whole(self.job, item)
            item.data = {}
            self.job.done += 1
        checkpoint()

    def _cannot(self, item: ImportItem, sentence: str, **facts: Any) -> None:
        self._tell(item, sentence, **facts)
        item.state = ItemState.DONE if item.thing_id else ItemState.LEFT

    def _tell(self, item: ImportItem, sentence: str, **facts: Any) -> None:
        items.tell(self.job, [Note(sentence, facts, item.title)])

    def _make(self, item: ImportItem) -> None:
        if item.what is What.CATEGORY:
            self._make_category(item, frozenset())
        else:
            self._make_text(item, frozenset())

    def _language(self, item: ImportItem) -> str:
        given = item.data.get("language")
        if not given:
            return self.job.language
        try:
            return languages.of_tag(given) or languages.check(given)
        except UnknownLanguage as error:
            self._tell(item, error.sentence)
            return self.job.language

    # Files

    def _make_file(self, item: ImportItem) -> None:
        keep = self._picture if item.what is What.PICTURE else self._document
        path, url = item.data.get("path"), item.data.get("url")
        name = unquote((path or url or "").rpartition("/")[2])[:LONGEST_FILENAME] or "file"
        checkpoint()  # nothing is locked, or held up, while a file is fetched
        with closing(self._media.take(path, url)) as file:
            file.sync()
            with db.session.begin_nested():
                items.came(self.job, item, keep(item, name, file))
                item.state = ItemState.DONE

    def _picture(self, item: ImportItem, name: str, file: IncomingFile) -> Image:
        found = probe(file.path, max_pixels=settings().image_max_pixels)
        image = next(iter(lookalikes.same_file(file.sha256)), None)
        if image is None:
            image = services.add_picture(name, file, found, self.by)
            image.title = item.title or image.title
            image.alt_text = (item.data.get("alt") or "")[:LONGEST_ALT]
            record("upload", image, filename=name, size=image.size)
            process_image.submit(image.id)
        return image

    def _document(self, item: ImportItem, name: str, file: IncomingFile) -> Document:
        if file.size > settings().document_max_mb * 1_000_000:
            raise fetching.FileTooLarge(limit=settings().document_max_mb)
        kind = document_types.recognised(file.path, name, settings().document_types)
        same = (one for one in documents.same_file(file.sha256) if not one.private)
        document = next(same, None)
        if document is None:
            document = documents.add(name, file, kind, self.by, private=False)
            document.title = item.title or document.title
            record("upload", document, filename=name, size=document.size, private=False)
            process_document.submit(document.id)
        return document

    # Categories and texts are made, those that they stand below first

    def _above(self, item: ImportItem, seen: frozenset[int]) -> Any:
        """Return what a thing is to stand below; it is made first. None if that is nothing."""
        local = item.data.get("parent")
        found = items.by_local(self.job, local)
        if found is None or found.what is not item.what or found.id in seen:
            if local and not seen:
                self._tell(item, N_("What it stood below is not there: it stands at the top."))
            return None
        if found.state is ItemState.WAITING:
            if item.what is What.CATEGORY:
                self._make_category(found, seen | {item.id})
                self.job.done += 1
            else:
                self._make_text(found, seen | {item.id})
        model = items.MODELS[item.what]
        return db.session.get(model, found.thing_id) if found.thing_id else None

    def _make_category(self, item: ImportItem, seen: frozenset[int]) -> None:
        language, parent = self._language(item), self._above(item, seen)
        slug = slugs.slug_from(item.data.get("slug") or item.title, Category.kind)
        path = f"{parent.path}/{slug}" if parent else slug
        there = select(Category).where(Category.language == language, Category.path == path)
        category = db.session.scalar(there)
        if category is None:
            category = self._placed(
                item,
                parent,
                lambda above: categories.create(
                    item.title, language=language, parent=above, slug=slug
                ),
            )
            record("create", category, **values.made(values.columns(category)))
        items.came(self.job, item, category)
        item.state = ItemState.DONE

    def _make_text(self, item: ImportItem, seen: frozenset[int]) -> None:
        data, language = item.data, self._language(item)
        fields = {
            "title": item.title or self._title(item),
            "summary": (data.get("summary") or "")[: writing.LONGEST_SUMMARY],
            **{name: (data.get(name) or "")[:limit] for name, limit in writing.LINES.items()
               if name != "title"},
        }  # fmt: skip
        owner = reading.author(data.get("author") or "") or self.by
        parent = self._above(item, seen) if item.what is What.PAGE else None
        if item.what is What.ARTICLE:
            fields |= self._order(item, language)

        def make(above: Any, **more: Any) -> Writing:
            place = {"parent_id": above.id if above else None} if item.what is What.PAGE else {}
            made: Writing = _TEXTS[item.what].create(
                owner, language=language, **fields, **place, **more
            )
            return made

        wanted = slugs.slug_from(data.get("slug") or fields["title"], item.what.value)
        thing = self._placed(item, parent, lambda above: self._with_slug(item, above, wanted, make))
        thing.created_at = moment(data.get("date")) or thing.created_at
        record("create", thing, language=language, **revisions.changes_of(thing))
        items.came(self.job, item, thing)
        item.title, item.state = thing.title, ItemState.MADE

    def _title(self, item: ImportItem) -> str:
        words = bodies.text(bodies.clean(item.data.get("body") or ""))
        self._tell(item, N_("It had no title, and has got one."))
        with force_locale(self.job.language):
            untitled: str = _("Untitled")
        return " ".join(words.split())[:LONGEST_TITLE_FROM_TEXT] or untitled

    def _with_slug(self, item: ImportItem, above: Any, slug: str, make: Any) -> Writing:
        try:
            with db.session.begin_nested():
                made: Writing = make(above, slug=slug)
        except SlugTaken as error:
            made = make(above, slug=str(error.facts["free"]))
            self._tell(item, N_("“%(slug)s” was taken: its address ends in “%(free)s”."),
                       **error.facts)  # fmt: skip
        return made

    def _placed(self, item: ImportItem, parent: Any, make: Any) -> Any:
        """Make a thing below another, or where that cannot be, below what is above that."""
        while True:
            try:
                with db.session.begin_nested():
                    return make(parent)
            except AtField as error:
                if parent is None or error.field != "parent":
                    raise
                self._tell(item, error.sentence, **error.facts)
                parent = parent.parent

    def _order(self, item: ImportItem, language: str) -> Mapping[str, Any]:
        """Return the category of an article, and its tags: an article stands in one category,
        so the others are tags."""
        found = [items.by_local(self.job, local) for local in item.data.get("categories") or ()]
        there = [one for one in found if one is not None and one.thing_id]
        shelves = [db.session.get(Category, one.thing_id) for one in there]
        mine = [shelf for shelf in shelves if shelf is not None and shelf.language == language]
        deepest = max(mine, key=lambda shelf: shelf.path.count("/"), default=None)
        above = {shelf.id for shelf in mine if deepest and _is_above(shelf, deepest)}
        others = [shelf.title for shelf in mine if shelf is not deepest and shelf.id not in above]
        if others:
            self._tell(item, N_("An article has one category. These are tags now: %(names)s."),
                       names=", ".join(others))  # fmt: skip
        words = [word[: tags.LONGEST] for word in (*(item.data.get("tags") or ()), *others)]
        return {"category_id": deepest.id if deepest else None, "tags": words}

    # Texts are written once all are made, so that each can link to each

    def _write(self, item: ImportItem) -> None:
        thing, status = self._thing(item), item.data.get("status")
        item.state = ItemState.DONE
        if thing is None:
            return
        if thing.version == 1:  # or it is written, by an import that was left, or by a person
            self._fill(item, thing)
        if thing.state is not State.DRAFT or status == "draft":
            return
        if status == "review":
            live.take(thing, STEPS["submit"])
        else:
            item.state = ItemState.WRITTEN

    def _fill(self, item: ImportItem, thing: Any) -> None:
        cover = items.by_local(self.job, item.data.get("cover"))
        cover_id = cover.thing_id if cover and cover.what is What.PICTURE else None
        if item.data.get("cover") and cover_id is None:
            self._tell(item, N_("Its cover is not there."))
        body = links.rewrite(
            self.job,
            item.data.get("body") or "",
            lambda sentence, **facts: self._tell(item, sentence, **facts),
        )
        fields: dict[str, Any] = {"body": body}
        if item.what is What.ARTICLE:
            fields["cover_id"] = cover_id
        elif cover_id:
            fields["body"] = links.figure(cover_id) + body
        _TEXTS[item.what].save(thing, thing.owner, **fields)
        self._dated(thing, item.data)

    def _thing(self, item: ImportItem) -> Any:
        """Return what an item became, held; None if it is in the trash, or gone."""
        thing = db.session.get(items.MODELS[item.what], item.thing_id)
        if thing is None or thing.in_trash:
            return None
        writing.hold(thing)
        return thing

    def _dated(self, thing: Writing, data: Mapping[str, Any]) -> datetime:
        then = moment(data.get("date")) or clock.now()
        thing.changed_at = moment(data.get("modified")) or then
        return then

    def _go_live(self, item: ImportItem) -> None:
        thing, data = self._thing(item), item.data
        item.state = ItemState.DONE
        if thing is None or thing.state is not State.DRAFT:
            return
        then = self._dated(thing, data)
        name = "publish" if then <= clock.now() else "schedule"
        if name == "schedule":
            thing.publish_at, thing.zone = then, settings().time_zone
        if problems := list(live.problems(thing, STEPS[name])):
            if all(isinstance(problem, live.PictureWaits) for problem in problems):
                item.state = ItemState.WRITTEN
                return
            self._stays_a_draft(item, thing, problems)
            return
        live.take(thing, STEPS[name])
        if thing.is_live:
            thing.published_at = then
        if data.get("redirect"):
            redirects.lead(data["redirect"], thing)

    def _stays_a_draft(self, item: ImportItem, thing: Writing, problems: list[AtField]) -> None:
        thing.publish_at = thing.zone = None
        for problem in problems:
            self._tell(item, problem.sentence, **problem.facts)
        self._tell(item, N_("It stays a draft."))


def _is_above(shelf: Category, other: Category) -> bool:
    return shelf is not other and other.path.startswith(f"{shelf.path}/")
