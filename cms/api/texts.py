"""What articles and pages have in common when they are told and written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from flask import Response, url_for
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import ColumnElement, select
from werkzeug.exceptions import NotFound

from cms.accounts.policy import may
from cms.api import shown
from cms.api.access import LARGEST_KEY, person, there
from cms.api.lists import Text, any_holds, moment
from cms.api.mistakes import IN_RANGE
from cms.api.part import Invalid, Part, nothing, one
from cms.api.shown import ShownSchema
from cms.api.words import PersonSchema, Said, reason, told, when
from cms.content import addresses, writing
from cms.content.models import LONGEST_SLUG, State
from cms.content.models import Writing as AnyText
from cms.editorial import content
from cms.errors import NotFound as NothingThere
from cms.extensions import db
from cms.media.sources import by_id

# What changes of categories, tags, menus and redirects want.
SHELVES = "shelves:write"

# What is told only on request: of a list, and of one.
IN_LISTS = ("body", "cover", "pictures", "translations")
OF_ONE = ("cover", "pictures", "translations")


class Owner(fields.Nested):
    """The author, for those who have an account themselves."""

    def get_value(self, obj: Any, *_args: Any, **_kwargs: Any) -> Any:
        """Return the author, or nobody to strangers."""
        return obj.owner if current_user.is_authenticated else None


class Author(fields.Integer):
    """Whose texts are asked for, by those who have an account themselves."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        """Return the number; to strangers there is no such parameter, as there is no author."""
        if not current_user.is_authenticated:
            raise ValidationError(_("There is no such field."))
        return super()._deserialize(*args, **kwargs)


class Steps(fields.List):
    """What whoever asks may let a text do next."""

    def get_value(self, obj: Any, *_args: Any, **_kwargs: Any) -> Any:
        """Return the names of the steps."""
        return [step.name for step in content.steps_for(obj, person())]


class _Inner:
    """What only those learn who see a text in whichever state it is; null to others."""

    def get_value(self, obj: Any, attr: str, *args: Any, **options: Any) -> Any:
        """Return it, or None."""
        if not may(current_user, "view", obj.kind, obj):
            return None
        return super().get_value(obj, attr, *args, **options)  # type: ignore[misc]


class InnerNumber(_Inner, fields.Integer):
    """A number for those alone."""


class InnerText(_Inner, fields.String):
    """A text for those alone."""


class InnerTime(_Inner, fields.AwareDateTime):
    """A time for those alone."""


class TranslationSchema(Schema):
    """The same in another language."""

    id = told("Its number.", fields.Integer)
    language = told("Its language.", fields.String, example="zh_Hans_CN")
    address = told("Where on the site it is.", Said, say=addresses.of)


def _why_held(thing: Any) -> str | None:
    return reason(SimpleNamespace(sentence=thing.held_sentence, facts=thing.held_facts))


class TextSchema(Schema):
    """What articles and pages both tell."""

    id = told("Its number.", fields.Integer, example=7)
    title = told("Its title.", fields.String, example="Harbour at dawn")
    slug = told("Its part of the address.", fields.String, example="harbour-at-dawn")
    address = told(
        "Where on the site it is.", Said, say=addresses.of, example="/en/articles/harbour-at-dawn"
    )
    language = told("Its language.", fields.String, example="en")
    summary = told("What it is about.", fields.String)
    body = told(
        'The text, as clean HTML. `<img data-picture="7">` is a picture of the library.',
        fields.String,
    )
    seo_title = told("Its title for search engines.", fields.String)
    seo_description = told("What search engines show of it.", fields.String)
    state = told("Where in its life it is.", fields.Enum, enum=State, by_value=True)
    steps = told(
        "What you may let it do next.",
        Steps,
        cls_or_instance=fields.String(metadata={"examples": ["publish"]}),
    )
    held = told("Why it is not live though it should be.", Said, say=_why_held, allow_none=True)
    version = told("One more after each save; null to strangers.", InnerNumber, allow_none=True)
    waiting = told(
        "The revision of changes that the public does not see yet.", InnerNumber, allow_none=True
    )
    owner = told(
        "Its author; null to strangers.",
        Owner,
        nested=PersonSchema,
        allow_none=True,
    )
    created_at = when("When it was begun.")
    changed_at = when("When it was last saved.")
    published_at = when("When it last went live.", allow_none=True)
    publish_at = told("When it is to go live; null to strangers.", InnerTime, allow_none=True)
    expire_at = told("When it is to end; null to strangers.", InnerTime, allow_none=True)
    zone = told("The time zone in which these two were said.", InnerText, allow_none=True)
    translations = fields.List(fields.Nested(TranslationSchema), attribute="told_translations")
    pictures = told(
        "The pictures in the body.",
        fields.List,
        cls_or_instance=fields.Nested(ShownSchema),
        attribute="told_pictures",
    )


def number(words: str, *, asked: bool = False, **options: Any) -> fields.Integer:
    """Return a field that is the number of something. One that is `asked` for in an address
    comes as text."""
    return fields.Integer(
        strict=not asked,
        validate=validate.Range(1, LARGEST_KEY, error=IN_RANGE),
        metadata={"description": words},
        **options,
    )


def line(longest: int, words: str, **options: Any) -> Text:
    """Return a field that is a line of text."""
    return Text(validate=validate.Length(0, longest), metadata={"description": words}, **options)


def position() -> fields.Integer:
    """Return the field of a place among others."""
    return fields.Integer(
        strict=True,
        validate=validate.Range(1, 10_000, error=IN_RANGE),
        metadata={"description": "Its place among those of the same parent, from 1."},
    )


def title(**options: Any) -> Text:
    """Return the field of a title, which is not empty."""
    checks = [validate.Length(1, 255), validate.Regexp(r"\s*\S")]
    return Text(validate=checks, metadata={"description": "Its title."}, **options)


class TextChangeSchema(Schema):
    """What of a text is changed; the rest stays."""

    title = title()
    slug = line(LONGEST_SLUG, "Its part of the address.")
    summary = line(writing.LONGEST_SUMMARY, "What it is about.")
    body = Text(metadata={"description": "HTML; what may not be in it is left out."})
    seo_title = line(writing.LINES["seo_title"], "Its title for search engines.")
    seo_description = line(writing.LINES["seo_description"], "What search engines show of it.")


def seen(model: Any) -> ColumnElement[bool]:
    """Return what a query of texts is narrowed by to what whoever asks may see."""
    if current_user.is_authenticated:
        return content.visible(model, person())
    published: ColumnElement[bool] = model.state == State.PUBLISHED
    return published


def find(model: Any, key: int, *, lock: bool = False) -> Any:
    """Return a text that whoever asks may see, locked until the commit if `lock`; else 404."""
    return there(model, key, seen(model), lock=lock)


def filters(model: Any) -> dict[str, tuple[fields.Field[Any], Any]]:
    """Return what lists of texts are narrowed by."""
    return {
        "state": (fields.Enum(State, by_value=True), lambda it: model.state == it),
        "language": (line(20, "Such as `zh_Hans_CN`."), lambda it: model.language == it),
        "slug": (line(LONGEST_SLUG, "Its part of the address."), lambda it: model.slug == it),
        "author": (
            Author(
                validate=validate.Range(1, LARGEST_KEY, error=IN_RANGE),
                metadata={"description": "The number of its author; not for strangers."},
            ),
            lambda it: model.owner_id == it,
        ),
        "changed_since": (moment("Saved then or later."), lambda it: model.changed_at >= it),
        "published_since": (
            moment("Went live then or later."),
            lambda it: model.published_at >= it,
        ),
        "published_before": (moment("Went live earlier."), lambda it: model.published_at < it),
    }


def sorts(model: Any) -> dict[str, Any]:
    """Return what lists of texts are sorted by."""
    names = ("id", "title", "created_at", "changed_at", "published_at")
    return {name: getattr(model, name) for name in names}


def search(model: Any) -> Any:
    """Return what finds a word in a text."""
    return any_holds(model, "title", "summary", "plain")


def prepare(things: Sequence[Any], names: Collection[str]) -> None:
    """Fetch for texts of one kind what is told of them and kept elsewhere."""
    if "translations" in names:
        _translate(things)
    covers = {thing.cover_id for thing in things} - {None} if "cover" in names else set()
    inside = shown.in_bodies(things) if "pictures" in names else {}
    found = by_id(covers.union(*inside.values()))
    for thing in things:
        if "cover" in names:
            thing.told_cover = found.get(thing.cover_id)
        thing.told_pictures = [found[it] for it in inside.get(thing.id, ()) if it in found]


def _translate(things: Sequence[Any]) -> None:
    if not things:
        return
    model = type(things[0])
    groups = {thing.translation_group for thing in things}
    query = select(model).where(model.translation_group.in_(groups), seen(model))
    found = db.session.scalars(query.order_by(model.language)).all()
    for thing in things:
        group = thing.translation_group
        thing.told_translations = [
            it for it in found if it.translation_group == group and it.id != thing.id
        ]


def tell(part: Part, schema: type[Schema], thing: Any, names: Collection[str] = ()) -> Response:
    """Return a text as JSON, with the tag of what it is now."""
    every = set(schema().dump_fields)
    prepare([thing], every)
    part.set_etag(thing, schema)
    return one(schema, thing, only=names or every - set(OF_ONE))


def check(part: Part, schema: type[Schema], thing: Any) -> None:
    """Refuse a change of a text that is not any more what the program has read."""
    prepare([thing], set(schema().dump_fields))
    part.check_etag(thing, schema)


def begin(part: Part, model: Any, schema: type[Schema], given: Mapping[str, Any]) -> Response:
    """Begin a text, and answer it."""
    fields_of_it = dict(given)
    other = fields_of_it.pop("translation_of", None)
    made = content.create(
        model, person(), translation_of=_other(model, other) if other else None, **fields_of_it
    )
    answer = tell(part, schema, made)
    answer.status_code = 201
    answer.location = url_for(f"{part.name}.read_{model.kind}", id=made.id)
    return answer


def _other(model: Any, key: int) -> AnyText:
    try:
        found: AnyText = find(model, key)
    except NotFound:
        said = _(NothingThere.sentence)
        raise Invalid([{"in": "body", "name": "translation_of", "detail": said}]) from None
    return found


def delete(model: Any, key: int) -> Response:
    """Move a text to the trash."""
    content.delete(find(model, key, lock=True), person())
    return nothing()
