"""Drawing the pages of the site by the templates of its theme.

A template gets `site` (`cms.site.furniture`), `head` (`cms.site.heads`) and what the page
is about: docs/theme.md names it all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template
from flask_babel import force_locale, format_date, format_datetime, gettext

from cms.config import settings
from cms.content import addresses, bodies, trees, writing
from cms.content.models import Article, Category, Page, State, Tag, Writing
from cms.content.previews import Preview
from cms.errors import N_
from cms.media.models import Image
from cms.media.sources import by_id
from cms.site import furniture, heads
from cms.site.answers import Drawn
from cms.site.heads import Crumb, Head
from cms.site.lists import Listed
from cms.site.prose import NARROW, WIDE, prose

_STATES = {
    State.DRAFT: N_("Draft"),
    State.REVIEW: N_("In review"),
    State.SCHEDULED: N_("Scheduled"),
    State.PUBLISHED: N_("Published"),
    State.ARCHIVED: N_("Archived"),
}
_NOTHING: frozenset[str] = frozenset()


def _in_its_language(drawing: Callable[..., Drawn]) -> Callable[..., Drawn]:
    """Let a page be drawn in the language that its first argument is, or is in."""

    @wraps(drawing)
    def draw_it(about: Any, *given: Any) -> Drawn:
        with force_locale(about if isinstance(about, str) else about.language):
            return drawing(about, *given)

    return draw_it


def draw(
    templates: Sequence[str], head: Head, frames: frozenset[str] = _NOTHING, **facts: Any
) -> Drawn:
    """Draw a page in its language, by the first of `templates` that there is."""
    around = furniture.of(head.language)
    body = render_template(
        list(templates),
        head=head,
        site=around,
        home=heads.home(head.language),
        frames=frames,
        shared=heads.shared(head.image),
        linked_data=heads.linked_data(head, around),
        **facts,
    )
    return Drawn(body, frames, head.language.replace("_", "-"))


def day(moment: datetime | None) -> str:
    """Return a day in words, as it is where the site is at home."""
    if moment is None:
        return ""
    there = moment.astimezone(ZoneInfo(settings().time_zone))
    return str(format_date(there.date(), "long"))


def minute(moment: datetime) -> str:
    """Return a day and a time in words, with the zone in which they are said."""
    there = ZoneInfo(settings().time_zone)
    return str(format_datetime(moment.astimezone(there), "long", rebase=False))


def _banner(preview: Preview | None) -> dict[str, str] | None:
    """Return what is said above a text that is not shown to all."""
    if preview is None:
        return None
    return {"state": gettext(_STATES[preview.thing.state]), "until": minute(preview.until)}


# Texts


@_in_its_language
def article(thing: Article, preview: Preview | None = None) -> Drawn:
    html = bodies.clean(thing.body)
    pictures = by_id(bodies.picture_ids(html) | {thing.cover_id or 0})
    cover = pictures.get(thing.cover_id or 0)
    said = prose(html, pictures, first_is_eager=cover is None)
    category = thing.category
    above = [*trees.ancestors(category), category] if category else []
    head = _head_of(thing, cover, [Crumb(one.title, addresses.of(one)) for one in above], preview)
    return draw(
        ["site/article.html"], head, said.frames,
        article=thing, cover=cover, body=said.html, preview=_banner(preview), pictures=pictures,
    )  # fmt: skip


@_in_its_language
def page(thing: Page, preview: Preview | None = None) -> Drawn:
    html = bodies.clean(thing.body)
    pictures = by_id(bodies.picture_ids(html))
    sizes = NARROW if thing.template == "page" else WIDE
    said = prose(html, pictures, first_is_eager=True, sizes=sizes)
    above, below = _live(trees.ancestors(thing)), _live(trees.children(thing))
    crumbs = [Crumb(one.title, addresses.of(one)) for one in above]
    head = _head_of(thing, next(iter(pictures.values()), None), crumbs, preview)
    return draw(
        [f"site/pages/{thing.template}.html", "site/pages/page.html"], head, said.frames,
        page=thing, body=said.html, below=below, preview=_banner(preview), pictures=pictures,
    )  # fmt: skip


def _live(found: Iterable[Any]) -> list[Page]:
    return [one for one in found if one.is_live]


def _head_of(
    thing: Writing, image: Image | None, crumbs: Sequence[Crumb], preview: Preview | None
) -> Head:
    others = writing.translations_of(thing)
    return Head(
        title=thing.seo_title or thing.title,
        address=addresses.of(thing),
        language=thing.language,
        description=heads.described(thing),
        others={lang: addresses.of(other) for lang, other in others.items() if other.is_live},
        crumbs=[_first(thing.language), *crumbs],
        image=image,
        article=thing if isinstance(thing, Article) else None,
        hidden=preview is not None,
    )


# Lists


@_in_its_language
def front(language: str, found: Listed) -> Drawn:
    around = furniture.of(language)
    address, others = _everywhere(language, "")
    head = Head(around.title, address, language, around.tagline, others)
    return draw(["site/home.html"], head, found=found, covers=_covers(found))


@_in_its_language
def everything(language: str, found: Listed) -> Drawn:
    address, others = _everywhere(language, "articles")
    title, way = gettext("All articles"), [_first(language)]
    head = Head(title, _numbered(address, found), language, others=others, crumbs=way)
    return _list(head, found, title=title, address=address)


@_in_its_language
def shelf(thing: Category | Tag, found: Listed) -> Drawn:
    """Draw what stands in a category, or has a tag."""
    above = trees.ancestors(thing) if isinstance(thing, Category) else ()
    below = trees.children(thing) if isinstance(thing, Category) else ()
    way = [_first(thing.language), *(Crumb(one.title, addresses.of(one)) for one in above)]
    address = addresses.of(thing)
    head = Head(thing.title, _numbered(address, found), thing.language, crumbs=way)
    return _list(head, found, title=thing.title, address=address, below=below, shelf=thing)


@_in_its_language
def found(
    language: str, asked: str, listed: Listed | None, pages: Sequence[Page], trouble: str = ""
) -> Drawn:
    """Draw what was found of what was `asked`, or the `trouble` that kept it from being looked
    for."""
    address, others = _everywhere(language, "search")
    title = gettext("Search")
    head = Head(title, address, language, others=others, hidden=True)
    return draw(
        ["site/search.html"], head, asked=asked, found=listed, pages=pages,
        covers=_covers(listed) if listed else {}, title=title, address=address, trouble=trouble,
    )  # fmt: skip


@_in_its_language
def missing(language: str, sentence: str = "") -> Drawn:
    """Draw what is shown where nothing is, or not any more."""
    head = Head(gettext("Not found"), heads.home(language), language, hidden=True)
    return draw(["site/missing.html"], head, sentence=sentence)


def _first(language: str) -> Crumb:
    return Crumb(gettext("Home"), heads.home(language))


def _list(head: Head, found: Listed, **facts: Any) -> Drawn:
    return draw(["site/list.html"], head, found=found, covers=_covers(found), **facts)


def _covers(found: Listed) -> Mapping[int, Image]:
    return by_id({one.cover_id for one in found.articles if one.cover_id})


def _numbered(address: str, found: Listed) -> str:
    return address if found.number == 1 else f"{address}?page={found.number}"


def _everywhere(language: str, name: str) -> tuple[str, dict[str, str]]:
    """Return the address of a page that there is in every language, and of its likes."""
    every = {code: heads.home(code) + name for code in settings().content_languages}
    return every.pop(language), every
