"""The links in what is live, in menus and of redirects, and which of them lead nowhere.
Callers commit.

`collect` finds them, `due` says which are to be looked at, `found` and `failed` keep what
came of that. Those that stay on this site are looked up in the database, and are dead or
not; to ask others is a task's business: see `cms.tasks.links`. One that does not answer is
dead only after several tries, days apart: other sites have bad days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    delete,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.config import settings
from cms.content import addresses, languages, redirects, slugs
from cms.content.models import Article, Menu, MenuItem, Page, Redirect, State, Writing
from cms.database import Base, UtcDateTime, enum_type
from cms.errors import N_, CmsError
from cms.extensions import db

TRIES = 3
AGAIN = timedelta(days=1)
LONGEST = 2_000
AT_ONCE = 100
_MODELS: tuple[type[Any], ...] = (Article, Page)
_LEADING = ("article", "page", "menu", "redirect")
_FOLDERS = {"articles", "categories", "tags"}


class LinkState(StrEnum):
    """`failing` is tried again; `unknown` cannot be looked at from here."""

    NEW = "new"
    GOOD = "good"
    FAILING = "failing"
    DEAD = "dead"
    UNKNOWN = "unknown"


class NothingThere(CmsError):
    """An address of this site that was never used, or is no more."""

    sentence = N_("Nothing is at this address.")


class NotLive(CmsError):
    """A draft, or something that has ended; `kind` and `id` say what, since not everybody who
    sees the link may know its title."""

    sentence = N_("“%(title)s” is there, but not live.")


class Link(Base):
    """An address that texts lead to. One of this site is kept without its host.

    `failures` counts the tries in a row that failed, for the reason that `sentence` and
    `facts` give; `told` says that administrators know that it is dead.
    """

    __tablename__ = "link"
    __table_args__ = (Index(None, "due_at", "id"), Index(None, "state", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(Text)
    state: Mapped[LinkState] = mapped_column(enum_type(LinkState), default=LinkState.NEW)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=clock.now)
    told: Mapped[bool] = mapped_column(default=False, server_default=false())

    uses: Mapped[list[LinkUse]] = relationship(order_by="LinkUse.id", viewonly=True)

    def __str__(self) -> str:
        return self.url


class LinkUse(Base):
    """That an article, a page, a menu or a redirect leads to a link."""

    __tablename__ = "link_use"
    __table_args__ = (
        *(UniqueConstraint("link_id", f"{name}_id") for name in _LEADING),
        *(Index(None, f"{name}_id") for name in _LEADING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("link.id", ondelete="CASCADE"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    page_id: Mapped[int | None] = mapped_column(ForeignKey("page.id", ondelete="CASCADE"))
    menu_id: Mapped[int | None] = mapped_column(ForeignKey("menu.id", ondelete="CASCADE"))
    redirect_id: Mapped[int | None] = mapped_column(ForeignKey("redirect.id", ondelete="CASCADE"))

    article: Mapped[Article | None] = relationship()
    page: Mapped[Page | None] = relationship()
    menu: Mapped[Menu | None] = relationship()
    redirect: Mapped[Redirect | None] = relationship()

    @property
    def leading(self) -> Writing | Menu | Redirect | None:
        """What leads there; None if it is in the trash."""
        return self.article or self.page or self.menu or self.redirect


# Finding


class _Hrefs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (href := dict(attrs).get("href")):
            self.found.append(href)


def targets(thing: Writing) -> list[str]:
    """Return where a text leads, each once: whole addresses, or paths of this site."""
    parser = _Hrefs()
    parser.feed(thing.body)
    parser.close()
    base = addresses.quoted(addresses.of(thing))
    found = (_target(href, base) for href in parser.found)
    return [*dict.fromkeys(url for url in found if url)]


def _target(href: str, base: str) -> str | None:
    """Return what a link leads to; None for a mail, a number to call, or what no one can read."""
    try:
        url = urldefrag(urljoin(base, href.strip())).url
        parts = urlsplit(url)
        here = urlsplit(settings().site_url).netloc
    except ValueError:
        return None
    if href.startswith("#") or len(url) > LONGEST:
        return None
    if parts.scheme in ("http", "https") and parts.netloc and parts.netloc == here:
        return parts._replace(scheme="", netloc="").geturl() or "/"
    proper = (parts.scheme in ("http", "https") and parts.netloc) or url.startswith("/")
    return url if proper else None


def _targets_of_menu(menu: Menu) -> list[str]:
    """Return the addresses that somebody has typed into a menu; what is a thing is shown only
    while it is live."""
    query = select(MenuItem.address).where(MenuItem.menu_id == menu.id, MenuItem.address > "")
    found = (_target(address or "", "/") for address in db.session.scalars(query))
    return [*dict.fromkeys(url for url in found if url)]


def _targets_of_redirect(redirect: Redirect) -> list[str]:
    """Return where a redirect leads on another site; here it follows what moves."""
    url = _target(redirect.target or "", "/")
    return [url] if url and not url.startswith("/") else []


_TARGETS: dict[type[Any], Callable[[Any], list[str]]] = {
    Article: targets,
    Page: targets,
    Menu: _targets_of_menu,
    Redirect: _targets_of_redirect,
}


def collect(report: Callable[[int, int], None]) -> None:
    """Note all links of what is live, and forget those that are no more; all are due then.

    `report` is told how far it is after each batch, and commits. Done twice it is done once.
    """
    total = sum(db.session.scalar(_live(model, func.count())) or 0 for model in _TARGETS)
    done = 0
    for model in _TARGETS:
        for batch in _batches(model):
            _note(model, batch)
            done += len(batch)
            report(min(done, total), total)
    _forget()
    db.session.execute(update(Link).values(due_at=clock.now()))
    report(total, total)


def _live(model: type[Any], *columns: Any) -> Any:
    rows = select(*columns).select_from(model) if columns else select(model)
    return rows.where(model.state == State.PUBLISHED) if model in _MODELS else rows


def _batches(model: type[Any]) -> Iterator[Sequence[Any]]:
    last = 0
    while True:
        query = _live(model).where(model.id > last).order_by(model.id).limit(AT_ONCE)
        batch = db.session.scalars(query).all()
        if not batch:
            return
        last = batch[-1].id
        yield batch


def _note(model: type[Any], things: Sequence[Any]) -> None:
    """Keep where things of one kind lead, and nowhere else."""
    column = getattr(LinkUse, f"{model.__tablename__}_id")
    wanted = {(it.id, _digest(url)): url for it in things for url in _TARGETS[model](it)}
    query = select(LinkUse, Link.digest).join(Link).where(column.in_([it.id for it in things]))
    for use, digest in db.session.execute(query).all():
        if wanted.pop((getattr(use, column.key), digest), None) is None:
            db.session.delete(use)
    known = _known({digest for _thing_id, digest in wanted})
    for (thing_id, digest), url in wanted.items():
        if digest not in known:
            known[digest] = _add(digest, url)
        db.session.add(LinkUse(**{"link_id": known[digest], column.key: thing_id}))
    db.session.flush()


def _known(digests: Any) -> dict[str, int]:
    rows = db.session.execute(select(Link.digest, Link.id).where(Link.digest.in_(digests)))
    return {row.digest: row.id for row in rows}


def _add(digest: str, url: str) -> int:
    link = Link(digest=digest, url=url)
    db.session.add(link)
    db.session.flush()
    return link.id


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()


def _forget() -> None:
    """Forget what texts that are not live lead to, and links that none leads to."""
    live = [
        getattr(LinkUse, f"{model.kind}_id").in_(
            _live(model, model.id).where(model.deleted_at.is_(None))
        )
        for model in _MODELS
    ]
    others = (LinkUse.menu_id.is_not(None), LinkUse.redirect_id.is_not(None))
    kept = select(LinkUse.id).where(or_(*live, *others)).subquery()
    db.session.execute(delete(LinkUse).where(LinkUse.id.not_in(select(kept.c.id))))
    db.session.execute(delete(Link).where(Link.id.not_in(select(LinkUse.link_id))))


# Looking


def due(most: int) -> Sequence[Link]:
    """Return links that are to be looked at now, those first that have waited longest."""
    query = select(Link).where(Link.due_at <= clock.now()).order_by(Link.due_at, Link.id)
    return db.session.scalars(query.limit(most)).all()


def hold(link_id: int) -> Link | None:
    """Return a link, locked until the commit; None if it was forgotten meanwhile."""
    query = select(Link).where(Link.id == link_id).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


def problem_here(url: str) -> CmsError | None:
    """Return what is wrong with a link to this site; None if it leads to something live.

    Files, feeds and the administration are not texts, and taken for good.
    """
    path = urlsplit(url).path
    if not _is_of_texts(path):
        return None
    thing = addresses.find(path)
    if thing is None or not thing.is_live:
        instead = redirects.end(path)
        if instead is not None and not instead.address.startswith("/"):
            return None
        thing = addresses.find(instead.address) if instead else thing
    if thing is None:
        return NothingThere()
    return None if thing.is_live else NotLive(title=str(thing), kind=thing.kind, id=thing.id)


def _is_of_texts(path: str) -> bool:
    tag, _slash, rest = path.strip("/").partition("/")
    if languages.of_tag(tag) is None or not rest:
        return False
    first, below, _more = rest.partition("/")
    return bool(below) if first in _FOLDERS else first not in slugs.RESERVED


def found(link: Link) -> None:
    """Note that a link leads somewhere."""
    _looked(link, LinkState.GOOD)
    link.failures, link.failing_since, link.told = 0, None, False
    link.sentence = link.facts = None
    db.session.flush()


def unknown(link: Link, reason: CmsError) -> None:
    """Note that a link cannot be looked at from here, and why."""
    found(link)
    link.state = LinkState.UNKNOWN
    link.sentence, link.facts = reason.sentence, dict(reason.facts)
    db.session.flush()


def failed(link: Link, reason: CmsError, *, certain: bool) -> None:
    """Note that a link leads nowhere, and why. Unless that is `certain`, it is tried again a
    day later, and only then dead when it has failed several times."""
    link.failures += 1
    link.failing_since = link.failing_since or clock.now()
    dead = certain or link.failures >= TRIES
    _looked(link, LinkState.DEAD if dead else LinkState.FAILING)
    link.due_at = None if dead else clock.now() + AGAIN
    link.sentence, link.facts = reason.sentence, dict(reason.facts)
    db.session.flush()


def _looked(link: Link, state: LinkState) -> None:
    link.state, link.checked_at, link.due_at = state, clock.now(), None


def count_dead() -> int:
    """Return how many links are dead."""
    dead = select(func.count()).select_from(Link).where(Link.state == LinkState.DEAD)
    return db.session.scalar(dead) or 0


def take_untold() -> Sequence[Link]:
    """Return the dead links that nobody was told of, and note that they are told."""
    query = select(Link).where(Link.state == LinkState.DEAD, Link.told.is_(False))
    links = db.session.scalars(query.order_by(Link.id)).all()
    for link in links:
        link.told = True
    db.session.flush()
    return links
