"""Damaged files on the way that uploads go: the header is looked at, then it is rendered."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cms.errors import CmsError
from cms.imaging.operations import parse
from cms.imaging.presets import Motion, Preset, Shape
from cms.imaging.probe import probe
from cms.imaging.workshop import (
    PATIENCE,
    Crashed,
    Killed,
    Limits,
    TooHungry,
    TooMuchWork,
    TooSlow,
    render,
    run,
)
from tests.fuzz.mutations import mutated
from tests.fuzz.samples import Samples
from tests.pictures import OPERATIONS

MAX_PIXELS = 25_000_000
LIMITS = Limits(memory=600, seconds=30)
SPARE_SECONDS = 10  # to begin a child, on a machine that is busy
PRESETS = (
    *parse(OPERATIONS),
    Preset("moving", Shape.FIT, 320, 320, formats=("original",), motion=Motion.KEEP),
    Preset("wide", Shape.WIDTH, 320, formats=("jpeg", "webp")),
)
STOPPED = (Crashed, Killed, TooHungry, TooMuchWork, TooSlow)
AT_ONCE = 2


@dataclass
class Result:
    """How many came to what end, what should not have been, and the longest wait in seconds."""

    ends: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    slowest: float = 0


@dataclass(frozen=True)
class Trial:
    """Mutations of `samples`; the same for the same `seed`. They are kept in `folder`."""

    samples: Samples
    seed: int
    folder: Path

    def run(self, mutations: int) -> Result:
        """Try so many."""
        result = Result()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for _ in threads.map(lambda number: self.one(number, result), range(mutations)):
                pass
        return result

    def damaged(self, number: int) -> tuple[str, bytes]:
        """Return a mutation, and the name of the file that it was made of."""
        chance = random.Random(f"{self.seed}:{number}")
        names = sorted(self.samples)
        name, other = chance.choice(names), chance.choice(names)
        return name, mutated(self.samples[name], self.samples[other], chance)

    def one(self, number: int, result: Result) -> None:
        """Try one mutation, and note what came of it."""
        name, data = self.damaged(number)
        place = self.folder / str(number)
        (place / "made").mkdir(parents=True)
        source = place / name
        source.write_bytes(data)
        said = f"mutation {number} of {name}"
        with self._noted(said, result):
            result.ends[_take(source, place / "made", said, result)] += 1
        shutil.rmtree(place)

    @contextmanager
    def _noted(self, said: str, result: Result) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it should not be
            result.problems.append(f"{said}: {type(error).__qualname__}: {error}")
        took = time.monotonic() - began
        result.slowest = max(result.slowest, took)
        if took > 2 * PATIENCE * LIMITS.seconds + SPARE_SECONDS:
            result.problems.append(f"{said}: took {took:.0f} s")


def _take(source: Path, folder: Path, said: str, result: Result) -> str:
    try:
        # The web server does this itself, where nothing would stop it.
        run(probe, source, max_pixels=MAX_PIXELS, limits=LIMITS)
    except STOPPED:
        raise
    except CmsError:
        return "refused"
    try:
        made = render(source, PRESETS, folder, max_pixels=MAX_PIXELS, limits=LIMITS)
    except CmsError as error:
        if list(folder.iterdir()):
            result.problems.append(f"{said}: files are left")
        if isinstance(error, STOPPED):
            result.stopped.append(f"{said}: {error}")
            return "stopped"
        return "failed"
    if {file.path for file in made.files} != set(folder.iterdir()):
        result.problems.append(f"{said}: other files than were told of")
    return "rendered"
