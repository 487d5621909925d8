"""Making the files of many pictures again: what that would cost, and beginning it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from cms.accounts.models import User
from cms.editorial import bulk
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.imaging.presets import Preset
from cms.jobs import ledger, selections
from cms.jobs.models import Selection
from cms.media import presets, recipes
from cms.media.models import Image

MOST_SAMPLES = 200


class UnknownPreset(CmsError):
    """There is no preset of that name, or it is switched off."""

    sentence = N_("There is no preset “%(name)s” that is switched on.")


@dataclass(frozen=True)
class Scope:
    """Which files are to be made: of one preset, or of all; those that are missing or out
    of date, or each. Pictures that were never ready are left to their own jobs."""

    preset: str | None = None
    missing: bool = True

    @property
    def presets(self) -> Sequence[Preset]:
        """The presets whose files are to be made. Raises `UnknownPreset`."""
        enabled = presets.all_enabled()
        found = [p for p in enabled if self.preset in (None, p.name)]
        if self.preset is not None and not found:
            raise UnknownPreset(name=self.preset)
        return found

    def keys(self) -> Select[Any]:
        """Return a query for the ids of the pictures. Raises `UnknownPreset`."""
        processed = select(Image.id).where(Image.processed_at.is_not(None))
        lacking = recipes.is_incomplete(self.presets)
        return processed.where(lacking) if self.missing else processed

    @property
    def options(self) -> dict[str, Any]:
        """What the act is told, as JSON values."""
        return {"names": [self.preset] if self.preset else None, "anew": not self.missing}


@dataclass(frozen=True)
class Estimate:
    """What it would cost: numbers of pictures and files, bytes, and seconds of one thread.

    Bytes and seconds are worked out from files and jobs there are; None without any.
    """

    pictures: int
    files: int
    size: int | None
    seconds: float | None


def estimate(scope: Scope) -> Estimate:
    """Say what it would cost, doing nothing. Raises `UnknownPreset`."""
    wanted = scope.presets
    processed = select(Image.id).where(Image.processed_at.is_not(None))
    everything, pictures = _count(processed), _count(scope.keys())
    there = recipes.count_current(wanted) if scope.missing else {}
    files, sizes = 0, list[float | None]()
    for preset in wanted:
        for name in preset.formats:
            number = max(0, everything - there.get((preset.name, name), 0))
            files += number
            if number:
                size = recipes.mean_size(preset, name, MOST_SAMPLES)
                sizes.append(None if size is None else size * number)
    whole = None if None in sizes else round(sum(size or 0 for size in sizes))
    per_picture = ledger.mean_duration("process_image", MOST_SAMPLES)
    seconds = None if per_picture is None else per_picture * pictures
    return Estimate(pictures, files, whole, seconds)


def begin(scope: Scope, by: User | None = None) -> tuple[Selection, int]:
    """Submit the job that makes the files; return the selection that shows how far it is,
    and the number of pictures. Raises `UnknownPreset`, or `NothingChosen`."""
    act = selections.find("image", "regenerate")
    if act is None:
        raise LookupError("image regenerate is not registered in cms.editorial.bulk")
    return bulk.begin(act, scope.keys(), by, f"{scope}", scope.options)


def _count(keys: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(keys.subquery())) or 0
