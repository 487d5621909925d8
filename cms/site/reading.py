"""What anybody reads: the front page, articles, pages, categories, tags, and the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask, redirect, request
from werkzeug.exceptions import NotFound, TooManyRequests
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from cms import fulltext, refusals
from cms.config import settings
from cms.content import addresses, languages, redirects, stamps
from cms.content.addresses import KINDS
from cms.content.models import Article, Category, Page, Tag
from cms.database import storable
from cms.edge import locale_cookie, public
from cms.errors import N_
from cms.extensions import db, limiter, talisman
from cms.site import answers, drawing, furniture, lists, uses
from cms.site.answers import Drawn
from cms.site.pages import site

AN_HOUR = 3600
MOST_PAGES_FOUND = 5
TOO_OFTEN = N_("That was a lot of searching. Wait a minute, then search again.")
_LISTS = (stamps.SITE, stamps.ARTICLES)
# Each answer brings a policy of its own.
own_policy = talisman(content_security_policy=None)
# Where an address that leads to nothing is told by the site, not by the program.
_OURS = {
    None,
    "site.front_of",
    "site.all_articles",
    "site.category_feed",
    "site.search",
    "site.thing",
}


def init_app(app: Flask, codes: Sequence[str]) -> None:
    app.url_map.converters["language"] = _converter(codes)
    app.register_error_handler(NotFound, _missing)
    app.register_error_handler(TooManyRequests, _too_many)


def _converter(codes: Sequence[str]) -> type[BaseConverter]:
    """Return what reads the first part of an address: a language of these, as `zh-Hans-CN`."""
    tags = {languages.tag(code): code for code in codes}

    class LanguageConverter(BaseConverter):
        regex = f"(?:{'|'.join(tags)})"

        def to_python(self, value: str) -> str:
            return tags[value]

        def to_url(self, value: str) -> str:
            return languages.tag(value)

    return LanguageConverter


@site.get("/")
@public
@own_policy
def home() -> Response:
    """Show the front page in the language that the reader wants most."""
    response = _front(asked_for())
    response.vary.update(("Accept-Language", "Cookie"))
    return response


@site.get("/<language:language>/")
@public
@own_policy
def front_of(language: str) -> Response:
    return _front(language)


def _front(language: str) -> Response:
    def draw() -> Drawn:
        size = furniture.of(language).per_page
        return drawing.front(language, lists.newest(language, 1, size))

    return answers.give(f"/{languages.tag(language)}/", _LISTS, draw)


@site.get("/<language:language>/articles")
@public
@own_policy
def all_articles(language: str) -> Response:
    number = _number()

    def draw() -> Drawn:
        found = lists.newest(language, number, furniture.of(language).per_page)
        return drawing.everything(language, _not_empty(found))

    return answers.give(f"{request.path}?{number}", _LISTS, draw)


@site.get("/<language:language>/search")
@public
@own_policy
@limiter.limit(lambda: settings().search_limit, exempt_when=lambda: not _asked())
def search(language: str) -> Response:
    """Show what holds all words of `q`. Not kept: there is no end to what may be asked."""
    asked = _asked()
    words = fulltext.words_of(asked) if storable(asked) else []
    number = _number()
    if not words:
        return answers.answer(drawing.found(language, "", None, ()))
    found = lists.search(language, words, number, furniture.of(language).per_page)
    pages = lists.search_pages(language, words, MOST_PAGES_FOUND) if number == 1 else ()
    return answers.answer(drawing.found(language, asked, found, pages))


def _asked() -> str:
    return " ".join(request.args.get("q", "").split())[: fulltext.LONGEST_SEARCH]


def _too_many(error: TooManyRequests) -> Any:
    """Say in the site's own words that somebody has searched too often, and keep theirs."""
    if request.endpoint != "site.search" or refusals.wants_json():
        return refusals.answer_error(error)
    refusals.tell_of_limit()
    language = (request.view_args or {})["language"]
    response = answers.answer(drawing.found(language, _asked(), None, (), TOO_OFTEN), 429)
    refusals.say_when(response)
    return response


