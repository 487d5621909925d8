"""What programs read of the site: feeds, the sitemap, what robots may look at.

All of it is made when it is asked for, and has the ETag of its marks: there is no file that
could be older than the database, and no job that could have failed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

from flask import render_template, url_for
from flask_babel import force_locale
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from cms import clock
from cms.config import settings
from cms.content import addresses, languages, signs, stamps
from cms.content.models import Category, Page, State
from cms.edge import public
from cms.extensions import db
from cms.site import answers, furniture, heads, lists
from cms.site.answers import Drawn
from cms.site.lists import Listed
from cms.site.pages import site
from cms.site.reading import own_policy

ENTRIES = 20
# Search engines take ten times as many; so few are read and written in some milliseconds.
IN_A_PART = 5_000
_MARKS = (stamps.SITE, stamps.ARTICLES)
SAID_FOR = timedelta(days=180)  # who read it before that asks again
_XML = "application/xml"


# Feeds


@site.get("/<language:language>/feed")
@public
@own_policy
def feed(language: str) -> Response:
    """Tell the newest articles of a language, as Atom."""

    def draw() -> Drawn:
        title = furniture.of(language).title
        return _feed(language, title, heads.home(language), lists.newest(language, 1, ENTRIES))

    return answers.give(f"{heads.home(language)}feed", _MARKS, draw)


@site.get("/<language:language>/feed/categories/<path:path>")
@public
@own_policy
def category_feed(language: str, path: str) -> Response:
    """Tell the newest articles of a category."""
    address = f"{heads.home(language)}categories/{path}"

    def draw() -> Drawn:
        found = addresses.find(address)
        if not isinstance(found, Category):
            raise NotFound
        title = f"{found.title} · {furniture.of(language).title}"
        return _feed(language, title, address, lists.of_category(found, 1, ENTRIES))

    return answers.give(f"{heads.home(language)}feed/categories/{path}", _MARKS, draw)


def _feed(language: str, title: str, address: str, found: Listed) -> Drawn:
    home = heads.home(language)
    times = [one.published_at for one in found.articles if one.published_at]
    with force_locale(language):
        body = render_template(
            "site/feed.xml", title=title, address=address, found=found,
            language=languages.tag(language), changed=max(times, default=clock.now()),
            here=address.replace(home, f"{home}feed/", 1).rstrip("/"),
        )  # fmt: skip
    return Drawn(signs.kept(body), mimetype="application/atom+xml")


# For search engines


@site.get("/robots.txt")
@public
def robots() -> Response:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _NOT_FOR_ROBOTS)]
    lines += ["", f"Sitemap: {heads.absolute(url_for('site.sitemap'))}", ""]
    return Response("\n".join(lines), mimetype="text/plain")


_NOT_FOR_ROBOTS = ("/admin/", "/api/", "/login", "/preview/")


@site.get("/.well-known/security.txt")
@public
def security_txt() -> Response:
    """Say where flaws are told, as RFC 9116 has it; nothing where the operator names nobody."""
    if not settings().security_contact:
        raise NotFound
    until = clock.now().replace(microsecond=0) + SAID_FOR
    lines = [f"Contact: {settings().security_contact}", f"Expires: {until.isoformat()}"]
    return Response("\n".join([*lines, "Preferred-Languages: en, zh", ""]), mimetype="text/plain")


@site.get("/sitemap.xml")
@public
@own_policy
def sitemap() -> Response:
    """Name the parts of the sitemap: one of pages and categories, and those of the articles."""

    def draw() -> Drawn:
        parts = lists.parts(IN_A_PART)
        files = [url_for("site.sitemap_of_pages")]
        files += [url_for("site.sitemap_of_articles", part=part) for part in parts]
        found = "".join(f"<sitemap><loc>{heads.absolute(one)}</loc></sitemap>" for one in files)
        return _sitemap("sitemapindex", found)

    return answers.give("/sitemap.xml", _MARKS, draw)


@site.get("/sitemap/pages.xml")
@public
@own_policy
def sitemap_of_pages() -> Response:
    def draw() -> Drawn:
        ours = settings().content_languages
        homes = [_entry(heads.absolute(heads.home(language))) for language in ours]
        pages = select(Page.language, Page.path, Page.changed_at)
        pages = pages.where(Page.state == State.PUBLISHED, Page.language.in_(ours))
        found = [
            _entry(heads.absolute(f"{heads.home(language)}{path}"), changed)
            for language, path, changed in db.session.execute(pages.order_by(Page.path))
        ]
        shelves = db.session.execute(select(Category.language, Category.path)).all()
        found += [
            _entry(heads.absolute(f"{heads.home(language)}categories/{path}"))
            for language, path in shelves
        ]
        return _sitemap("urlset", "".join([*homes, *found]))

    return answers.give("/sitemap/pages.xml", _MARKS, draw)


@site.get("/sitemap/articles-<int(max=1000000):part>.xml")
@public
@own_policy
def sitemap_of_articles(part: int) -> Response:
    def draw() -> Drawn:
        rows = lists.of_part(part, IN_A_PART)
        if not rows:
            raise NotFound
        bases = {
            code: heads.absolute(f"{heads.home(code)}articles/")
            for code in settings().content_languages
        }
        found = [
            _entry(bases[language] + quote(slug), changed)
            for language, slug, changed in rows
            if language in bases
        ]
        return _sitemap("urlset", "".join(found))

    return answers.give(f"/sitemap/articles-{part}.xml", _MARKS, draw)


def _entry(whole: str, changed: datetime | None = None) -> str:
    """Return an entry. Addresses are quoted: nothing in them means anything to XML."""
    when = f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>" if changed else ""
    return f"<url><loc>{whole}</loc>{when}</url>"


def _sitemap(root: str, inner: str) -> Drawn:
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{space}">{inner}</{root}>\n'
    return Drawn(body, mimetype=_XML)
