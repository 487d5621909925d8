"""A site with very many articles, written in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from cms.content import categories
from cms.content.models import Article, State, Tag, article_tag
from cms.extensions import db
from cms.imaging.presets import SHIPPED
from cms.media.models import Image, ImageStatus, Rendition

AT_ONCE = 5_000
DRAFTS = 20  # one in so many
SHELVES, COVERS, RARE = 20, 50, 40
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
WORDS = ("Nets dry on the quay, and somewhere a kettle sings. Follow the road along the shore"
         " until it ends; whoever walks slowly sees more, and is asked in for tea. ")  # fmt: skip


def fill(rows: int) -> None:
    """Write so many articles, of which some are drafts: in a tree of categories, with a tag
    that all of them have and one that few have, and covers. One word in each text is in no
    other."""
    root = categories.create("All")
    shelves = [categories.create(f"Shelf {n}", parent=root).id for n in range(SHELVES)]
    covers = list(_covers())
    common, rare = (Tag(title=name, slug=name, language="en") for name in ("common", "rare"))
    db.session.add_all((common, rare))
    db.session.flush()
    for begin in range(0, rows, AT_ONCE):
        numbers = range(begin + 1, min(begin + AT_ONCE, rows) + 1)
        db.session.execute(
            insert(Article),
            [_article(n, shelves[n % SHELVES], covers[n % COVERS]) for n in numbers],
        )
        tagged = [{"article_id": n, "tag_id": common.id} for n in numbers]
        tagged += [{"article_id": n, "tag_id": rare.id} for n in numbers if n % (rows // RARE) == 0]
        db.session.execute(article_tag.insert(), tagged)
        db.session.commit()


def _article(number: int, shelf: int, cover: int) -> dict[str, Any]:
    words = f"{WORDS * 3} zebra{number:06}"
    moment = BEGAN + timedelta(minutes=number)
    live = number % DRAFTS != 1
    return {
        "id": number, "title": f"Article {number}", "slug": f"article-{number}", "language": "en",
        "translation_group": f"{number:036}", "summary": WORDS, "body": f"<p>{words}</p>",
        "plain": words, "state": State.PUBLISHED if live else State.DRAFT, "created_at": moment,
        "published_at": moment if live else None, "changed_at": moment, "category_id": shelf,
        "cover_id": cover,
    }  # fmt: skip


def _covers() -> Iterator[int]:
    for number in range(COVERS):
        image = Image(
            title="Cover", filename="cover.jpg", key=f"originals/{number}", mime="image/jpeg",
            size=1, sha256="0" * 64, width=1600, height=900, status=ImageStatus.READY,
        )  # fmt: skip
        for preset in SHIPPED:
            for name in preset.formats:
                image.renditions.append(Rendition(
                    preset=preset.name, format=name, recipe="x", size=1, mime=f"image/{name}",
                    key=f"renditions/{number}-{preset.name}-{name}", width=preset.width,
                    height=preset.height or 1,
                ))  # fmt: skip
        db.session.add(image)
        db.session.flush()
        yield image.id
