"""Looking what is in the file of a site. Nothing of it is made here. Callers commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from bs4 import BeautifulSoup
from sqlalchemy import select

from cms.accounts.models import User
from cms.accounts.policy import may
from cms.accounts.services import find
from cms.errors import N_
from cms.extensions import db
from cms.media import files
from cms.moving import items, markdown, wordpress
from cms.moving.models import LONGEST_SOURCE, ImportItem, ItemState, Origin, SiteImport, What
from cms.moving.things import Note, Thing, key_of, shortened

AT_ONCE = 100
READERS: dict[Origin, Callable[[Path], Iterator[Thing | Note]]] = {
    Origin.WORDPRESS: wordpress.things,
    Origin.MARKDOWN: markdown.things,
}


def read(job: SiteImport) -> Iterator[int]:
    """Keep what is in the file of an import; yield how many things were found.

    Raises what says why the file cannot be read; what was found till then is to be forgotten.
    """
    items.forget(job)
    found, authors = 0, Counter[str]()
    with files.storage().path(job.key or "") as path:
        job.source = _source(job, path)[:LONGEST_SOURCE]
        reader = READERS[job.origin](path)
        while batch := list(islice(reader, AT_ONCE)):
            _keep(job, batch, authors)
            found += len(batch)
            yield found
    for texts in _each(job, What.PAGE, What.ARTICLE):
        found += _find_pictures(job, texts)
        yield found
    for known in _each(job, *What):
        _mark_what_is_here(job, known)
        yield found
    items.tell(job, _unknown_authors(authors))
    job.total = items.still_open(job)


def author(mail: str) -> User | None:
    """Return the account of an author, if it may write."""
    user = find(mail) if mail else None
    return user if user is not None and may(user, "create", What.ARTICLE.value) else None


def _source(job: SiteImport, path: Path) -> str:
    if job.origin is Origin.WORDPRESS:
        return f"wordpress {wordpress.site_of(path)}"
    return f"markdown {job.filename.removesuffix('.zip')}"


def _keep(job: SiteImport, found: Sequence[Thing | Note], authors: Counter[str]) -> None:
    items.tell(job, (one for one in found if isinstance(one, Note)))
    for one in found:
        if isinstance(one, Note):
            continue
        items.tell(job, one.notes)
        if mail := one.data.get("author"):
            authors[mail] += 1
        db.session.add(
            ImportItem(
                import_id=job.id,
                what=one.what,
                ref=one.ref,
                local=one.local,
                address=one.address,
                title=one.title,
                data=one.data,
                state=ItemState.LEFT if one.left else ItemState.WAITING,
            )
        )
    db.session.flush()


def _each(job: SiteImport, *whats: What) -> Iterator[Sequence[ImportItem]]:
    last = 0
    query = select(ImportItem).where(ImportItem.import_id == job.id, ImportItem.what.in_(whats))
    query = query.where(ImportItem.state == ItemState.WAITING).order_by(ImportItem.id)
    while batch := db.session.scalars(query.where(ImportItem.id > last).limit(AT_ONCE)).all():
        last = batch[-1].id
        yield batch
        for item in batch:
            db.session.expire(item)


def _find_pictures(job: SiteImport, texts: Iterable[ImportItem]) -> int:
    """Add the pictures that texts show from the web, and that the file does not name itself."""
    added = 0
    for text in texts:
        for tag in BeautifulSoup(text.data.get("body", ""), "html.parser").find_all("img"):
            source = str(tag.get("src") or "")
            key = key_of(source, job.site)
            if key is None or not key.startswith("//") or items.at(job, key, What.PICTURE):
                continue
            url = f"https:{source}" if source.startswith("//") else source
            title, alt = shortened(key.rpartition("/")[2]), str(tag.get("alt") or "")
            thing = Thing(What.PICTURE, key, key, title, key, {"url": url, "alt": alt})
            _keep(job, [thing], Counter())
            added += 1
    return added


def _mark_what_is_here(job: SiteImport, batch: Sequence[ImportItem]) -> None:
    here = items.here_before(job, batch)
    for item in batch:
        if item.id in here:
            item.thing_id, item.state = here[item.id]
    db.session.flush()


def _unknown_authors(authors: Counter[str]) -> Iterator[Note]:
    for mail, count in sorted(authors.items()):
        if author(mail) is None:
            yield Note(
                N_(
                    "Nobody who may write here has the address %(mail)s. %(count)s texts are "
                    "given to whoever imports them."
                ),
                {"mail": mail, "count": count},
            )
