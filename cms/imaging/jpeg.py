"""Decoding JPEG at a fraction of its size, and only whole ones.

Pillow drops its decoder's warnings, and with them the only sign that a stretch
of a photo is grey because its data is damaged.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path

import simplejpeg  # type: ignore[import-untyped]
from PIL import Image, ImageChops

from cms.imaging.geometry import Size
from cms.imaging.probe import BrokenPicture
from cms.imaging.scaling import Spent

# Four bytes a pixel, as Pillow has them: it takes the decoder's memory over as it is.
_SPACES = {"RGB": ("RGBX", "RGBX"), "L": ("GRAY", "L"), "CMYK": ("CMYK", "CMYK")}

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


def decoded(image: Image.Image, path: Path, at_least: Size) -> tuple[Image.Image, Spent]:
    """Return the pixels of the JPEG that `image` has opened at `path`, and how to give back
    the memory of so many rows at the top, where that can be done.

    They come at the smallest scale, in eighths, that is not under `at_least`,
    which costs a fraction of the time and memory of a full decode. Raises
    `BrokenPicture` where the decoder had to guess, and Pillow's errors.
    """
    data = path.read_bytes()
    try:
        space, mode = _SPACES[image.mode]
        least = {"min_width": at_least[0], "min_height": at_least[1]}
        height, width, *_ = simplejpeg.decode_jpeg_header(data, **least)
        memory = _memory(height * width * len(mode))
        simplejpeg.decode_jpeg(data, colorspace=space, **least, buffer=memory)
    except (ValueError, KeyError) as error:
        if _guessed(str(error), data):
            raise BrokenPicture from error
        return _by_pillow(image, at_least), None
    picture = Image.frombuffer(mode, (width, height), memory, "raw", mode, 0, 1)  # type: ignore[arg-type]
    if image.mode == "CMYK":
        # Inks are stored upside down, as Adobe once began it; Pillow assumes the same.
        return ImageChops.invert(picture), None

    def spent(rows: int) -> None:
        used = rows * width * len(mode)
        memory.madvise(mmap.MADV_DONTNEED, 0, used - used % mmap.PAGESIZE)

    return picture, spent


def _memory(size: int) -> mmap.mmap:
    try:
        return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError from error


def _guessed(complaint: str, data: bytes) -> bool:
    """Tell whether what the decoder complains of means that some pixels are wrong."""
    if left_over := _LEFT_OVER.match(complaint):
        count = int(left_over[1])
        end = data.find(b"\xff\xd9", _start_of_scan(data))
        is_padding = len(set(data[max(0, end - count) : end])) <= 1
        return count > _STRAY_BYTES and not is_padding
    return complaint.startswith(_GUESSED)


def _start_of_scan(data: bytes) -> int:
    """Return where the compressed data begins, behind previews with ends of their own."""
    place = 2
    while data[place : place + 1] == b"\xff" and data[place + 1 : place + 2] != b"\xda":
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return place


def _by_pillow(image: Image.Image, at_least: Size) -> Image.Image:
    """Decode what the strict decoder does not take: rare samplings, padded files."""
    image.draft(image.mode, at_least)
    image.load()
    return image
