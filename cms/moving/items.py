"""What is known of the things of an import, and what is said of them. Callers commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update

from cms import trash
from cms.content.models import Article, Category, Page
from cms.extensions import db
from cms.media.models import Document, Image
from cms.moving.models import (
    ImportItem,
    ImportNote,
    ImportOrigin,
    ItemState,
    SiteImport,
    What,
    origin_key,
)
from cms.moving.things import LOCAL, Note, full_size, shortened

MODELS: dict[What, type[Any]] = {
    What.CATEGORY: Category,
    What.PICTURE: Image,
    What.DOCUMENT: Document,
    What.PAGE: Page,
    What.ARTICLE: Article,
}
OPEN = (ItemState.WAITING, ItemState.MADE, ItemState.WRITTEN)


def tell(job: SiteImport, notes: Iterable[Note]) -> None:
    """Keep what is to be known."""
    for note in notes:
        db.session.add(
            ImportNote(
                import_id=job.id,
                title=shortened(note.title),
                sentence=note.sentence,
                facts=dict(note.facts),
            )
        )
    db.session.flush()


def forget(job: SiteImport) -> None:
    """Forget what is known of an import's things. What they became stays."""
    for model in (ImportItem, ImportNote):
        db.session.execute(delete(model).where(model.import_id == job.id))


def by_local(job: SiteImport, local: str | None) -> ImportItem | None:
    """Return what the file calls by this name."""
    if not local:
        return None
    query = select(ImportItem).where(ImportItem.import_id == job.id, ImportItem.local == local)
    return db.session.scalars(query.order_by(ImportItem.id).limit(1)).first()


def at(job: SiteImport, key: str | None, *whats: What) -> ImportItem | None:
    """Return what was at an address, as `things.key_of` gives it."""
    if not key:
        return None
    wanted = {key, full_size(key)}
    stem, dot, ending = full_size(key).rpartition(".")
    wanted.add(f"{stem}-scaled{dot}{ending}")
    column = ImportItem.local if key.startswith(LOCAL) else ImportItem.address
    query = select(ImportItem).where(ImportItem.import_id == job.id, column.in_(wanted))
    found = db.session.scalars(query.where(ImportItem.what.in_(whats or [*What]))).all()
    return min(found, key=lambda item: (item.address != key, item.id), default=None)


def next_open(job: SiteImport, state: ItemState) -> ImportItem | None:
    """Return the next thing in a state, in the order in which they are made."""
    return next(filter(None, (next_of(job, what, state) for what in What)), None)


def next_of(job: SiteImport, what: What, state: ItemState, after: int = 0) -> ImportItem | None:
    """Return the next thing of a kind and in a state, after one of that id."""
    query = select(ImportItem).where(
        ImportItem.import_id == job.id,
        ImportItem.state == state,
        ImportItem.what == what,
        ImportItem.id > after,
    )
    return db.session.scalars(query.order_by(ImportItem.id).limit(1)).first()


def count(job: SiteImport) -> dict[What, Counter[ItemState]]:
    """Return how many there are of each kind, by where they stand."""
    query = (
        select(ImportItem.what, ImportItem.state, func.count())
        .where(ImportItem.import_id == job.id)
        .group_by(ImportItem.what, ImportItem.state)
    )
    found: dict[What, Counter[ItemState]] = {what: Counter() for what in What}
    for what, state, number in db.session.execute(query):
        found[what][state] = number
    return found


def notes(job: SiteImport, limit: int, page: int = 0) -> Sequence[ImportNote]:
    """Return what is to be known, in the order in which it was found."""
    query = select(ImportNote).where(ImportNote.import_id == job.id).order_by(ImportNote.id)
    return db.session.scalars(query.offset(page * limit).limit(limit)).all()


def still_open(job: SiteImport) -> int:
    """Return how many are still to be made, written or published."""
    return sum(states[state] for states in count(job).values() for state in OPEN)


def new(states: Counter[ItemState]) -> int:
    """Return how many of one kind were not here before, and are taken."""
    return states.total() - states[ItemState.HERE] - states[ItemState.LEFT]


def count_notes(job: SiteImport) -> int:
    """Return how much there is to be known."""
    query = select(func.count()).select_from(ImportNote).where(ImportNote.import_id == job.id)
    return db.session.scalar(query) or 0


# Where things came from


def came(job: SiteImport, item: ImportItem, thing: Any) -> None:
    """Note what an item became."""
    key = origin_key(job.source, item.what, item.ref)
    found = db.session.scalar(select(ImportOrigin).where(ImportOrigin.key == key))
    if found is None:
        found = ImportOrigin(key=key, source=job.source, ref=item.ref)
        db.session.add(found)
    kind = MODELS[item.what].__tablename__
    found.kind, found.thing_id, item.thing_id = kind, thing.id, thing.id
    found.whole = item.what not in (What.PAGE, What.ARTICLE)
    db.session.flush()


def is_whole(job: SiteImport, item: ImportItem) -> None:
    """Note that nothing is left to be done with what an item became."""
    key = origin_key(job.source, item.what, item.ref)
    db.session.execute(update(ImportOrigin).where(ImportOrigin.key == key).values(whole=True))


def here_before(job: SiteImport, items: Collection[ImportItem]) -> dict[int, tuple[int, ItemState]]:
    """Return which of an import's items are here, be it in the trash: by their ids what each
    became, and how far it is."""
    keys = {origin_key(job.source, item.what, item.ref): item for item in items}
    query = select(ImportOrigin).where(ImportOrigin.key.in_(keys))
    known = [(keys[origin.key], origin) for origin in db.session.scalars(query)]
    there: set[tuple[What, int]] = set()
    with trash.included():
        for what, model in MODELS.items():
            ids = [origin.thing_id for item, origin in known if item.what is what]
            found = db.session.scalars(select(model.id).where(model.id.in_(ids))) if ids else ()
            there.update((what, thing_id) for thing_id in found)
    return {
        item.id: (origin.thing_id, ItemState.HERE if origin.whole else ItemState.MADE)
        for item, origin in known
        if (item.what, origin.thing_id) in there
    }
