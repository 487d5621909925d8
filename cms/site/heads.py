"""What a page says of itself to browsers, search engines and other sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import request, url_for
from werkzeug.urls import iri_to_uri

from cms.config import settings
from cms.content import languages
from cms.content.models import Article, Writing
from cms.media.models import Image
from cms.site.furniture import Furniture
from cms.site.pictures import to_share

LONGEST_DESCRIPTION = 300
LONGEST_WORD = 30  # a longer one is cut


@dataclass(frozen=True)
class Crumb:
    """A step of the way to a page."""

    title: str
    address: str


@dataclass(frozen=True)
class Head:
    """`address` is the one that the page is known by, `others` where the same is said in
    other languages, `crumbs` the way to it. `article` is what it is about, if it is one."""

    title: str
    address: str
    language: str
    description: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    crumbs: Sequence[Crumb] = ()
    image: Image | None = None
    article: Article | None = None
    hidden: bool = False  # from search engines


def absolute(address: str) -> str:
    """Return a whole address, as the site is known by to others."""
    return (settings().site_url or request.host_url.rstrip("/")) + href(address)


def href(address: str) -> str:
    """Return an address, of this site or another, as a link has it."""
    return iri_to_uri(address)


def home(language: str) -> str:
    """Return the address of the front page of a language."""
    return f"/{languages.tag(language)}/"


def described(thing: Writing) -> str:
    """Return what a text is about in some words: its own, or those that it begins with."""
    words = thing.seo_description or thing.summary or thing.plain
    return shortened(" ".join(words.split()), LONGEST_DESCRIPTION)


def shortened(words: str, longest: int) -> str:
    """Return a text of at most so many characters, cut after a word where there are words:
    Chinese has none, and a space in it may be far back."""
    if len(words) <= longest:
        return words
    cut = words[: longest - 1]
    rest, _space, begun = cut.rpartition(" ")
    return (rest if len(begun) < LONGEST_WORD else cut).rstrip(" ,.;:，。；：") + "…"


def shared(image: Image | None) -> dict[str, Any] | None:
    """Return address and size of the picture that other sites show beside a link."""
    file = to_share(image) if image else None
    if file is None:
        return None
    address = absolute(url_for("site.media", key=file.key))
    return {"url": address, "width": file.width, "height": file.height}


def linked_data(head: Head, around: Furniture) -> list[dict[str, Any]]:
    """Return what the page is in the words of schema.org."""
    found: list[dict[str, Any]] = []
    if head.article is not None:
        found.append(_of_article(head, head.article, around))
    elif not head.crumbs:
        site = {"@type": "WebSite", "name": around.title, "url": absolute(head.address)}
        found.append({"@context": "https://schema.org", **site, "inLanguage": _tag(head)})
    if head.crumbs:
        found.append(_of_crumbs(head))
    return found


def _of_article(head: Head, article: Article, around: Furniture) -> dict[str, Any]:
    image = shared(head.image)
    said: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": head.title[:110],
        "description": head.description,
        "inLanguage": _tag(head),
        "datePublished": _moment(article.published_at),
        "dateModified": _moment(
            max(article.changed_at, article.published_at or article.changed_at)
        ),
        "mainEntityOfPage": absolute(head.address),
        "author": {"@type": "Organization", "name": around.title},
        "publisher": {"@type": "Organization", "name": around.title},
        "image": image and {"@type": "ImageObject", **image},
    }
    return {name: value for name, value in said.items() if value}


def _of_crumbs(head: Head) -> dict[str, Any]:
    way = [*head.crumbs, Crumb(head.title, head.address)]
    items = [
        {"@type": "ListItem", "position": place, "name": one.title, "item": absolute(one.address)}
        for place, one in enumerate(way, 1)
    ]
    return {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}


def _tag(head: Head) -> str:
    return languages.tag(head.language)


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
