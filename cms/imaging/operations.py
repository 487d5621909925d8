"""What is to be made of a picture, as a job's arguments say it.

    [{"type": "resize", "width": 800, "height": 600},
     {"type": "thumbnail", "width": 200, "height": 200}]

`resize` fits the picture inside the box; `thumbnail` cuts its centre to fill it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cms.errors import N_, CmsError
from cms.imaging.geometry import Size

TYPES = ("resize", "thumbnail")
LARGEST_SIDE = 8_000

DEFAULT_OPERATIONS = [
    {"type": "resize", "width": 800, "height": 600},
    {"type": "thumbnail", "width": 200, "height": 200},
]

_KEYS = {"type", "width", "height"}
_SHOWN_LENGTH = 40  # of a name that a sentence repeats


class NoOperation(CmsError):
    """An empty list, or something that is no list."""

    sentence = N_("No picture operation was given.")


class MalformedOperation(CmsError):
    """An entry of the list with other parts than an operation has."""

    sentence = N_("A picture operation has a type, a width and a height, and nothing else.")


class UnknownOperation(CmsError):
    """A type that is not among `TYPES`."""

    sentence = N_("There is no picture operation called “%(type)s”.")


class AbsurdSize(CmsError):
    """A width or height that is no whole number from 1 to `LARGEST_SIDE`."""

    sentence = N_("A width or height must be a whole number from 1 to %(limit)s.")


class RepeatedOperation(CmsError):
    """The same operation twice: the second would overwrite the first."""

    sentence = N_("The picture operation “%(name)s” is given twice.")


@dataclass(frozen=True)
class Operation:
    """One rendition to make. `width` and `height` are pixels."""

    type: str
    width: int
    height: int

    @property
    def name(self) -> str:
        """The rendition's name, such as `resize-800x600`."""
        return f"{self.type}-{self.width}x{self.height}"

    @property
    def box(self) -> Size:
        return self.width, self.height


def parse(operations: Sequence[Mapping[str, Any]]) -> tuple[Operation, ...]:
    """Check operations as a caller gives them, in any shape that JSON allows.

    Raises `NoOperation`, `MalformedOperation`, `UnknownOperation`, `AbsurdSize`
    or `RepeatedOperation`.
    """
    if not isinstance(operations, list | tuple) or not operations:
        raise NoOperation
    parsed = tuple(_parse_one(given) for given in operations)
    for place, operation in enumerate(parsed):
        if operation in parsed[:place]:
            raise RepeatedOperation(name=operation.name)
    return parsed


def _parse_one(given: Any) -> Operation:
    if not isinstance(given, Mapping) or set(given) != _KEYS:
        raise MalformedOperation
    if given["type"] not in TYPES:
        raise UnknownOperation(type=str(given["type"])[:_SHOWN_LENGTH])
    return Operation(given["type"], _side(given["width"]), _side(given["height"]))


def _side(given: Any) -> int:
    # Not isinstance: True is no width.
    if type(given) is not int or not 1 <= given <= LARGEST_SIDE:
        raise AbsurdSize(limit=LARGEST_SIDE)
    return given
