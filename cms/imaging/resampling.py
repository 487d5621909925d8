"""Resampling by Lanczos with the processor's vector instructions: a tenth of Pillow's time."""

from __future__ import annotations

import math
from typing import Any

from cykooz_resizer import (  # type: ignore[import-untyped]
    CropBox,
    FilterType,
    ResizeAlg,
    ResizeOptions,
    Resizer,
)
from PIL import Image

from cms.imaging.geometry import Size

# Left, top, right and bottom in pixels, which need not be whole.
Box = tuple[float, float, float, float]

_LANCZOS = ResizeAlg.convolution(FilterType.lanczos3)
# What the resizer takes, and what it calls it.
_NAMES = {"L": "L", "RGB": "RGB", "RGBX": "RGB", "RGBA": "RGBA", "CMYK": "CMYK"}


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
    if picture.mode not in _NAMES:
        return picture.resize(size, Image.Resampling.LANCZOS, box)
    made = Image.new(_NAMES[picture.mode], size)
    options = ResizeOptions(resize_alg=_LANCZOS, crop_box=_crop(picture, box))
    # A new one each time: it would keep its scratch, which is larger than what is made.
    Resizer().resize_pil(_Named(picture), made, options)
    return made


def _crop(picture: Image.Image, box: Box) -> CropBox:
    left, top, right, bottom = box
    # A hair's breadth over the edge, by rounding, would be refused.
    width = math.nextafter(min(right, picture.width) - left, 0)
    height = math.nextafter(min(bottom, picture.height) - top, 0)
    return CropBox(left, top, width, height)
