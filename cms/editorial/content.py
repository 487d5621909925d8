"""What a person does to articles and pages, one transaction each. Callers commit.

Everything asks the policy here, and is noted in the audit trail. What is wrong is raised
as an error that names its field: see `cms.content.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import ModuleType
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true

from cms.accounts.models import User
from cms.accounts.policy import NOBODYS, may
from cms.audit.services import record
from cms.audit.values import differences, shown
from cms.content import (
    articles,
    life,
    pages,
    reviews,
    revisions,
    site_settings,
    trees,
    waiting,
    writing,
)
from cms.content.errors import AtField
from cms.content.life import STEPS, Step
from cms.content.models import Article, Category, Page, ReviewComment, Revision, State, Writing
from cms.editorial.edits import as_json
from cms.editorial.trash import hold
from cms.errors import N_, NotAllowed, NotFound
from cms.extensions import db
from cms.jobs import selections
from cms.jobs.selections import Act
from cms.media.models import Image
from cms.tasks import content as live
from cms.tasks.content import purge_article, purge_page


class NoAuthor(AtField):
    """The account is switched off, or that of a viewer."""

    sentence = N_("This account may not write.")
    field = "owner"


_KINDS: dict[type[Any], ModuleType] = {Article: articles, Page: pages}


class NoSuchPicture(AtField):
    """It is in the trash, or gone."""

    sentence = N_("This picture is not in the library any more. Choose another.")
    field = "cover"


# Seeing


def visible(model: Any, user: Any) -> ColumnElement[bool]:
    """Return what a query of `model` is narrowed by to what a person may see."""
    if may(user, "view", model.kind, NOBODYS):
        return true()
    if not may(user, "read", model.kind):
        return false()
    published = model.state == State.PUBLISHED
    return or_(published, model.owner_id == user.id) if may(user, "view", model.kind) else published


def sees(user: Any, thing: Writing) -> bool:
    """Tell whether a person may see a text: what `visible` narrows to."""
    read = thing.is_live and may(user, "read", thing.kind)
    return read or may(user, "view", thing.kind, thing)


def find(model: Any, thing_id: int, user: Any) -> Any:
    """Return what a person may see. Raises `NotFound`."""
    query = select(model).where(model.id == thing_id, visible(model, user))
    found = db.session.scalar(query)
    if found is None:
        raise NotFound
    return found


def may_edit(thing: Writing, user: Any) -> bool:
    """Tell whether a person may change the text of a thing in the state it is in."""
    needs = {"edit", life.TO_EDIT[thing.state]}
    return all(may(user, action, thing.kind, thing) for action in needs)


def steps_for(thing: Writing, user: Any) -> list[Step]:
    """Return the steps that a person may let a thing take now, ready for them or not."""
    found = life.steps_from(thing.state)
    return [step for step in found if may(user, step.action, thing.kind, thing)]


# Writing


def create(model: Any, by: User, **fields: Any) -> Any:
    """Begin an article or a page: a draft that belongs to whoever begins it.

    `fields` are those of `cms.content.articles.create` or `cms.content.pages.create`.
    """
    if not may(by, "create", model.kind):
        raise NotAllowed
    _check_cover(fields)
    thing = _KINDS[model].create(by, **fields)
    record("create", thing, language=thing.language, **revisions.changes_of(thing))
    return thing


def save(
    thing: Writing, by: User, *, seen: int | None = None, by_the_way: bool = False, **fields: Any
) -> Revision | None:
    """Change a text; None if nothing differs. `seen` is the version that the form shows.

    What is live is changed only to what could be published, and not past changes that
    wait: see `prepare`. What is saved `by_the_way` is one revision for a whole sitting.
    """
    return _save(thing, by, seen, fields, by_the_way=by_the_way)


def hand_over(thing: Writing, by: User, author: User) -> None:
    """Let another be the author. Raises `NotAllowed`, and `NoAuthor` for one who may not write."""
    with db.session.begin_nested():
        writing.hold(thing)
        if not may(by, "edit", thing.kind, NOBODYS):
            raise NotAllowed
        if not may(author, "create", thing.kind):
            raise NoAuthor
        record("hand over", thing, owner_id=[thing.owner_id, author.id])
        thing.owner = author


def move(page: Page, by: User, parent_id: int | None, position: int | None) -> None:
    """Put a page elsewhere in its tree, also what is live. Without a position it stays where
    it is, or comes last. Raises what `save` raises."""
    _save(page, by, None, {"parent_id": parent_id, "position": position})


def restore(thing: Writing, by: User, number: int, *, seen: int | None = None) -> Revision | None:
    """Let a text be what it was in a revision, as a revision of its own; None if it is so.

    It stays where it is in the tree, and keeps its address; a cover or a category that is
    gone stays away. Of what is live this makes changes that wait to be published.
    Raises `NotFound` for a number that it has not.
    """
    old = revisions.find(thing, number)
    if old is None:
        raise NotFound
    kept = _still_there(old.content)
    for name in ("slug", "parent_id"):
        kept.pop(name, None)
    if thing.is_live:
        return prepare(thing, by, seen=seen, restored_from=number, **kept)
    return _save(thing, by, seen, kept, restored_from=number)


def _still_there(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a revision without the cover and the category that are gone."""
    kept = dict(content)
    if kept.get("cover_id") and not _is_in_library(kept["cover_id"]):
        kept["cover_id"] = None
    if kept.get("category_id") and db.session.get(Category, kept["category_id"]) is None:
        kept["category_id"] = None
    return kept


