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


class UnknownOperation(CmsError):
    """A type that is not among `TYPES`."""

    sentence = N_("There is no picture operation called “%(type)s”.")


class AbsurdSize(CmsError):
    """A width or height that is no whole number from 1 to `LARGEST_SIDE`."""

    sentence = N_("A width or height must be a whole number from 1 to %(limit)s.")


class NoOperation(CmsError):
    """An empty list, or something that is no list of operations."""

    sentence = N_("No picture operation was given.")


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
    """Check operations as a caller gives them; the same one twice counts once.

    Raises `NoOperation`, `UnknownOperation` or `AbsurdSize`.
    """
    if not isinstance(operations, list | tuple) or not operations:
        raise NoOperation
    return tuple(dict.fromkeys(_parse_one(given) for given in operations))


def _parse_one(given: Any) -> Operation:
    if not isinstance(given, Mapping):
        raise NoOperation
    if given.get("type") not in TYPES:
        raise UnknownOperation(type=str(given.get("type"))[:40])
    return Operation(given["type"], _side(given.get("width")), _side(given.get("height")))


def _side(given: Any) -> int:
    if type(given) is not int or not 1 <= given <= LARGEST_SIDE:
        raise AbsurdSize(limit=LARGEST_SIDE)
    return given
