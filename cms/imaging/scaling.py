"""From one decoded picture to several smaller ones, each from the smallest that will do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PIL import Image

from cms.imaging.geometry import Point, Region, Size, contains, fit, part, size_of, window
from cms.imaging.presets import Preset, Shape

# A picture is made from one that is at least so many times as large: twice resampled
# from nearer than that, it would differ from one that is made from the original.
ENOUGH = 1.5
_NO_LIMIT = 16_383  # a WebP has no more on either side


@dataclass(frozen=True)
class Cut:
    """What is seen of a picture (`region`, in its pixels), and at which size."""

    region: Region
    size: Size

    @property
    def scale(self) -> float:
        return max(
            self.size[0] / (self.region[2] - self.region[0]),
            self.size[1] / (self.region[3] - self.region[1]),
        )


@dataclass(frozen=True)
class Level:
    """Pixels of a region, and how many of them there are for one of the original's."""

    pixels: Image.Image
    region: Region
    scale: Point
    finished: bool = False


def cut_for(preset: Preset, size: Size, crop: tuple[float, ...] | None, focal: Point) -> Cut:
    """Return what a preset makes of a picture of that displayed size."""
    region = part(size, crop)
    box = preset.width, preset.height or _NO_LIMIT
    if preset.shape in (Shape.FIT, Shape.WIDTH):
        return Cut(region, fit(size_of(region), box))
    middle = (region[0] + region[2]) / 2, (region[1] + region[3]) / 2
    focus = (focal[0] * size[0], focal[1] * size[1]) if preset.shape is Shape.CROP else middle
    return Cut(*window(region, box, focus))


def make(
    raw: Level, cuts: Iterable[Cut], finish: Callable[[Image.Image], Image.Image]
) -> Iterator[tuple[Cut, Image.Image]]:
    """Yield each cut's picture, the largest first. What comes from `raw` itself goes
    through `finish`, which brings its colours in order."""
    levels = [raw]
    for cut in sorted(set(cuts), key=lambda cut: cut.scale, reverse=True):
        source = _smallest(levels, cut)
        pixels = _cut(source, cut)
        if not source.finished:
            pixels = finish(pixels)
        pixels.info = {}
        across, down = cut.region[2] - cut.region[0], cut.region[3] - cut.region[1]
        scale = cut.size[0] / across, cut.size[1] / down
        levels.append(Level(pixels, cut.region, scale, finished=True))
        yield cut, pixels


def _smallest(levels: list[Level], cut: Cut) -> Level:
    for level in reversed(levels[1:]):
        if contains(level.region, cut.region) and min(level.scale) >= cut.scale * ENOUGH:
            return level
    return levels[0]


def _cut(level: Level, cut: Cut) -> Image.Image:
    (left, top), (x, y) = level.region[:2], level.scale
    width, height = level.pixels.size
    box = (
        (cut.region[0] - left) * x,
        (cut.region[1] - top) * y,
        min(width, (cut.region[2] - left) * x),
        min(height, (cut.region[3] - top) * y),
    )
    if cut.size == level.pixels.size and box == (0, 0, width, height):
        return level.pixels
    return level.pixels.resize(cut.size, Image.Resampling.LANCZOS, box, reducing_gap=3.0)
