"""An article in the middle of its life: reviewed, live, with changes that wait."""

from __future__ import annotations

from sqlalchemy import select

from cms.content.models import Article
from cms.editorial import content
from cms.extensions import db
from tests.screenshots.album import called, person

TITLE = "The first ferry"
BODY = """<p>Before six the bay belongs to the gulls. Then the ferry comes round the point, and
everybody on the quay looks at the same thing.</p><h2>On board</h2>"""
PICTURE = """<figure><img data-picture="{}"><figcaption>On its way out</figcaption></figure>
<p>Coffee is sold from half past five, as long as there is any.</p>"""


def furnish():
    """Once, whichever picture is taken first."""
    if db.session.scalar(select(Article.id).where(Article.title == TITLE)):
        return
    editor, ferry = person("editor"), called("Ferry crossing")
    article = content.create(
        Article, editor, title=TITLE, cover_id=ferry.id, tags=["sea", "morning"],
        summary="An hour at the quay.", body=BODY,
    )  # fmt: skip
    content.comment(article, person("administrator"), "A picture of the ferry would help.")
    content.take(article, "publish", editor)
    content.prepare(article, editor, body=BODY.replace("six", "five") + PICTURE.format(ferry.id))
    db.session.commit()


def key(site):
    """The article's id."""
    with site.inside():
        furnish()
        return db.session.scalar(select(Article.id).where(Article.title == TITLE))