def _save(
    thing: Writing,
    by: User,
    seen: int | None,
    fields: Mapping[str, Any],
    *,
    by_the_way: bool = False,
    **more: Any,
) -> Revision | None:
    if not may_edit(thing, by):
        raise NotAllowed
    _check_cover(fields)
    with db.session.begin_nested():
        writing.hold(thing, seen)
        if not may_edit(thing, by):  # it has moved on, as is seen once it is locked
            raise NotAllowed
        if thing.waiting is not None:
            if thing.is_live:
                raise waiting.ChangesWait(title=thing.title)
            fields = _still_there(waiting.newest(thing)) | dict(fields)
        place = _place(thing)
        made = _write(thing, by, fields, by_the_way=by_the_way, **more)
        _refuse_unfit(thing)
    if made is not None:
        _note_edit(thing, made, by_the_way=by_the_way, **more)
        live.announce_change(thing, was_live=thing.is_live)
        _announce_below(thing, place)
    if "position" in fields and (moved := differences(place, _place(thing))):
        record("move", thing, **moved)
    return made


def _place(thing: Writing) -> dict[str, Any]:
    return {"path": thing.path, "position": thing.position} if isinstance(thing, Page) else {}


def _announce_below(thing: Writing, place: Mapping[str, Any]) -> None:
    """Tell of what stands below a page that was at another place: it has another address now."""
    if isinstance(thing, Page) and thing.path != place["path"]:
        for page in trees.below(thing):
            live.announce_change(page, was_live=page.is_live)


def _write(thing: Writing, by: User, fields: Mapping[str, Any], **more: Any) -> Revision | None:
    made: Revision | None = _KINDS[type(thing)].save(thing, by, **fields, **more)
    return made


def _refuse_unfit(thing: Writing) -> None:
    """Raise the first of what must not be live."""
    for problem in live.problems(thing, STEPS["publish"]) if thing.is_live else ():
        raise problem


def _note_edit(thing: Writing, made: Revision, *, by_the_way: bool, **more: Any) -> None:
    """Note a save in the audit trail; of those by the way, the one that begins a revision:
    what goes into it later is noted when it ends, see `cms.content.revisions`."""
    if not (by_the_way and made.grew):
        record("edit", thing, revision=made.number, **more, **revisions.changes_in(made))


# Changes to what is live, that wait to be published


def may_prepare(thing: Writing, user: Any) -> bool:
    """Tell whether a person may write changes to a thing that is live, for others to publish."""
    return thing.is_live and may(user, "edit", thing.kind, thing)


