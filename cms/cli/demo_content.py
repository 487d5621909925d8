"""Articles, pages and menus to look at, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from textwrap import dedent
from typing import Any

from sqlalchemy import select

from cms import clock, trash
from cms.accounts.models import User
from cms.content import categories, menus
from cms.content.models import Article, Page
from cms.editorial import content
from cms.extensions import db
from cms.media.models import Image

# Long enough for the pictures, which a worker makes first.
SOON = timedelta(minutes=1)

# Each in English and Chinese: file of the cover, title, summary, body, tags. The first is
# live as soon as its picture can be shown, the others wait for an editor.
ARTICLES = (
    (
        (
            "海边.jpg",
            "The harbour at dawn",
            "Before the first ferry leaves, the bay belongs to the gulls.",
            """
            <p>At five the water is still. Nets dry on the quay, and somewhere a kettle sings.</p>
            <h2>Getting there</h2>
            <p>Follow the road along the shore until it ends, and take a warm coat.</p>
            <ul><li>The café opens at seven.</li><li>The ferry leaves at eight.</li></ul>
            """,
            ("sea", "morning"),
        ),
        (
            "海边.jpg",
            "清晨的港湾",
            "第一班渡轮离港之前，海湾属于海鸥。",
            """
            <p>五点钟，水面平静。渔网晾在码头上，不知哪里传来水壶的哨声。</p>
            <h2>怎么去</h2>
            <p>沿着海边的路一直走到尽头，带一件厚外套。</p>
            <ul><li>咖啡馆七点开门。</li><li>渡轮八点出发。</li></ul>
            """,
            ("海", "清晨"),
        ),
    ),
    (
        (
            "dunes.jpg",
            "A walk in the dunes",
            "Two hours over sand and grass, best in the evening.",
            """
            <p>The wind has smoothed all traces of the day before.</p>
            <blockquote><p>Whoever walks slowly sees more.</p></blockquote>
            """,
            ("sand", "walks"),
        ),
        (
            "群山.jpg",
            "山中一日",
            "从溪谷到山脊，走走停停。",
            """
            <p>晨雾散去，远山一层一层露出来。</p>
            <blockquote><p>走得慢，看得多。</p></blockquote>
            """,
            ("山", "徒步"),
        ),
    ),
)
# Title, body, and the titles and bodies of the pages below.
PAGES = (
    (
        ("About", "<p>What this site is about, and who writes it.</p>"),
        ("关于", "<p>这个网站讲什么，由谁来写。</p>"),
    ),
    (
        ("Contact", "<p>Write to us: we read every letter.</p>"),
        ("联系我们", "<p>欢迎来信，每一封我们都会读。</p>"),
    ),
)
SHELVES = ("Places", "地方")
LANGUAGES = ("en", "zh_Hans_CN")


def add(owner: User, covers: Mapping[str, Image]) -> None:
    """Add all of it, once; nothing where articles are, or have been, already."""
    with trash.included():
        if db.session.scalar(select(Article.id).limit(1)) is not None:
            return
    shelves = [
        categories.create(title, language=language)
        for title, language in zip(SHELVES, LANGUAGES, strict=True)
    ]
    _add_articles(owner, covers, [shelf.id for shelf in shelves])
    abouts = _add_pages(owner)
    for language, shelf, about in zip(LANGUAGES, shelves, abouts, strict=True):
        items = [{"category_id": shelf.id}, {"page_id": about.id}]
        menus.put(menus.get("main", language), items)


def _add_articles(owner: User, covers: Mapping[str, Image], shelves: list[int]) -> None:
    for number, pair in enumerate(ARTICLES):
        first = None
        for text, language, shelf in zip(pair, LANGUAGES, shelves, strict=True):
            file, title, summary, body, tags = text
            article = content.create(
                Article, owner, language=language, translation_of=first, title=title,
                summary=summary, body=dedent(body), tags=tags, category_id=shelf,
                cover_id=covers[file].id if file in covers else None,
            )  # fmt: skip
            first = first or article
            if number:
                content.take(article, "submit", owner)
            else:
                soon = (clock.now() + SOON).replace(tzinfo=None)
                content.schedule(article, owner, soon, "UTC")


def _add_pages(owner: User) -> list[Page]:
    """Return the pages that the others stand below, one in each language."""
    roots: list[Any] = [None, None]
    for pair in PAGES:
        first = None
        for place, (title, body) in enumerate(pair):
            page = content.create(
                Page, owner, language=LANGUAGES[place], translation_of=first, title=title,
                body=body, parent_id=roots[place].id if roots[place] else None,
            )  # fmt: skip
            content.take(page, "publish", owner)
            first = first or page
            roots[place] = roots[place] or page
    return roots
