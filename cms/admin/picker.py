"""What the editor of texts asks for as one writes: pictures, pages to link to, tags."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import selectinload

from cms.accounts.policy import may
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.images import STATES, large_url, thumbnail_url
from cms.admin.lists import QsListView, asked_ids
from cms.content import addresses, embeds
from cms.content.models import Article, Page, Tag
from cms.editorial import content
from cms.extensions import db
from cms.fulltext import holds, words_of
from cms.media.models import Image, ImageStatus

AT_ONCE = 24
_SEARCHED = ("title", "alt_text", "filename")


class Picker(QsListView):
    """Answers the editor, as JSON."""

    @expose("/pictures")
    @needs("view", "read")
    def pictures(self) -> ResponseReturnValue:
        """Answer pictures of the library: those of `?ids=1,2`, or, the newest first, those that
        hold the words `?query=`, from below the id `before` on."""
        query = select(Image).options(selectinload(Image.renditions)).order_by(Image.id.desc())
        if "ids" in request.args:
            ids = [int(one) for one in asked_ids() if one.isascii() and one.isdigit()]
            query = query.where(Image.id.in_([one for one in ids if one < 2**31]))
        else:
            words = words_of(request.args.get("query", ""))
            query = query.where(*(_held(word) for word in words)).limit(AT_ONCE + 1)
            before = request.args.get("before", 0, type=int)
            query = query.where(Image.id < before) if 0 < before < 2**31 else query
        found = list(db.session.scalars(query))
        more = "ids" not in request.args and len(found) > AT_ONCE
        return jsonify(pictures=[_picture(one) for one in found[: AT_ONCE if more else None]],
                       more=more)  # fmt: skip

    @expose("/links")
    @needs("create", "edit")
    def links(self) -> ResponseReturnValue:
        """Answer articles and pages whose title holds the words `?query=`, the newest first."""
        words = words_of(request.args.get("query", ""))
        found = list[Any]()
        for model in (Article, Page):
            held = and_(True, *(holds(model, "title", word) for word in words))  # noqa: FBT003 - SQL's
            seen = select(model).where(held, content.visible(model, person()))
            found += db.session.scalars(seen.order_by(model.changed_at.desc()).limit(AT_ONCE // 2))
        return jsonify(
            links=[
                {
                    "words": thing.title,
                    "address": addresses.of(thing),
                    "hint": "" if thing.is_live else _("Not published"),
                }
                for thing in found
            ]
        )

    @expose("/embed")
    @needs("create", "edit")
    def embed(self) -> ResponseReturnValue:
        """Answer whose the video or map at `?address=` is, or why it cannot be shown."""
        try:
            found = embeds.check(request.args.get("address", ""))
        except embeds.NotShown as error:
            return jsonify(error=_(error.sentence, **error.facts))
        return jsonify(name=found.name)

    embed_names = staticmethod(embeds.names)

    @expose("/tags")
    @needs("create", "edit")
    def tags(self) -> ResponseReturnValue:
        """Answer tags of `?language=` that hold `?query=`, a page at a time."""
        offset = min(max(request.args.get("offset", 0, type=int), 0), 10_000)
        text = request.args.get("query", "")[:100]
        query = select(Tag.title).where(Tag.language == request.args.get("language", ""))
        query = query.where(Tag.title.icontains(text, autoescape=True)).order_by(Tag.title)
        rows = db.session.scalars(query.offset(offset).limit(AT_ONCE + 1)).all()
        options = [{"value": title, "words": title} for title in rows[:AT_ONCE]]
        return jsonify(options=options, more=len(rows) > AT_ONCE)

    @staticmethod
    def may_upload() -> bool:
        """Tell whether the person may add pictures to the library."""
        return may(person(), "create", "image")


def _held(word: str) -> Any:
    return or_(*(holds(Image, column, word) for column in _SEARCHED))


def _picture(image: Image) -> dict[str, Any]:
    state = STATES[image.status]
    return {
        "id": image.id,
        "title": image.title,
        "alt": image.alt_text,
        "status": image.status.value,
        "words": str(state.words),
        "moving": state.moving,
        "failed": image.status is ImageStatus.FAILED,
        "small": thumbnail_url(image),
        "page": url_for("image.details_view", id=image.id),
        "large": large_url(image) or thumbnail_url(image),
    }