def prepare(
    thing: Writing,
    by: User,
    *,
    seen: int | None = None,
    by_the_way: bool = False,
    restored_from: int | None = None,
    **fields: Any,
) -> Revision | None:
    """Write changes to what is live, which the public does not see; None if nothing differs.

    They stand on those that wait already. Raises what `save` raises, but asks nothing of
    the pictures.
    """
    _check_cover(fields)
    with db.session.begin_nested():
        writing.hold(thing, seen)
        if not may_prepare(thing, by):
            raise NotAllowed
        whole = _still_there(waiting.newest(thing)) | fields
        made = waiting.keep(
            thing,
            by,
            lambda: _write(thing, by, whole),
            restored_from=restored_from,
            by_the_way=by_the_way,
        )
    if made is not None:
        more = {"restored_from": restored_from} if restored_from else {}
        _note_edit(thing, made, by_the_way=by_the_way, waiting=thing.waiting is not None, **more)
    return made


def change_problems(thing: Writing) -> list[AtField]:
    """Return all that keeps the changes that wait from being published, each at its field."""
    return list(live.problems(waiting.as_written(thing), STEPS["publish"]))


def publish_changes(thing: Writing, by: User, *, seen: int | None = None) -> None:
    """Let the public see the changes that wait. Raises `NothingWaits`, `NotAllowed`, or the
    first of what keeps them from being published."""
    with db.session.begin_nested():
        writing.hold(thing, seen)
        if not (thing.is_live and may(by, "publish", thing.kind, thing)):
            raise NotAllowed
        _write_waiting(thing, by)
        _refuse_unfit(thing)
    live.announce_change(thing, was_live=True)


def discard_changes(thing: Writing, by: User, *, seen: int | None = None) -> None:
    """Go back to what is live; what waited stays among the revisions. Raises `NothingWaits`."""
    with db.session.begin_nested():
        writing.hold(thing, seen)
        if not may_prepare(thing, by):
            raise NotAllowed
        if thing.waiting is None:
            raise waiting.NothingWaits(title=thing.title)
        revisions.close(thing)
        changes = differences(waiting.newest(thing), revisions.content_of(thing))
        record("discard changes", thing, revision=thing.waiting, **changes)
        waiting.forget(thing)
        thing.version += 1
        revisions.keep(thing, by)


def _write_waiting(thing: Writing, by: User) -> None:
    waits = waiting.revision(thing)
    if waits is None:
        raise waiting.NothingWaits(title=thing.title)
    revisions.close(thing)
    before, place = revisions.content_of(thing), _place(thing)
    _write(thing, by, _still_there(waits.content))
    _announce_below(thing, place)
    changes = differences(before, revisions.content_of(thing))
    record("publish changes", thing, revision=waits.number, **changes)


def _check_cover(fields: Mapping[str, Any]) -> None:
    cover = fields.get("cover_id")
    if cover is not None and not _is_in_library(cover):
        raise NoSuchPicture


def _is_in_library(image_id: int | None) -> bool:
    return db.session.scalar(select(Image.id).where(Image.id == image_id)) is not None


# Its life


def take(
    thing: Writing, name: str, by: User, *, seen: int | None = None, comment: str = ""
) -> None:
    """Let a thing take a step of `cms.content.life.STEPS`, saying something to it or not.

    Raises `NotAllowed`, `NotNow`, `Conflict`, or the first of what keeps it from the step.
    """
    with db.session.begin_nested():
        _take(thing, STEPS[name], by, seen)
        if comment.strip():
            _comment(thing, by, comment)


def schedule(  # noqa: PLR0913 - each is a field of its form
    thing: Writing,
    by: User,
    at: datetime,
    zone: str,
    *,
    until: datetime | None = None,
    seen: int | None = None,
) -> None:
    """Let a thing go live by itself, and end. `at` and `until` are what a clock on the wall
    says in `zone`. Raises what `take` raises, and errors of the time."""
    begin = life.moment(at, zone)
    end = life.moment(until, zone) if until else None
    with db.session.begin_nested():
        writing.hold(thing, seen)
        before = _times(thing)
        thing.publish_at, thing.expire_at, thing.zone = begin, end, zone
        db.session.flush()
        _take(thing, STEPS["schedule"], by, seen, **differences(before, _times(thing)))


