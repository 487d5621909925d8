"""Modes and colours: whatever a file holds becomes 8-bit sRGB, alpha kept."""

from __future__ import annotations

import io
import logging

from PIL import Image, ImageCms

logger = logging.getLogger(__name__)

_SRGB = ImageCms.createProfile("sRGB")
_SIXTEEN_TO_EIGHT = 1 / 257  # 65535 becomes 255
_FULL_EIGHT = 255


def normalised(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be resized without loss.

    Palettes would be resized by nearest neighbour, and 16-bit greys would be
    clipped to white. Colour spaces are left for `in_srgb`.
    """
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * _SIXTEEN_TO_EIGHT).convert("L")
    if image.mode in ("I", "F"):
        return _stretched(image)
    if image.mode == "P" or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in ("LA", "La", "PA", "RGBa"):
        return image.convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture as RGB, or RGBA where any of it is transparent, in sRGB.

    `profile` is the file's ICC profile. One that is broken, or for another
    colour space than the picture's, is passed over.
    """
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha else image
    if converted := _by_profile(colours, profile):
        colours = converted
    elif colours.mode != "RGB":
        colours = colours.convert("RGB")
    if alpha is not None and alpha.getextrema()[0] != _FULL_EIGHT:
        colours.putalpha(alpha)
    return colours


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "L" and source.profile.xcolor_space == "RGB ":
            image = image.convert("RGB")
        return ImageCms.profileToProfile(
            image,
            source,
            _SRGB,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        logger.info("a colour profile was passed over: %s", error)
        return None


def _stretched(image: Image.Image) -> Image.Image:
    """Scale wide greys to 8 bit: by 16 bit if they need it, else as they are."""
    _low, high = image.getextrema()
    factor = 1.0
    if isinstance(high, int | float):
        if high > _FULL_EIGHT:
            factor = _FULL_EIGHT / max(float(high), 65_535.0)
        elif image.mode == "F" and high <= 1:
            factor = float(_FULL_EIGHT)
    return image.convert("F").point(lambda value: value * factor).convert("L")
