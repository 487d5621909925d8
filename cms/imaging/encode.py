"""Writing pictures in each format, and how much effort that is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageColor

from cms.imaging.formats import AVIF, GIF, JPEG, PNG, WEBP, Format

# A picture that looks drawn is kept without loss where that costs less than so many
# times the bytes. At 800 pixels a screenshot takes 4 kB without loss and 107 kB with, a
# logo 29 and 25, a photo 350 and 72; PNG takes 227, 49 and 848.
PRICE_OF_EXACTNESS = 2
_FULL = 255
# What AVIF calls 70 looks as JPEG and WebP do at 85, in 0.8 times a JPEG's bytes.
_AVIF_QUALITY = 70 / 85
_AVIF_SPEED = 9  # of 10, which is the fastest: 8 takes two and a half times as long


@dataclass(frozen=True)
class Way:
    """A format, and whether it keeps every pixel as it is."""

    format: Format
    exact: bool = False


@dataclass(frozen=True)
class Reel:
    """The frames of an animation. It plays `plays` times, 0 for ever."""

    frames: Sequence[Image.Image]
    milliseconds: Sequence[int]
    plays: int


def flattened(picture: Image.Image, matte: str) -> Image.Image:
    """Return a transparent picture as it looks on a ground of that colour."""
    ground = Image.new("RGBA", picture.size, (*ImageColor.getrgb(matte)[:3], 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def save(picture: Image.Image, path: Path, way: Way, quality: int, credit: bytes) -> None:
    """Write one picture. `credit` is EXIF, or empty; nothing else is told.

    It goes to a real path: encoding into memory would hold the interpreter's lock.
    """
    options: dict[str, Any] = {"exif": credit} if credit else {}
    if way.format is AVIF:
        options |= _avif(quality)
    elif way.format is WEBP:
        options |= _webp(way, quality)
    elif way.format is JPEG:
        # Codes made for the picture: 6 % fewer bytes at 800 pixels, 25 % at 200, for 1 ms.
        options |= {"quality": quality, "optimize": True}
    picture.save(path, way.format.name.upper(), **options)


def save_reel(reel: Reel, path: Path, way: Way, quality: int, credit: bytes) -> None:
    """Write an animation."""
    first, *others = map(_clear_or_not, reel.frames) if way.format is GIF else reel.frames
    options: dict[str, Any] = {"exif": credit} if credit and way.format is not GIF else {}
    options |= {"save_all": True, "append_images": others, "duration": list(reel.milliseconds)}
    if way.format is GIF:
        clear = any(frame.mode == "RGBA" for frame in reel.frames)
        options |= {"disposal": 2 if clear else 1}
        if reel.plays != 1:
            options |= {"loop": max(0, reel.plays - 1)}
    elif way.format is PNG:
        options |= {"loop": reel.plays}
    elif way.format is AVIF:
        options |= _avif(quality)
    else:
        options |= {"loop": reel.plays, **_webp(way, quality)}
    first.save(path, way.format.name.upper(), **options)


def _clear_or_not(frame: Image.Image) -> Image.Image:
    """Return a frame for a GIF, which knows no half transparent pixels."""
    if frame.mode == "RGBA":
        frame = frame.copy()
        frame.putalpha(frame.getchannel("A").point(lambda alpha: _FULL if alpha > _FULL / 2 else 0))
    return frame


def _avif(quality: int) -> dict[str, Any]:
    return {"quality": round(quality * _AVIF_QUALITY), "speed": _AVIF_SPEED}


def _webp(way: Way, quality: int) -> dict[str, Any]:
    if way.exact:
        # Without loss, quality means effort.
        return {"lossless": True, "quality": 20, "method": 1}
    # Method 2 costs half of the default's time, at any size, for 3 % more bytes; 0 and 1
    # cost a little less, and at the same likeness 15 to 20 % more bytes.
    return {"quality": quality, "method": 2}
