"""QsCMS with a few articles, as an operator runs it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.sites import text
from cms.content import menus
from cms.editorial import content
from cms.extensions import db
from cms.media.models import Image, ImageStatus
from tests.factories import make_article, make_page, make_picture, make_user
from tests.processes import Site, wait_for

PAGES = {"home": "/en/", "article": "/en/articles/the-ferry-that-never-hurries-part-1"}


def prepare(folder: Path) -> tuple[list[str], Path, dict[str, str]]:
    """Write it; return the application, its folder and its environment."""
    site = Site(folder, CMS_LOG_FORMAT="text")
    site.prepare("editor")
    site.start_consumer()
    with site.inside():
        _write()
    site.close()
    return ["wsgi:app"], Path(__file__).parent.parent.parent, site.environment


def _write() -> None:
    editor = make_user("editor", "writer@example.com")
    images = [make_picture(text.drawing(seed), f"{seed}.jpg") for seed in range(3)]
    db.session.commit()
    wait_for(lambda: _are_ready(images), "the pictures", 300)
    shown = [f'<img data-picture="{image.id}" alt="A landscape">' for image in images[1:]]
    for number in range(text.ARTICLES, 0, -1):
        article = make_article(
            editor, title=text.title(number), summary=text.SUMMARY, body=text.body(shown),
            cover_id=images[number % 3].id,
        )  # fmt: skip
        content.take(article, "publish", editor)
    about = make_page(editor, title="About")
    content.take(about, "publish", editor)
    menus.put(menus.get("main", "en"), [{"page_id": about.id}])
    db.session.commit()


def _are_ready(images: list[Image]) -> bool:
    db.session.expire_all()
    return all(image.status is ImageStatus.READY for image in images)
