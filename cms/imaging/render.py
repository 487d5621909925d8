"""Making renditions: one decode at the smallest sufficient scale, then cut from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from cms.errors import CmsError
from cms.imaging import colour, jpeg, probe
from cms.imaging.formats import JPEG, WEBP, Format
from cms.imaging.geometry import Size, cover, cover_scale, displayed, fit, fit_scale, scaled
from cms.imaging.presets import Preset, Shape

# A JPEG is decoded at no less than this many times the largest rendition, so
# that the last step down is ours and sharp.
OVERSAMPLING = 1.5
QUALITY = 85
# A transparent picture is kept without loss where that costs less than so many times
# the bytes. At 800 pixels a screenshot takes 4 kB without loss and 107 kB with, a logo
# 29 and 25, a photo 350 and 72; PNG takes 227, 49 and 848.
_PRICE_OF_EXACTNESS = 2
_NO_LIMIT = 16_383  # a WebP has no more on either side
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
class Look:
    """What an editor has decided: what matters most, and what is left of the picture
    (left, top, right, bottom). All are parts of the displayed width and height, 0 to 1."""

    focal: tuple[float, float] = (0.5, 0.5)
    crop: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Rendered:
    """One rendition as a file. `width` and `height` are pixels, `size` is bytes."""

    preset: Preset
    path: Path
    format: Format
    width: int
    height: int
    size: int


@dataclass(frozen=True)
class Rendering:
    """What came of a picture: files, a tiny picture as a data address, 16 hex digits that
    are alike for pictures that look alike, and what was found and done, for the verdict."""

    files: list[Rendered]
    placeholder: str | None = None
    phash: str | None = None
    findings: dict[str, Any] = field(default_factory=dict)


def render(
    source: Path,
    presets: Sequence[Preset],
    folder: Path,
    *,
    max_pixels: int,
    look: Look | None = None,
) -> Rendering:
    """Make each preset's rendition of the picture at `source`, in `folder`.

    Every rendition is upright, in 8-bit sRGB, never larger than the original,
    and carries no metadata but copyright and artist. It is a JPEG, or a WebP
    where the picture is partly transparent. Of an animation, the first frame is
    made. Files are named for their presets, such as `resize.jpg`.

    Raises the errors of `cms.imaging.probe` for a picture that cannot be made
    into renditions, and `OSError` for a disk that fails; either way no file of
    this call is left in `folder`.
    """
    del look  # for now
    with probe.opened(source, max_pixels=max_pixels) as (image, _frames):
        credit = _credit(image)
        base = _base(image, source, presets)
    made: list[Path] = []
    try:
        return Rendering([_save(_cut(base, one), one, folder, credit, made) for one in presets])
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _base(image: Image.Image, source: Path, presets: Sequence[Preset]) -> Image.Image:
    """Return the picture upright, in sRGB, just large enough for every preset."""
    turn = probe.orientation(image)
    profile = image.info.get("icc_profile")
    full = image.size
    scale = max(_scale(displayed(full, turn), preset) for preset in presets)
    try:
        pixels = _decoded(image, source, scale)
        base = colour.in_srgb(_shrunk(colour.normalised(pixels), scaled(full, scale)), profile)
    except CmsError:
        raise
    except Exception as error:
        # Decoders raise whatever the data makes them stumble over. An error number,
        # though, is the disk's: the picture may be good, and the next attempt succeed.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise probe.BrokenPicture from error
    base.info = {}
    return base.transpose(_TURNS[turn]) if turn in _TURNS else base


def _scale(size: Size, preset: Preset) -> float:
    fits = preset.shape in (Shape.FIT, Shape.WIDTH)
    return fit_scale(size, _box(preset)) if fits else cover_scale(size, _box(preset))


def _box(preset: Preset) -> Size:
    return preset.width, preset.height or _NO_LIMIT


def _decoded(image: Image.Image, source: Path, scale: float) -> Image.Image:
    if image.format == "JPEG":
        width, height = (math.ceil(side * min(1, scale * OVERSAMPLING)) for side in image.size)
        return jpeg.decoded(image, source, (width, height))
    if getattr(image, "default_image", False):
        image.seek(1)  # what stands before an APNG's frames is for programs without animation
    image.load()
    return image


def _shrunk(image: Image.Image, size: Size) -> Image.Image:
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _cut(base: Image.Image, preset: Preset) -> Image.Image:
    if preset.shape in (Shape.FIT, Shape.WIDTH):
        return _shrunk(base, fit(base.size, _box(preset)))
    size, box = cover(base.size, _box(preset))
    return _shrunk(base, size).crop(box)


def _save(
    picture: Image.Image,
    preset: Preset,
    folder: Path,
    credit: Image.Exif | None,
    made: list[Path],
) -> Rendered:
    kind = WEBP if picture.mode == "RGBA" else JPEG
    path = folder / f"{preset.name}.{kind.extension}"
    made.append(path)
    extra = {"exif": credit.tobytes()} if credit else {}
    # To a real path: encoding into memory would hold the interpreter's lock.
    if kind is WEBP:
        _save_webp(picture, path, extra, made)
    else:
        picture.save(path, "JPEG", quality=QUALITY, **extra)
    return Rendered(preset, path, kind, *picture.size, path.stat().st_size)


def _save_webp(picture: Image.Image, path: Path, extra: dict[str, bytes], made: list[Path]) -> None:
    exact = path.with_suffix(".exact")
    made.append(exact)
    # Method 2 costs a quarter of the default's time for 3 % more bytes.
    picture.save(path, "WEBP", quality=QUALITY, method=2, **extra)
    # Without loss, quality means effort.
    picture.save(exact, "WEBP", lossless=True, quality=20, method=1, **extra)
    if exact.stat().st_size < path.stat().st_size * _PRICE_OF_EXACTNESS:
        exact.replace(path)
    else:
        exact.unlink()


def _credit(image: Image.Image) -> Image.Exif | None:
    """Return EXIF that says who made the picture and who owns it, and nothing else."""
    credit = Image.Exif()
    try:
        found = probe.exif(image)
        for tag in (_COPYRIGHT, _ARTIST):
            words = found.get(tag)
            if isinstance(words, str) and words.strip("\0 "):
                # Read and written byte by byte: most programs mean UTF-8, and © is not ASCII.
                credit[tag] = words.strip("\0 ").encode("latin-1")[:_LONGEST_CREDIT]
    except Exception:  # noqa: BLE001 - malformed EXIF never stops a picture
        return None
    return credit if len(credit) else None
