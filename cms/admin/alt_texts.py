"""Writing alternative texts: picture beside text, one after the other."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from cms.admin.access import Guarded, storable
from cms.admin.base import expose, needs
from cms.editorial import library
from cms.errors import CmsError
from cms.extensions import db
from cms.media import health
from cms.media.models import Image, ImageStatus
from cms.refusals import wants_json

AT_ONCE = 12
LONGEST = 500


class AltTextView(Guarded, BaseView):
    """The newest pictures without an alternative text, of those that the person may edit."""

    kind, icon, whence = "image", "photo", "library"

    def is_visible(self) -> bool:
        """Tell that the menu does not offer it."""
        return False

    @expose("/")
    @needs("edit")
    def index(self) -> str:
        """Show the first of them, each with its field."""
        query = self._editable().options(selectinload(Image.renditions))
        found = db.session.scalars(query.order_by(Image.id.desc()).limit(AT_ONCE)).all()
        return self.render("admin/library/alt_texts.html", images=found, longest=LONGEST)

    @expose("/save", methods=("POST",))
    @needs("edit")
    def save(self) -> ResponseReturnValue:
        """Keep each text that was written: fields `text-7` for the picture 7."""
        given = {
            int(key[5:]): words.strip() for key, words in request.form.items() if _is_text(key)
        }
        saved, refused = 0, list[str]()
        for image in db.session.scalars(select(Image).where(Image.id.in_(given)).with_for_update()):
            self.require(image)
            words = given[image.id]
            if not words:
                continue
            try:
                if len(words) > LONGEST or not storable(words):
                    raise library.UnusableText(title=image.title)
                library.give_alt_text(image, words)
                saved += 1
            except CmsError as error:
                refused.append(_(error.sentence, **error.facts))
        if wants_json():
            return jsonify(saved=saved, errors=refused), 422 if refused else 200
        if saved:
            words = ngettext("%(num)d text saved.", "%(num)d texts saved.", saved)
            flash(words, "success")
        for why in refused:
            flash(why, "warning")
        return self.back()

    def _editable(self) -> Select[Any]:
        shown = (Image.status == ImageStatus.READY, Image.renditions.any())
        query = select(Image).where(health.TEXTLESS, *shown)
        everybodys = self.allowed("edit", Image())
        return query if everybodys else query.where(Image.owner_id == current_user.id)


def _is_text(key: str) -> bool:
    kind, _dash, number = key.partition("-")
    return kind == "text" and number.isascii() and number.isdigit() and len(number) < 10  # noqa: PLR2004 - fits every INTEGER
