"""What is wrong with a value that was asked for or sent, in the language of who asks.

marshmallow has its sentences as templates, which it formats where a mistake is made. Each
that the API can meet is replaced by one of ours, and translated at that moment. To be
imported before any schema is made: fields take their sentences along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate
from webargs.fields import DelimitedList

from cms.errors import N_


class Template(str):
    """A sentence with `{places}`, translated when it is filled in."""

    __slots__ = ()

    def format(self, *_args: Any, **facts: Any) -> str:
        """Return the sentence in the language of the request."""
        return gettext(str(self)).format(**facts)


# Where a number may be from and to: marshmallow's own are formatted as they are made.
IN_RANGE = Template(N_("This must be from {min} to {max}."))

_LIST = N_("This must be a list.")
_OF_FIELDS: Mapping[type[Any], Mapping[str, str]] = {
    fields.Field: {
        "required": N_("This is missing."),
        "null": N_("This cannot be null."),
        "validator_failed": N_("This value is not possible."),
    },
    fields.String: {
        "invalid": N_("This must be text."),
        "invalid_utf8": N_("This has signs that cannot be kept."),
    },
    fields.Number: {
        "invalid": N_("This must be a number."),
        "too_large": N_("This number is too large."),
    },
    fields.Integer: {"invalid": N_("This must be a whole number.")},
    fields.Boolean: {"invalid": N_("This must be true or false.")},
    fields.DateTime: {
        "invalid": N_("This must be a date and a time, such as 2026-03-01T12:00:00.")
    },
    fields.AwareDateTime: {
        "invalid": N_("This must be a moment with its zone, such as 2026-03-01T12:00:00Z."),
        "invalid_awareness": N_(
            "This must be a moment with its zone, such as 2026-03-01T12:00:00Z."
        ),
    },
    fields.NaiveDateTime: {
        "invalid_awareness": N_(
            "This must be a date and a time without a zone, such as 2026-03-01T12:00:00."
        ),
    },
    fields.Enum: {"unknown": N_("This must be one of: {choices}.")},
    fields.List: {"invalid": _LIST},
    DelimitedList: {"invalid": N_("These must be values with commas between them.")},
    fields.Nested: {"type": N_("This must be an object.")},
    fields.Dict: {"invalid": N_("This must be an object.")},
}
_OF_VALIDATORS: Mapping[type[Any], Mapping[str, str]] = {
    validate.Length: {
        "message_min": N_("This is shorter than {min}."),
        "message_max": N_("This is longer than {max}."),
        "message_all": N_("The length of this must be from {min} to {max}."),
    },
    validate.OneOf: {"default_message": N_("This must be one of: {choices}.")},
    validate.Regexp: {"default_message": N_("This does not have the form that it must have.")},
}


def _install() -> None:
    for kind, sentences in _OF_FIELDS.items():
        known = getattr(kind, "default_error_messages", {})
        ours = {name: Template(sentence) for name, sentence in sentences.items()}
        kind.default_error_messages = {**known, **ours}
    for kind, sentences in _OF_VALIDATORS.items():
        for name, sentence in sentences.items():
            setattr(kind, name, Template(sentence))
    # These two are taken as they are, and translated where they are told.
    Schema._default_error_messages = {  # noqa: SLF001 - it has no other place for them
        "type": N_("This must be an object."),
        "unknown": N_("There is no such field."),
    }


_install()
