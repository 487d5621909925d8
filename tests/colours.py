"""What a picture looks like by other means than ours, and how far two looks are apart.

The far and the near are told in ΔE2000: 1 is the least that a trained eye sees, 2 to 3
what most people notice side by side.
"""

from __future__ import annotations

import io
from contextlib import suppress
from statistics import mean

import numpy as np
from coloraide import Color
from PIL import Image, ImageCms, ImageOps

GRID = (8, 8)
SRGB = ImageCms.createProfile("sRGB")


def grid(picture: Image.Image) -> list[Color]:
    """The colours of a picture's parts, on white where it is transparent."""
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture)
    small = picture.convert("RGB").resize(GRID, Image.Resampling.BOX)
    return [colour(pixel) for pixel in np.asarray(small).reshape(-1, 3).tolist()]


def colour(pixel, space="srgb") -> Color:
    """A colour that is written down in `space`, each part 0 to 255, as sRGB can show it."""
    return Color(space, [part / 255 for part in pixel[:3]]).convert("srgb").clip()


def lab(*parts) -> Color:
    return Color("lab", parts).convert("srgb").clip()


def apart(one: Color, other: Color) -> float:
    return one.delta_e(other, method="2000")


def mean_and_worst(one: list[Color], other: list[Color]) -> tuple[float, float]:
    distances = [apart(a, b) for a, b in zip(one, other, strict=True)]
    return mean(distances), max(distances)


def as_meant(picture):
    """An opened file as it is meant to look: decoded whole, turned and converted by Pillow
    alone, at full size, before anything is made smaller."""
    if getattr(picture, "default_image", False):
        picture.seek(1)
    picture.load()
    profile = picture.info.get("icc_profile")
    with suppress(Exception):  # EXIF that is malformed on purpose
        picture = ImageOps.exif_transpose(picture)
    if picture.mode == "LAB":
        return ImageCms.profileToProfile(
            picture, ImageCms.createProfile("LAB"), SRGB, outputMode="RGB"
        )
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) / 257).round().astype("uint8"))
    if profile and picture.mode in ("RGB", "CMYK"):
        with suppress(OSError):  # a profile that is broken on purpose
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(
                picture, source, SRGB, renderingIntent=1, outputMode="RGB"
            )
    return picture
