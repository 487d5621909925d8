"""Decoding JPEG at a fraction of its size, and only whole ones.

Pillow drops its decoder's warnings, and with them the only sign that a stretch
of a photo is grey because its data is damaged.
"""

from __future__ import annotations

from pathlib import Path

import simplejpeg  # type: ignore[import-untyped]
from PIL import Image, ImageChops

from cms.imaging.geometry import Size
from cms.imaging.probe import BrokenPicture

_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}

# What the decoder says when it goes on with a guess. It also complains of padding,
# odd profiles and odd revisions, none of which changes a pixel.
_GUESSED = (
    "Premature end of JPEG file",
    "Corrupt JPEG data: premature end",
    "Corrupt JPEG data: bad Huffman code",
    "Corrupt JPEG data: bad arithmetic code",
    "Corrupt JPEG data: found marker",
)


def decoded(image: Image.Image, path: Path, at_least: Size) -> Image.Image:
    """Return the pixels of the JPEG that `image` has opened at `path`.

    They come at the smallest scale, in eighths, that is not under `at_least`,
    which costs a fraction of the time and memory of a full decode. Raises
    `BrokenPicture` where the decoder had to guess, and Pillow's errors.
    """
    try:
        pixels = simplejpeg.decode_jpeg(
            path.read_bytes(),
            colorspace=_SPACES[image.mode],
            min_width=at_least[0],
            min_height=at_least[1],
            strict=True,
        )
    except (ValueError, KeyError) as error:
        if str(error).startswith(_GUESSED):
            raise BrokenPicture from error
        return _by_pillow(image, at_least)
    if image.mode == "L":
        return Image.fromarray(pixels[:, :, 0])
    picture = Image.fromarray(pixels, image.mode)
    # Inks are stored upside down, as Adobe once began it; Pillow assumes the same.
    return ImageChops.invert(picture) if image.mode == "CMYK" else picture


def _by_pillow(image: Image.Image, at_least: Size) -> Image.Image:
    """Decode what the strict decoder does not take: rare samplings, padded files."""
    image.draft(image.mode, at_least)
    image.load()
    return image
