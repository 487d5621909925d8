"""A text before the public sees it, by a link that ends: see `cms.content.previews`."""

from __future__ import annotations

from werkzeug.wrappers import Response

from cms.content import previews
from cms.content.models import Article
from cms.edge import public
from cms.site import answers, drawing
from cms.site.pages import site
from cms.site.reading import asked_for, own_policy


@site.get("/preview/<token>")
@public
@own_policy
def preview(token: str) -> Response:
    """Show a text as the site would, to whoever has the link, and to no search engine."""
    try:
        found = previews.find(token)
    except previews.Ended as ended:
        return _for_once(answers.answer(drawing.missing(asked_for(), ended.sentence), 404))
    it = found.thing
    drawn = drawing.article(it, found) if isinstance(it, Article) else drawing.page(it, found)
    return _for_once(answers.answer(drawn))


def _for_once(response: Response) -> Response:
    response.cache_control.no_store = True
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
