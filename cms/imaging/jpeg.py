"""Decoding JPEG at a fraction of its size, and only whole ones.

Pillow drops its decoder's warnings, and with them the only sign that a stretch
of a photo is grey because its data is damaged.
"""

from __future__ import annotations

import mmap
import re
from functools import partial
from pathlib import Path

import simplejpeg  # type: ignore[import-untyped]
from PIL import Image, ImageChops

from cms.imaging.geometry import Size
from cms.imaging.probe import BrokenPicture
from cms.imaging.rows import Rows, memory

# What the decoder calls a mode, and in which of Pillow's modes it leaves the pixels. Colours
# have four bytes a pixel there: Pillow takes the memory over as it is.
_SPACES = {"RGB": ("RGBA", "RGBX"), "L": ("GRAY", "L"), "CMYK": ("CMYK", "CMYK")}

_WORTH_ROWS = 16 << 20  # bytes of the file and its pixels; of less, there is nothing to save

# What the decoder says when it goes on with a guess. It also complains of padding,
# odd profiles and odd revisions, none of which changes a pixel.
_GUESSED = (
    "Premature end of JPEG file",
    "Corrupt JPEG data: premature end",
    "Corrupt JPEG data: bad Huffman code",
    "Corrupt JPEG data: bad arithmetic code",
    "Corrupt JPEG data: found marker",
)
# It says this of a camera's padding, but also when damage made it lose its place in
# the data and reach the picture's end too soon: most damaged photos say no more.
_LEFT_OVER = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9")
_STRAY_BYTES = 8  # or fewer are no sign of damage


class Unusual(Exception):
    """The strict decoder does not take this file: a rare sampling, padding at its end."""


def decoded(image: Image.Image, path: Path, at_least: Size) -> tuple[Image.Image, Rows | None]:
    """Return the pixels of the JPEG that `image` has opened at `path`, and their rows if they
    are still to come: what is wrong with them is known when they are waited for.

    They come at the smallest scale, in eighths, that is not under `at_least`,
    which costs a fraction of the time and memory of a full decode. Raises
    `BrokenPicture` where the decoder had to guess, and `Unusual`.
    """
    data = _mapped(path)
    if image.mode not in _SPACES:
        raise Unusual
    space, mode = _SPACES[image.mode]
    least = {"min_width": at_least[0], "min_height": at_least[1]}
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data, **least)
    except ValueError as error:
        raise _what_is_wrong(error, data) from error
    decode = partial(_decode, data, space, least)
    size = height * width * len(mode)
    rows = None
    if space == "RGBA" and len(data) + size > _WORTH_ROWS:
        rows = Rows((width, height), decode, data)
        pixels = rows.memory
    else:
        pixels = memory(size)
        decode(pixels)
    picture = Image.frombuffer(mode, (width, height), pixels, "raw", mode, 0, 1)  # type: ignore[arg-type]
    # Inks are stored upside down, as Adobe once began it; Pillow assumes the same.
    return ImageChops.invert(picture) if mode == "CMYK" else picture, rows


def by_pillow(image: Image.Image, at_least: Size) -> Image.Image:
    """Decode what is unusual. Raises Pillow's errors."""
    image.draft(image.mode, at_least)
    image.load()
    return image


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _decode(data: mmap.mmap, space: str, least: dict[str, int], into: object) -> None:
    try:
        simplejpeg.decode_jpeg(data, colorspace=space, **least, buffer=into)
    except ValueError as error:
        raise _what_is_wrong(error, data) from error


def _what_is_wrong(error: ValueError, data: mmap.mmap) -> Exception:
    return BrokenPicture() if _guessed(str(error), data) else Unusual()


def _guessed(complaint: str, data: mmap.mmap) -> bool:
    """Tell whether what the decoder complains of means that some pixels are wrong."""
    if left_over := _LEFT_OVER.match(complaint):
        count = int(left_over[1])
        end = data.find(b"\xff\xd9", _start_of_scan(data))
        is_padding = len(set(data[max(0, end - count) : end])) <= 1
        return count > _STRAY_BYTES and not is_padding
    return complaint.startswith(_GUESSED)


def _start_of_scan(data: mmap.mmap) -> int:
    """Return where the compressed data begins, behind previews with ends of their own."""
    place = 2
    while data[place : place + 1] == b"\xff" and data[place + 1 : place + 2] != b"\xda":
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return place
