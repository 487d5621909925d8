"""Resampling by Lanczos with the processor's vector instructions: a tenth of Pillow's time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cykooz_resizer import (  # type: ignore[import-untyped]
    AlphaMulDiv,
    CropBox,
    FilterType,
    ResizeAlg,
    ResizeOptions,
    Resizer,
)
from PIL import Image

from cms.imaging.geometry import Size
from cms.imaging.rows import Rows

# Left, top, right and bottom in pixels, which need not be whole.
Box = tuple[float, float, float, float]

_STRIPS = 10
_WORTH_STRIPS = 1_000_000  # pixels; of fewer, there is nothing to save
_SUPPORT = 3  # pixels of what is made, to each side, that Lanczos looks at

_LANCZOS = ResizeAlg.convolution(FilterType.lanczos3)
# What the resizer takes, and what it calls it.
_NAMES = {"L": "L", "RGB": "RGB", "RGBX": "RGB", "RGBA": "RGBA", "RGBa": "RGBa", "CMYK": "CMYK"}


class _Named:
    """A picture under the name by which the resizer knows its mode: the decoder's `RGBX` is
    what Pillow calls `RGB` in all but name, and a copy of it would be the largest of all."""

    def __init__(self, picture: Image.Image) -> None:
        self.mode = _NAMES[picture.mode]
        self._picture = picture

    def __getattr__(self, name: str) -> Any:
        return getattr(self._picture, name)


def resized(picture: Image.Image, size: Size, box: Box) -> Image.Image:
    """Return what is in `box` at that size. Transparent pixels have no weight.

    `RGBX` becomes `RGB`; other modes stay, and one that the resizer does not know
    (Lab) is left to Pillow.
    """
    return resized_together(picture, [(size, box)])[0]


def resized_together(
    picture: Image.Image,
    wanted: Sequence[tuple[Size, Box]],
    rows: Rows | None = None,
    *,
    keep: bool = False,
) -> list[Image.Image]:
    """Return what is in each box at its size, as `resized` would.

    A large picture is gone through from top to bottom, a strip of each at a time: the
    resizer's scratch is as high as what it is given. Its `rows`, if they are still to come,
    are waited for, and given back unless they are to be kept. In the end all have come.
    """
    if picture.mode not in _NAMES:
        return [picture.resize(size, Image.Resampling.LANCZOS, box) for size, box in wanted]
    made = [Image.new(_NAMES[picture.mode], size, None) for size, _box in wanted]
    count = _STRIPS if picture.width * picture.height > _WORTH_STRIPS else 1
    count = min([count, *(size[1] for size, _box in wanted)])
    split = [_strips(size, box, count) for size, box in wanted]
    for strips in zip(*split, strict=True):
        if rows:
            rows.wait(math.ceil(max(strip.box[3] + strip.reach for strip in strips)))
        source, above = _weighed(picture, strips) if picture.mode == "RGBA" else (picture, 0)
        for whole, strip in zip(made, strips, strict=True):
            left, top, right, bottom = strip.box
            box = left, top - above, right, bottom - above
            whole.paste(_resized(source, strip.size, box), (0, strip.place))
        if rows and not keep:
            rows.give_back(max(0, min(math.floor(s.box[3] - s.reach) for s in strips)))
    if rows:
        rows.wait(picture.height)
    return made


@dataclass(frozen=True)
class _Strip:
    """Some rows of what is made, from `place` on, and what they are made from."""

    place: int
    size: Size
    box: Box

    @property
    def reach(self) -> float:
        """How far beyond the box the filter looks, above and below."""
        return _SUPPORT * max(1, (self.box[3] - self.box[1]) / self.size[1]) + 1


def _strips(size: Size, box: Box, count: int) -> list[_Strip]:
    (width, height), (left, top, right, bottom) = size, box
    ends = [height * number // count for number in range(count + 1)]
    step = (bottom - top) / height
    return [
        _Strip(first, (width, last - first), (left, top + first * step, right, top + last * step))
        for first, last in pairwise(ends)
    ]


def _weighed(picture: Image.Image, strips: Sequence[_Strip]) -> tuple[Image.Image, int]:
    """Return the rows that the strips are made from, each pixel weighed by its alpha, and how
    many there are above them. The resizer would weigh the whole picture for each strip."""
    first = max(0, math.floor(min(strip.box[1] - strip.reach for strip in strips)))
    last = math.ceil(max(strip.box[3] + strip.reach for strip in strips))
    rows = picture.crop((0, first, picture.width, min(last, picture.height)))
    AlphaMulDiv().multiply_alpha_pil_inplace(rows)
    return rows, first


def _resized(picture: Image.Image, size: Size, box: Box) -> Image.Image:
    made = Image.new(_NAMES[picture.mode], size, None)
    options = ResizeOptions(resize_alg=_LANCZOS, crop_box=_crop(picture, box))
    # A new one each time: it would keep its scratch, which is larger than what is made.
    Resizer().resize_pil(_Named(picture), made, options)
    if made.mode == "RGBa":
        AlphaMulDiv().divide_alpha_pil_inplace(made)
    return made


def _crop(picture: Image.Image, box: Box) -> CropBox:
    left, top, right, bottom = box
    # A hair's breadth over the edge, by rounding, would be refused.
    width = math.nextafter(min(right, picture.width) - left, 0)
    height = math.nextafter(min(bottom, picture.height) - top, 0)
    return CropBox(left, top, width, height)
