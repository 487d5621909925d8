"""What a file is, from its header alone. No pixel is decoded here."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from cms.errors import N_, CmsError
from cms.imaging.formats import BY_PILLOW_NAME, OPENED_AS, Format
from cms.imaging.geometry import displayed

MOST_FRAMES = 1_000
ANIMATION_FACTOR = 4  # an animation may hold this many times a still's pixels
_ORIENTATION = 0x0112
_FAX = ("group3", "group4", "tiff_ccitt")

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")


class EmptyFile(CmsError):
    """A file of no bytes."""

    sentence = N_("The file is empty.")


class NotAPicture(CmsError):
    """A file of no kind that is taken, whatever its name says."""

    sentence = N_("This is not a picture of a kind that is accepted.")


class SvgRefused(CmsError):
    """An SVG drawing, which may carry scripts."""

    sentence = N_("SVG drawings are not accepted; save it as PNG or WebP instead.")


class BrokenPicture(CmsError):
    """A file of a known kind that cannot be read, or not to its end."""

    sentence = N_("The picture is damaged and cannot be read.")


class FaxRefused(CmsError):
    """A TIFF in a fax encoding, whose decoder does not say when the data is damaged."""

    sentence = N_("TIFF in fax encoding is not accepted; save it as PNG instead.")


class TooManyPixels(CmsError):
    """More pixels than the limit: decoding it could take all memory."""

    sentence = N_("The picture has more than %(limit)s million pixels.")


class TooManyFrames(CmsError):
    """An animation longer than the limit."""

    sentence = N_("The animation has more than %(limit)s frames.")


@dataclass(frozen=True)
class Probe:
    """What a header says. `width` and `height` are pixels as displayed, after turning."""

    format: Format
    width: int
    height: int
    animated: bool


def probe(path: Path, *, max_pixels: int) -> Probe:
    """Tell what the file at `path` is, in a few kilobytes of memory.

    Raises `EmptyFile`, `NotAPicture`, `SvgRefused`, `FaxRefused`, `BrokenPicture`,
    `TooManyPixels` (of a still; an animation may have four times as many over
    all its frames) or `TooManyFrames`.
    """
    with opened(path, max_pixels=max_pixels) as image:
        frames = frame_count(image)
        width, height = displayed(image.size, orientation(image))
        return Probe(BY_PILLOW_NAME[image.format or ""], width, height, frames > 1)


@contextmanager
def opened(path: Path, *, max_pixels: int) -> Iterator[Image.Image]:
    """Open a picture whose size is within the limits; nothing is decoded yet."""
    with path.open("rb") as file:
        image = _identify(file)
        with image:
            if image.info.get("compression") in _FAX:
                raise FaxRefused
            _check_size(image, max_pixels)
            yield image


def frame_count(image: Image.Image) -> int:
    """Return the number of frames of an animation; pages of a TIFF are none."""
    return 1 if image.format in ("TIFF", "MPO") else int(getattr(image, "n_frames", 1))


def orientation(image: Image.Image) -> int:
    """Return how the camera was held, 1 to 8 as EXIF counts; 1 if it does not say.

    Malformed EXIF is common and no reason to refuse a picture.
    """
    try:
        found = exif(image).get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - whatever the parser stumbles over
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1  # noqa: PLR2004


def exif(image: Image.Image) -> Image.Exif:
    """Return the EXIF of an opened picture. May raise anything when it is malformed."""
    if image.format != "PNG":
        return image.getexif()
    # Pillow's own way with PNG decodes all of it, for EXIF that stands behind the pixels.
    file = getattr(image, "fp", None)
    if "exif" not in image.info and file is not None and (raw := _png_chunk(file, b"eXIf")):
        parsed = Image.Exif()
        parsed.load(raw)
        return parsed
    return Image.Image.getexif(image)


def _identify(file: BinaryIO) -> Image.Image:
    head = file.read(1024)
    file.seek(0)
    if not head:
        raise EmptyFile
    try:
        return Image.open(file, formats=OPENED_AS)
    except UnidentifiedImageError:
        raise _unidentified(head) from None
    except Exception:  # noqa: BLE001 - plugins raise what their formats stumble over
        raise BrokenPicture from None


def _unidentified(head: bytes) -> CmsError:
    if b"<svg" in head.lower():
        return SvgRefused()
    known = head.startswith(_SIGNATURES) or head[4:8] == b"ftyp"
    return BrokenPicture() if known else NotAPicture()


def _check_size(image: Image.Image, max_pixels: int) -> None:
    pixels = image.width * image.height
    if pixels <= 0:
        raise BrokenPicture
    if pixels > max_pixels:
        raise TooManyPixels(limit=max_pixels // 1_000_000)
    try:
        frames = frame_count(image)
    except Exception:  # noqa: BLE001 - a broken chain of frames
        raise BrokenPicture from None
    if frames > MOST_FRAMES:
        raise TooManyFrames(limit=MOST_FRAMES)
    if pixels * frames > max_pixels * ANIMATION_FACTOR:
        raise TooManyPixels(limit=max_pixels * ANIMATION_FACTOR // 1_000_000)


def _png_chunk(file: BinaryIO, wanted: bytes) -> bytes | None:
    """Return the content of the first PNG chunk of that name, reading only headers."""
    before = file.tell()
    try:
        file.seek(8)
        while len(header := file.read(8)) == 8:  # noqa: PLR2004 - length and name
            length, name = struct.unpack(">I4s", header)
            if name == wanted:
                return file.read(min(length, 65_536))
            file.seek(length + 4, 1)
        return None
    finally:
        file.seek(before)
