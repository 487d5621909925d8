"""Making renditions: one decode at the smallest sufficient scale, then cut from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cms.errors import CmsError
from cms.imaging import colour, integrity, probe
from cms.imaging.formats import JPEG, WEBP, Format
from cms.imaging.geometry import Size, cover, cover_scale, displayed, fit, fit_scale
from cms.imaging.operations import Operation

# A JPEG is decoded at no less than this many times the largest rendition, so
# that the last step down is ours and sharp.
OVERSAMPLING = 1.5
QUALITY = 85
_COPYRIGHT, _ARTIST = 0x8298, 0x013B
_LONGEST_CREDIT = 500
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Rendered:
    """One rendition as a file. `width` and `height` are pixels, `size` is bytes."""

    operation: Operation
    path: Path
    format: Format
    width: int
    height: int
    size: int


def render(
    source: Path, operations: Sequence[Operation], folder: Path, *, max_pixels: int
) -> list[Rendered]:
    """Make each operation's rendition of the picture at `source`, in `folder`.

    Every rendition is upright, in 8-bit sRGB, and carries no metadata but
    copyright and artist. It is a JPEG, or a WebP where the picture is partly
    transparent. Of an animation, the first frame is made. Raises the errors of
    `cms.imaging.probe`; then nothing is left in `folder`.
    """
    with probe.opened(source, max_pixels=max_pixels) as image:
        try:
            integrity.check(source, image.format or "")
            credit = _credit(image)
            base = _base(image, operations)
            return [_save(_cut(base, one), one, folder, credit) for one in operations]
        except CmsError:
            raise
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError) as error:
            for path in folder.iterdir():
                path.unlink()
            raise probe.BrokenPicture from error


def _base(image: Image.Image, operations: Sequence[Operation]) -> Image.Image:
    """Return the picture upright, in sRGB, just large enough for every operation."""
    turn = probe.orientation(image)
    profile = image.info.get("icc_profile")
    full = image.size
    scale = max(_scale(displayed(full, turn), operation) for operation in operations)
    image.draft(image.mode, _at_least(full, scale * OVERSAMPLING))
    image.load()
    shrunk = _shrink(colour.normalised(image), _exactly(full, scale))
    base = colour.in_srgb(shrunk, profile)
    base.info = {}
    return base.transpose(_TURNS[turn]) if turn in _TURNS else base


def _scale(size: Size, operation: Operation) -> float:
    fits = operation.type == "resize"
    return fit_scale(size, operation.box) if fits else cover_scale(size, operation.box)


def _at_least(size: Size, scale: float) -> Size:
    return math.ceil(size[0] * scale), math.ceil(size[1] * scale)


def _exactly(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _shrink(image: Image.Image, size: Size) -> Image.Image:
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _cut(base: Image.Image, operation: Operation) -> Image.Image:
    if operation.type == "resize":
        return _shrink(base, fit(base.size, operation.box))
    size, box = cover(base.size, operation.box)
    return _shrink(base, size).crop(box)


def _save(
    picture: Image.Image, operation: Operation, folder: Path, credit: Image.Exif | None
) -> Rendered:
    # To a real path: encoding into memory would hold the interpreter's lock.
    kind = WEBP if picture.mode == "RGBA" else JPEG
    path = folder / f"{operation.name}.{kind.extension}"
    extra = {"exif": credit.tobytes()} if credit else {}
    picture.save(path, kind.name.upper(), quality=QUALITY, **extra)
    return Rendered(operation, path, kind, *picture.size, path.stat().st_size)


def _credit(image: Image.Image) -> Image.Exif | None:
    """Return EXIF that says who made the picture and who owns it, and nothing else."""
    credit = Image.Exif()
    try:
        found = probe.exif(image)
        for tag in (_COPYRIGHT, _ARTIST):
            words = found.get(tag)
            if isinstance(words, str) and words.strip():
                credit[tag] = words.strip()[:_LONGEST_CREDIT]
    except Exception:  # noqa: BLE001 - malformed EXIF never stops a picture
        return None
    return credit if len(credit) else None
