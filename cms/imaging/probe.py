"""What a file is, from its header alone. No pixel is decoded here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from cms.errors import N_, CmsError
from cms.imaging import headers
from cms.imaging.formats import BY_PILLOW_NAME, Format, pillow_names
from cms.imaging.geometry import Size, displayed
from cms.imaging.motion import count

MOST_FRAMES = 1_000
_ORIENTATION = 0x0112
_TILE_SIDES = (0x0142, 0x0143)
_SPARE_TILE_SIDE = 4_096
_FAX = ("group3", "group4", "tiff_ccitt")

_JPEG_START = b"\xff\xd8"
_SIGNATURES = (_JPEG_START, b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")
# Sounds and films are in the same boxes as some pictures; what is in them is named further on.
_BRANDS = (b"WEBP", b"ftypavi", b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")


class EmptyFile(CmsError):
    """A file of no bytes."""

    sentence = N_("The file is empty.")


class NotAPicture(CmsError):
    """A file of no kind that is taken, whatever its name says."""

    sentence = N_("This is not a picture of a kind that is accepted.")


class SvgRefused(NotAPicture):
    """An SVG drawing, which may carry scripts."""

    sentence = N_("SVG drawings are not accepted; save it as PNG or WebP instead.")


class FaxRefused(NotAPicture):
    """A TIFF in a fax encoding, whose decoder does not say when the data is damaged."""

    sentence = N_("TIFF in fax encoding is not accepted; save it as PNG instead.")


class BrokenPicture(CmsError):
    """A file of a known kind that cannot be read, or not to its end."""

    sentence = N_("The picture is damaged and cannot be read.")


class TooManyPixels(CmsError):
    """More pixels than the limit: decoding it could take all memory."""

    sentence = N_("The picture has more than %(limit)s million pixels.")


class TooManyPixelsMoving(TooManyPixels):
    """An animation whose frames hold more pixels than the limit, taken together."""

    sentence = N_("All frames of the animation together have more than %(limit)s million pixels.")


class TooManyFrames(CmsError):
    """An animation of more than `MOST_FRAMES` frames."""

    sentence = N_("The animation has more than %(limit)s frames.")


@dataclass(frozen=True)
class Probe:
    """What a header says. `width` and `height` are pixels as displayed, after turning."""

    format: Format
    width: int
    height: int
    animated: bool


def probe(path: Path, *, max_pixels: int) -> Probe:
    """Tell what the file at `path` is, without decoding it.

    `max_pixels` limits width × height, over all frames of an animation. Raises
    `EmptyFile`, `NotAPicture`, `BrokenPicture`, `TooManyPixels` or `TooManyFrames`.
    """
    with opened(path, max_pixels=max_pixels) as (image, frames):
        width, height = displayed(image.size, orientation(image))
        return Probe(BY_PILLOW_NAME[image.format or ""], width, height, count(image, frames) > 1)


@contextmanager
def opened(path: Path, *, max_pixels: int) -> Iterator[tuple[Image.Image, int]]:
    """Open a picture within the limits, and count its frames; nothing is decoded yet.

    Raises what `probe` raises.
    """
    with path.open("rb") as file:
        canvas, frames = headers.declared(file, MOST_FRAMES)
        _check_size(canvas, frames, max_pixels)
        with _identify(file) as image:
            if image.info.get("compression") in _FAX:
                raise FaxRefused
            if image.width < 1 or image.height < 1 or _has_huge_tiles(image):
                raise BrokenPicture
            frames = max(frames, _frame_count(image))
            _check_size(image.size, frames, max_pixels)
            yield image, frames


def orientation(image: Image.Image) -> int:
    """Return how the camera was held, 1 to 8 as EXIF counts; 1 if it does not say.

    Malformed EXIF is common and no reason to refuse a picture.
    """
    if image.format == "TIFF":
        return 1  # Pillow tells a TIFF's displayed size, and turns it by itself
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
    if "exif" not in image.info and file and (raw := headers.png_chunk(file, b"eXIf")):
        parsed = Image.Exif()
        parsed.load(raw)
        return parsed
    return Image.Image.getexif(image)


def _check_size(size: Size, frames: int, max_pixels: int) -> None:
    millions = max_pixels // 1_000_000
    if size[0] * size[1] > max_pixels:
        raise TooManyPixels(limit=millions)
    if frames > MOST_FRAMES:
        raise TooManyFrames(limit=MOST_FRAMES)
    if size[0] * size[1] * frames > max_pixels:
        raise TooManyPixelsMoving(limit=millions)


def _has_huge_tiles(image: Image.Image) -> bool:
    """Tell whether a TIFF has tiles far larger than itself: one would be decoded whole."""
    tags = getattr(image, "tag_v2", {})
    most = max(image.size) + _SPARE_TILE_SIDE
    sides = [tags.get(tag, 1) for tag in _TILE_SIDES]
    return not all(isinstance(side, int) and side <= most for side in sides)


def _identify(file: BinaryIO) -> Image.Image:
    head = file.read(1024)
    file.seek(0)
    if not head:
        raise EmptyFile
    names = pillow_names(head)
    try:
        if head.startswith(_JPEG_START):
            # Pillow would look for a camera's second picture, and stumble over bad lists of them.
            return JpegImageFile(file)
        return Image.open(file, formats=names)
    except UnidentifiedImageError:
        raise _unidentified(head) from None
    except Exception as error:
        # Plugins raise whatever their formats make them stumble over.
        raise BrokenPicture from error


def _unidentified(head: bytes) -> CmsError:
    if b"<svg" in head.lower():
        return SvgRefused()
    boxed = head.startswith(_BRANDS[0], 8) or head.startswith(_BRANDS[1:], 4)
    known = boxed or head.startswith(_SIGNATURES)
    return BrokenPicture() if known else NotAPicture()


def _frame_count(image: Image.Image) -> int:
    """Return the number of frames where asking costs nothing; a TIFF's pages are none."""
    if image.format in ("GIF", "TIFF"):
        return 1
    return int(getattr(image, "n_frames", 1))