def _times(thing: Writing) -> dict[str, Any]:
    return {name: as_json(getattr(thing, name)) for name in ("publish_at", "expire_at", "zone")}


def end_at(thing: Writing, by: User, until: datetime | None, zone: str) -> None:
    """Say when what is live, or will be, ends; None is never.

    Raises `NotAllowed`, `NotNow`, and errors of the time.
    """
    moment = life.moment(until, zone) if until else None
    with db.session.begin_nested():
        writing.hold(thing)
        if not may(by, "publish", thing.kind, thing):
            raise NotAllowed
        before = thing.expire_at
        life.end_at(thing, moment, zone)
        record("end", thing, expire_at=[as_json(before), as_json(moment)])


def problems(thing: Writing, name: str) -> list[AtField]:
    """Return all that keeps a thing from a step, each at its field."""
    return list(live.problems(thing, STEPS[name]))


def comment(thing: Writing, by: User, words: str) -> ReviewComment:
    """Say something of a thing, as whoever may see it in the state it is in."""
    if not may(by, "view", thing.kind, thing):
        raise NotAllowed
    return _comment(thing, by, words)


def _comment(thing: Writing, by: User, words: str) -> ReviewComment:
    made = reviews.comment(thing, by, words)
    record("comment", thing, comment=[None, shown("comment", made.words)])
    return made


def _take(thing: Writing, step: Step, by: User, seen: int | None, **more: Any) -> None:
    writing.hold(thing, seen)
    if not may(by, step.action, thing.kind, thing):
        raise NotAllowed
    revisions.close(thing)
    was_live = thing.is_live
    if thing.waiting is not None and not was_live:
        _write_waiting(thing, by)
    live.take(thing, step, **more)
    if thing.waiting is not None and was_live:  # the public sees it no more
        _write_waiting(thing, by)


# The trash


def delete(thing: Writing, by: User) -> None:
    """Move a thing to the trash; the site shows it no more. Raises `HasChildren`, and
    `NotAllowed` for an author whose text is not a draft."""
    with db.session.begin_nested():
        writing.hold(thing)
        if not (may(by, "delete", thing.kind, thing) and may_edit(thing, by)):
            raise NotAllowed
        if isinstance(thing, Page):
            trees.refuse_parent(thing)
        revisions.close(thing)
        record("delete", thing, title=thing.title, state=as_json(thing.state))
        thing.put_in_trash(by)
        live.announce_change(thing, was_live=thing.is_live)


def restore_from_trash(thing: Writing) -> None:
    """Take a thing out of the trash, as the draft that it was or is now: nothing goes live
    by being found again. Raises `NotInTrash`, and `ParentGone` for a page."""
    hold(thing)
    if isinstance(thing, Page) and thing.parent is not None and thing.parent.in_trash:
        raise trees.ParentGone
    if thing.state in (State.SCHEDULED, State.PUBLISHED, State.REVIEW):
        life.take(thing, _BACK[thing.state])
    thing.take_out_of_trash()
    record("restore from trash", thing, title=thing.title)


_BACK = {
    State.REVIEW: STEPS["withdraw"],
    State.SCHEDULED: STEPS["unschedule"],
    State.PUBLISHED: STEPS["unpublish"],
}


for _model, _purge in ((Article, purge_article), (Page, purge_page)):
    for _act in (
        Act(_model.kind, "delete", _model, "delete", N_("Delete"), delete),
        Act(_model.kind, "restore", _model, "restore", N_("Restore"),
            lambda thing, _by: restore_from_trash(thing), of_trash=True),
        Act(_model.kind, "purge", _model, "purge", N_("Delete for ever"),
            lambda thing, _by, purge=_purge: purge(thing), of_trash=True),
    ):  # fmt: skip
        selections.register(_act)


# The site as a whole


def set_site(by: User, **values: Any) -> None:
    """Set values of `cms.content.site_settings`. Raises `UnknownKey` and `WrongValue`."""
    if not may(by, "edit", "site_setting"):
        raise NotAllowed
    for setting, before in site_settings.write(by, **values):
        record("edit", setting, value=[before, setting.value])