@site.get("/<language:language>/<path:rest>")
@public
@own_policy
def thing(language: str, rest: str) -> Response:  # noqa: ARG001 - it is the path that counts
    """Show what is at an address, if it is live."""
    if rest.endswith("/"):
        return redirect(addresses.quoted(request.path.rstrip("/")), 301)
    found = addresses.key(request.path)
    if found is None:
        raise NotFound
    kind, key = found
    number = _number() if kind in (Category.kind, Tag.kind) else 1
    names = {Article.kind: (stamps.SITE, stamps.of(key)), Page.kind: (stamps.SITE,)}
    address, asked = f"{request.path}?{number}", request.path
    return answers.give(address, names.get(kind, _LISTS), lambda: _draw(kind, key, number, asked))


def _draw(kind: str, key: int, number: int, asked: str) -> Drawn:
    """Draw a thing as it is now. Raises `NotFound` if it is not live, or somewhere else."""
    it: Any = db.session.get(KINDS[kind], key, populate_existing=True)
    if it is None or not it.is_live or it.in_trash:
        raise NotFound
    if addresses.of(it) != asked:
        raise NotFound
    if isinstance(it, Article):
        return drawing.article(it)
    if isinstance(it, Page):
        return drawing.page(it)
    list_of = lists.of_category if isinstance(it, Category) else lists.of_tag
    size = furniture.of(it.language).per_page
    found = list_of(it, number, size)
    return drawing.shelf(it, _not_empty(found))


def _not_empty(found: lists.Listed) -> lists.Listed:
    """Return a list as it is. Raises `NotFound` for a page behind its end."""
    if not found.articles and found.number > 1:
        raise NotFound
    return found


def _number() -> int:
    """Return the page of a list that is asked for. Raises `NotFound` for what is none."""
    given = request.args.get("page", "1")
    if not (given.isascii() and given.isdigit() and len(given) < 7 and int(given) > 0):  # noqa: PLR2004 - no list is so long
        raise NotFound
    return int(given)


# Languages


def asked_for() -> str:
    """Return the language of the site that a reader wants most: the one chosen here, else
    the first that the browser asks for."""
    ours = settings().content_languages
    chosen = request.cookies.get(locale_cookie())
    if chosen in ours:
        return str(chosen)
    for given in request.accept_languages.values():
        for language in ours:
            tag, asked = languages.tag(language).lower(), given.lower()
            if asked == tag or asked.split("-")[0] == tag.split("-")[0]:
                return language
    return settings().locale if settings().locale in ours else languages.first()


# Where nothing is


def _led_on() -> Response | None:
    """Lead on from where something was, and from the feed of a category to its feed."""
    feed = "/feed/categories/" if request.endpoint == "site.category_feed" else ""
    here = request.path.replace(feed, "/categories/", 1) if feed else request.path
    end = redirects.end(here)
    if end is None or end.live is False or end.address == here:
        return None
    there = end.address.replace("/categories/", feed, 1) if feed else end.address
    uses.count(end.redirect_id)
    response = redirect(_as_sent(there), 301)
    response.cache_control.public = True
    response.cache_control.max_age = AN_HOUR  # the address may come to be something else
    return response


def _missing(error: NotFound) -> Any:
    """Lead on from where something was; else say in the site's own words that nothing is
    here. Whatever is not of the site is told as everywhere."""
    if (
        request.endpoint not in _OURS
        or request.path.startswith(("/admin/", refusals.API))
        or refusals.wants_json()
    ):
        return refusals.answer_error(error)
    if request.method in ("GET", "HEAD") and (response := _led_on()) is not None:
        return response
    tag = request.path.strip("/").split("/")[0]
    return answers.answer(drawing.missing(languages.of_tag(tag) or asked_for()), 404)


def _as_sent(address: str) -> str:
    return addresses.quoted(address) if address.startswith("/") else address
