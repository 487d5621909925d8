"""What a text was: its revisions, any two of them compared, and one brought back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from cms.accounts.models import User
from cms.admin.access import person, whole_number
from cms.admin.base import expose, needs
from cms.admin.images import thumbnail_url
from cms.admin.lists import QsListView
from cms.content import revisions
from cms.content.models import Category, Page, Revision, Writing
from cms.editorial import content
from cms.errors import CmsError
from cms.extensions import db
from cms.media.models import Image

MOST_SHOWN = 100
# Rows that a revision knows by their ids, shown by their titles.
_NAMED: dict[str, Any] = {"category_id": Category, "parent_id": Page}


class RevisionPages(QsListView):
    """The pages of a text's revisions."""

    @expose("/revisions")
    @needs("view")
    def revisions(self) -> ResponseReturnValue:
        """Show the revisions, and what differs between `earlier` and `later` of them."""
        thing = self.get_one(request.args.get("id", ""))
        found = revisions.of(thing, MOST_SHOWN)
        later = self._one_of(thing, "later") or (found[0] if found else None)
        earlier = self._one_of(thing, "earlier") or (
            revisions.find(thing, later.number - 1) if later else None
        )
        if earlier and later and earlier.number > later.number:
            earlier, later = later, earlier
        changes = revisions.difference(earlier, later) if earlier and later else []
        changes = [_in_words(change) for change in changes]
        return self.render(
            "admin/writing/revisions.html",
            model=thing,
            revisions=found,
            earlier=earlier,
            later=later,
            changes=changes,
            pictures=_pictures_in(changes),
            return_url=self.get_url(".edit_view" if self.offers("edit_view", thing) else
                                    ".details_view", id=thing.id),
        )  # fmt: skip

    @expose("/restore", methods=("POST",))
    @needs("edit")
    def restore(self) -> ResponseReturnValue:
        """Let a text be what it was in the revision `number`."""
        thing = self.get_one(request.form.get("id", ""))
        number = whole_number(request.form.get("number")) or abort(404)
        try:
            made = content.restore(thing, person(), number)
        except CmsError as error:
            self.refuse(error)
            return redirect(self.get_url(".revisions", id=thing.id))
        if made is None:
            flash(_("It is so already."), "info")
        elif thing.waiting is not None:
            flash(_("Revision %(number)s is back, as changes that wait to be published.",
                    number=number), "success")  # fmt: skip
        else:
            flash(_("Revision %(number)s is back.", number=number), "success")
        return redirect(self.get_url(".edit_view", id=thing.id))

    def field_words(self, name: str) -> str:
        """Return what a field of a revision is called."""
        unbound = getattr(self.form, self.form.fields.get(name, name))
        return str(unbound.args[0])

    @staticmethod
    def who(revision: Revision) -> str:
        """Return who made a revision."""
        by: User | None = revision.by
        return by.email if by else _("Nobody any more")

    @staticmethod
    def _one_of(thing: Writing, name: str) -> Revision | None:
        number = whole_number(request.args.get(name))
        return revisions.find(thing, number) if number else None


def _in_words(change: revisions.Change) -> revisions.Change:
    """Return a change with names in the place of the ids of rows; a cover is a picture."""
    if change.field == "cover_id":
        lines = (revisions.Line((revisions.Part(part.kind, ""),), int(part.words))
                 for line in change.lines for part in line.parts)  # fmt: skip
        return revisions.Change(change.field, tuple(lines))
    if change.field not in _NAMED:
        return change
    ids = {part.words for line in change.lines for part in line.parts}
    model = _NAMED[change.field]
    query = select(model.id, model.title).where(model.id.in_([int(one) for one in ids]))
    if model is Page:
        query = query.where(content.visible(Page, person()))
    names = {str(number): title for number, title in db.session.execute(query)}
    lines = (
        revisions.Line(tuple(
            revisions.Part(part.kind, names.get(part.words, part.words)) for part in line.parts
        ))
        for line in change.lines
    )  # fmt: skip
    return revisions.Change(change.field, tuple(lines))


def _pictures_in(changes: Sequence[revisions.Change]) -> dict[int, Any]:
    """Return thumbnail and title of the pictures that changes show, by their ids."""
    ids = {line.image_id for change in changes for line in change.lines if line.image_id}
    query = select(Image).where(Image.id.in_(ids)).options(selectinload(Image.renditions))
    return {
        image.id: {"url": thumbnail_url(image), "title": image.title}
        for image in db.session.scalars(query)
    }
