"""Making renditions: one decode at the smallest sufficient scale, then cut from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from cms.errors import CmsError
from cms.imaging import likeness, probe, scaling
from cms.imaging.encode import Reel
from cms.imaging.formats import Format
from cms.imaging.geometry import Point, fit, part, size_of
from cms.imaging.original import Original
from cms.imaging.presets import Preset
from cms.imaging.scaling import Cut
from cms.imaging.writing import Order, Writer, Written

_Drawn = tuple[Cut, Image.Image]

_ENCODERS = 2  # threads: Pillow's encoders let go of the interpreter's lock
_TINY = (64, 64)  # what the hash and the placeholder are made of


@dataclass(frozen=True)
class Look:
    """What an editor has decided: what matters most, and what is left of the picture
    (left, top, right, bottom). All are parts of the displayed width and height, 0 to 1."""

    focal: Point = (0.5, 0.5)
    crop: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Rendered:
    """One rendition as a file. `width` and `height` are pixels, `size` is bytes; `asked` is
    which of its preset's `formats` it answers, `format` what came of it."""

    preset: Preset
    path: Path
    format: Format
    width: int
    height: int
    size: int
    asked: str = "original"


@dataclass(frozen=True)
class Rendering:
    """What came of a picture: files, a tiny picture as a data address, 16 hex digits that
    are alike for pictures that look alike, and what was found and done, for the verdict.

    `findings` are facts: `turned` (degrees, clockwise) and `mirrored`, as the camera was
    held; `from`, the colour space that was converted to sRGB, or None; `mode` and `bits` of
    the pixels as stored; `location`, whether the file told where it was taken; `credit`,
    whether it told whose it is; `frames` of an animation, else None, and whether any
    rendition is `stilled`; whether any is `flattened`; `exif_broken`; and `bytes`, the size
    of the file.
    """

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
    """Make each preset's renditions of the picture at `source`, in `folder`.

    There is one for each format that a preset asks for, in that order. Every one is
    upright, in 8-bit sRGB, never larger than the original, and carries no metadata but
    copyright and artist. Files are named for their presets, such as `resize.jpg`. Which
    format stands for `original` says `cms.imaging.writing.ways`. Of an animation the
    first frame is made, unless the preset and the format keep it moving.

    Raises the errors of `cms.imaging.probe` for a picture that cannot be made
    into renditions, and `OSError` for a disk that fails; either way no file of
    this call is left in `folder`.
    """
    look = look or Look()
    with probe.opened(source, max_pixels=max_pixels) as (image, frames):
        with _told_apart():
            original = Original(image, source, frames)
        orders = [
            Order(preset, asked, scaling.cut_for(preset, original.size, look.crop, look.focal))
            for preset in presets
            for asked in preset.formats
        ]
        writer = Writer(original, folder)
        try:
            return _carried_out(orders, original, writer, look)
        except BaseException:
            for path in writer.made:
                path.unlink(missing_ok=True)
            raise


def _carried_out(orders: list[Order], original: Original, writer: Writer, look: Look) -> Rendering:
    stills, reels = _by_cut(orders, original, moving=False), _by_cut(orders, original, moving=True)
    hashed, shown = (
        Cut(region, fit(size_of(region), _TINY))
        for region in (part(original.size, None), part(original.size, look.crop))
    )
    likenesses: dict[str, str | None] = {}
    # One task for each picture: Pillow notes on it how it is being saved.
    tasks: list[Future[dict[Order, Written]]] = []
    with ThreadPoolExecutor(_ENCODERS) as pool:
        with _told_apart():
            for cut, picture in _in_turn(original.pictures({*stills, hashed, shown})):
                if cut in stills:
                    tasks.append(pool.submit(writer.stills, stills[cut], picture))
                if cut == hashed:
                    likenesses["phash"] = likeness.perceptual_hash(picture)
                if cut == shown:
                    likenesses["placeholder"] = likeness.placeholder(picture)
            frames = list(original.reel(reels)) if reels else []
        for cut, wanted in reels.items():
            reel = Reel([cuts[cut] for cuts, _ in frames], [ms for _, ms in frames], original.plays)
            tasks.append(pool.submit(writer.reels, wanted, reel))
    written: dict[Order, Written] = {}
    for task in tasks:
        written |= task.result()
    files = [
        Rendered(o.preset, w.path, w.format, *o.cut.size, w.path.stat().st_size, o.asked)
        for o, w in ((order, written[order]) for order in orders)
    ]
    findings = original.findings | {
        "stilled": original.frames > 1 and bool(stills),
        "flattened": any(one.flattened for one in written.values()),
    }
    return Rendering(files, findings=findings, **likenesses)


def _in_turn(pictures: Iterator[_Drawn]) -> list[_Drawn]:
    """Return the largest, then the others from the smallest on: while one thread writes the
    largest, which takes the most memory, the other has done with most when it comes to the
    next. All are cut before the first is written, so that what they are cut from is gone."""
    largest, *others = pictures
    return [largest, *reversed(others)]


def _by_cut(orders: list[Order], original: Original, *, moving: bool) -> dict[Cut, list[Order]]:
    found: dict[Cut, list[Order]] = {}
    for order in orders:
        if order.moves(original) is moving:
            found.setdefault(order.cut, []).append(order)
    return found


@contextmanager
def _told_apart() -> Iterator[None]:
    """Raise `BrokenPicture` for what is wrong with the picture, all else as it is.

    Decoders raise whatever the data makes them stumble over. An error number,
    though, is the disk's: the picture may be good, and the next attempt succeed.
    """
    try:
        yield
    except CmsError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise probe.BrokenPicture from error
