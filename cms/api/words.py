"""What several parts of the API say alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from marshmallow import Schema, fields


class PersonSchema(Schema):
    """Somebody who has an account."""

    id = fields.Integer()
    email = fields.String()


class Said(fields.String):
    """Words about a thing, as a function says them."""

    def __init__(self, say: Callable[[Any], str | None], **options: Any) -> None:
        super().__init__(dump_only=True, **options)
        self._say = say

    def get_value(self, obj: Any, *_args: Any, **_kwargs: Any) -> Any:
        """Return what is said of `obj`."""
        return self._say(obj)


class Inner(fields.Nested):
    """A group of facts about the thing itself, null where `has` says that it has none."""

    def __init__(self, nested: type[Schema], has: Callable[[Any], bool], **options: Any) -> None:
        super().__init__(nested, allow_none=True, dump_only=True, **options)
        self._has = has

    def get_value(self, obj: Any, *_args: Any, **_kwargs: Any) -> Any:
        """Return the thing itself."""
        return obj if self._has(obj) else None


def told(words: str, kind: Callable[..., fields.Field[Any]], **options: Any) -> Any:
    """Return a field of an answer, described by `words`; an `example` may be given."""
    example = options.pop("example", None)
    metadata = {"description": words} | ({"examples": [example]} if example is not None else {})
    return kind(metadata=metadata, **options)


def when(words: str, **options: Any) -> Any:
    """Return a field that is a moment in UTC."""
    return told(words, fields.AwareDateTime, example="2026-03-01T12:00:00+00:00", **options)


def reason(thing: Any) -> str | None:
    """Return in the reader's language why something failed; None where nothing did."""
    return _(thing.sentence, **(thing.facts or {})) if thing.sentence else None
