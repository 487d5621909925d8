"""From one decoded picture to several smaller ones, each from the smallest that will do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PIL import Image

from cms.imaging import resampling
from cms.imaging.geometry import Point, Region, Size, contains, fit, part, size_of, window
from cms.imaging.presets import Preset, Shape
from cms.imaging.rows import Rows

# A picture is made from the smallest that is at least so many times as large, else from the
# largest that is a little larger: resampled again and again it would lose its sharpness.
ENOUGH = 2.5
_A_LITTLE = 1.4
_TALLEST = 16_383  # what a WebP can hold; a preset's own height is far less


@dataclass(frozen=True)
class Cut:
    """What is seen of a picture (`region`, in its pixels), and at which size."""

    region: Region
    size: Size

    @property
    def scales(self) -> Point:
        """Pixels for one of the original's, across and down."""
        left, top, right, bottom = self.region
        return self.size[0] / (right - left), self.size[1] / (bottom - top)

    @property
    def scale(self) -> float:
        return max(self.scales)


@dataclass(frozen=True)
class Level:
    """Pixels of a region, and how many of them there are for one of the original's; and their
    rows, while they are still being decoded."""

    pixels: Image.Image
    region: Region
    scales: Point
    rows: Rows | None = None


def cut_for(preset: Preset, size: Size, crop: tuple[float, ...] | None, focal: Point) -> Cut:
    """Return what a preset makes of a picture of that displayed size."""
    region = part(size, crop)
    box = preset.width, preset.height or _TALLEST
    if preset.shape in (Shape.FIT, Shape.WIDTH):
        return Cut(region, fit(size_of(region), box))
    middle = (region[0] + region[2]) / 2, (region[1] + region[3]) / 2
    focus = (focal[0] * size[0], focal[1] * size[1]) if preset.shape is Shape.CROP else middle
    return Cut(*window(region, box, focus))


def make(
    raw: Level, cuts: Iterable[Cut], finish: Callable[[Image.Image], Image.Image]
) -> Iterator[tuple[Cut, Image.Image]]:
    """Decode `raw`, and yield each cut's picture then, the largest first. What comes from `raw`
    itself goes through `finish`, which brings its colours in order. None is kept longer than
    needed. Raises what the decoder raises."""
    wanted = sorted(set(cuts), key=lambda cut: cut.scale, reverse=True)
    # None is `raw`, which is not the cut of its size: only that has its colours in order.
    sources = [_source(wanted[:place], cut) for place, cut in enumerate(wanted)]
    unfinished = _from_raw(raw, [cut for cut in wanted if sources[wanted.index(cut)] is None])
    return _drawn(wanted, sources, unfinished, finish)


def _drawn(
    wanted: list[Cut],
    sources: list[Cut | None],
    unfinished: dict[Cut, Image.Image],
    finish: Callable[[Image.Image], Image.Image],
) -> Iterator[tuple[Cut, Image.Image]]:
    levels: dict[Cut, Level] = {}
    for place, cut in enumerate(wanted):
        source = sources[place]
        if source is None:
            pixels = finish(unfinished.pop(cut))
        else:
            pixels = resampling.resized(levels[source].pixels, cut.size, _box(levels[source], cut))
        pixels.info = {}
        levels[cut] = Level(pixels, cut.region, cut.scales)
        levels = {each: level for each, level in levels.items() if each in sources[place + 1 :]}
        yield cut, pixels


def _source(larger: list[Cut], cut: Cut) -> Cut | None:
    around = [other for other in larger if contains(other.region, cut.region)]
    enough = [other for other in around if min(other.scales) >= cut.scale * ENOUGH]
    a_little = [other for other in around if min(other.scales) >= cut.scale * _A_LITTLE]
    return next(iter([*enough[-1:], *a_little]), None)


def _from_raw(raw: Level, cuts: list[Cut]) -> dict[Cut, Image.Image]:
    """Cut all at once, so that `raw` can come and go bit by bit, unless it is wanted as it is."""
    boxes = {cut: _box(raw, cut) for cut in cuts}
    whole = (0, 0, *raw.pixels.size)
    as_it_is = [cut for cut in cuts if (*boxes[cut], *cut.size) == (*whole, *raw.pixels.size)]
    others = [cut for cut in cuts if cut not in as_it_is]
    made = resampling.resized_together(
        raw.pixels, [(cut.size, boxes[cut]) for cut in others], raw.rows, keep=bool(as_it_is)
    )
    if not as_it_is:
        raw.pixels.close()  # its memory goes, whoever still knows it
    return dict.fromkeys(as_it_is, raw.pixels) | dict(zip(others, made, strict=True))


def _box(level: Level, cut: Cut) -> resampling.Box:
    (left, top), (x, y) = level.region[:2], level.scales
    width, height = level.pixels.size
    return (
        (cut.region[0] - left) * x,
        (cut.region[1] - top) * y,
        min(width, (cut.region[2] - left) * x),
        min(height, (cut.region[3] - top) * y),
    )
