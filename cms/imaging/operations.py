"""What is to be made of a picture, as a job's arguments say it.

    [{"type": "resize", "width": 800, "height": 600},
     {"type": "thumbnail", "width": 200, "height": 200}]

`resize` fits the picture inside the box; `thumbnail` is cut from it to fill it. It is
the short way to say what presets say: see `cms.imaging.presets`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cms.errors import N_, CmsError
from cms.imaging.presets import SHIPPED, Preset, Shape

SHAPES = {"resize": Shape.FIT, "thumbnail": Shape.CROP}
LARGEST_SIDE = 8_000

_KEYS = {"type", "width", "height"}
_SHOWN_LENGTH = 40  # of a name that a sentence repeats


class NoOperation(CmsError):
    """An empty list, or something that is no list."""

    sentence = N_("No picture operation was given.")


class MalformedOperation(CmsError):
    """An entry of the list with other parts than an operation has."""

    sentence = N_("A picture operation has a type, a width and a height, and nothing else.")


class UnknownOperation(CmsError):
    """A type that is not among `SHAPES`."""

    sentence = N_("There is no picture operation called “%(type)s”.")


class AbsurdSize(CmsError):
    """A width or height that is no whole number from 1 to `LARGEST_SIDE`."""

    sentence = N_("A width or height must be a whole number from 1 to %(limit)s.")


class RepeatedOperation(CmsError):
    """The same operation twice: the second would overwrite the first."""

    sentence = N_("The picture operation “%(name)s” is given twice.")


def parse(operations: Sequence[Mapping[str, Any]]) -> tuple[Preset, ...]:
    """Check operations as a caller gives them, in any shape that JSON allows.

    Each becomes a preset: a shipped one if it is the same, else one of its own name,
    such as `resize-400x300`.

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


def _parse_one(given: Any) -> Preset:
    if not isinstance(given, Mapping) or set(given) != _KEYS:
        raise MalformedOperation
    if not isinstance(given["type"], str) or given["type"] not in SHAPES:
        raise UnknownOperation(type=str(given["type"])[:_SHOWN_LENGTH])
    shape, width, height = SHAPES[given["type"]], _side(given["width"]), _side(given["height"])
    for preset in SHIPPED:
        if (preset.shape, preset.width, preset.height) == (shape, width, height):
            return preset
    return Preset(f"{given['type']}-{width}x{height}", shape, width, height)


def _side(given: Any) -> int:
    # Not isinstance: True is no width.
    if type(given) is not int or not 1 <= given <= LARGEST_SIDE:
        raise AbsurdSize(limit=LARGEST_SIDE)
    return given
