"""The verdict on a picture: what was found in it, what was done about it, what it lacks.

The facts come from `Image.findings`, where those who make renditions leave them. A
fact that is not known here is passed over: it may be of another version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from cms.media.models import Image, ImageStatus
from cms.media.sizes import size_in_words

_SHOWN = "resize"  # whose size stands for all renditions


def found(image: Image) -> list[str]:
    """Return what was found and mended, in the reader's language; nothing until it is ready."""
    if image.status is not ImageStatus.READY:
        return []
    facts = image.findings or {}
    said = [say(facts) for fact, say in _SAYINGS.items() if facts.get(fact)]
    return [*said, _("cropped by hand")] if image.crop else said


def done(image: Image) -> list[str]:
    """Return what was found and done: also by how much the file has shrunk."""
    shown = image.rendition(_SHOWN)
    if image.status is not ImageStatus.READY or not shown or shown.size >= image.size:
        return found(image)
    sizes = {"before": size_in_words(image.size), "after": size_in_words(shown.size)}
    return [*found(image), _("%(before)s → %(after)s", **sizes)]


def lacking(image: Image) -> list[str]:
    """Return what an editor should still do, in the reader's language."""
    return [] if image.alt_text.strip() else [_("no alternative text yet")]


def in_words(image: Image) -> str:
    """Return the whole verdict as one line, empty if there is nothing to say.

    Such as “turned 90°, location removed, 8.1 MB → 212 kB; no alternative text yet”.
    """
    said, lacks = (_line(words) for words in (done(image), lacking(image)))
    if said and lacks:
        return str(_("%(said)s; %(lacks)s", said=said, lacks=lacks))
    return said or lacks


def _line(words: list[str]) -> str:
    return reduce(_listed, words) if words else ""


def _listed(first: str, then: str) -> str:
    return str(_("%(first)s, %(then)s", first=first, then=then))


def _frames(facts: Mapping[str, Any]) -> str:
    frames = facts["frames"]
    if not isinstance(frames, int):
        return str(_("animated"))
    if facts.get("stilled"):
        return str(
            ngettext("first of %(num)d frame shown", "first of %(num)d frames shown", frames)
        )
    return str(ngettext("%(num)d frame kept", "%(num)d frames kept", frames))


_SAYINGS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "turned": lambda facts: _("turned %(degrees)s°", degrees=facts["turned"]),
    "mirrored": lambda _facts: _("mirrored"),
    "exif_broken": lambda _facts: _("damaged camera data left out"),
    "location": lambda _facts: _("location removed"),
    "from": lambda facts: _("%(colours)s to sRGB", colours=facts["from"]),
    "flattened": lambda _facts: _("transparency filled"),
    "frames": _frames,
}
