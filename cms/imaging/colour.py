"""Modes and colours: whatever a file holds becomes 8-bit sRGB, alpha kept."""

from __future__ import annotations

import io
import logging

from PIL import Image, ImageChops, ImageCms

logger = logging.getLogger(__name__)

_SRGB = ImageCms.createProfile("sRGB")
_SIXTEEN_TO_EIGHT = 1 / 257  # 65535 becomes 255
_FULL_EIGHT = 255
_LONGEST_NAME = 60
# Colours all over the cube, and all greys.
_STEPS = range(0, 256, 51)
_SAMPLE = Image.new("RGB", (472, 1))
_SAMPLE.putdata(
    [(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS]
    + [(grey, grey, grey) for grey in range(256)]
)


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


def in_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, str | None]:
    """Return the picture as RGB, or RGBA where any of it is transparent, in sRGB; and the
    name of the colour space that it was converted from, None where nothing had to be.

    `profile` is the file's ICC profile. One that is broken, or for another
    colour space than the picture's, is passed over.
    """
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha else image
    converted, name = _by_profile(colours, profile)
    if converted.mode != "RGB":
        converted = converted.convert("RGB")
    if alpha is not None and alpha.getextrema()[0] != _FULL_EIGHT:
        converted.putalpha(alpha)
    return converted, name


def _by_profile(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, str | None]:
    if not profile:
        return image, None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "L" and source.profile.xcolor_space == "RGB ":
            image = image.convert("RGB")
        transform = ImageCms.buildTransform(
            source,
            _SRGB,
            image.mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        if image.mode == "RGB" and _changes_nothing(transform):
            return image, None
        converted = ImageCms.applyTransform(image, transform)
        name = ImageCms.getProfileDescription(source).strip() or image.mode
        return converted or image, name[:_LONGEST_NAME]
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        logger.info("a colour profile was passed over: %s", error)
        return image, None


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Tell whether a transform leaves colours as they are, but for a rounding: most
    profiles in photos are sRGB, in one spelling or another."""
    converted = ImageCms.applyTransform(_SAMPLE, transform) or _SAMPLE
    bands = ImageChops.difference(_SAMPLE, converted).getextrema()
    return all(high <= 1 for _low, high in bands)  # type: ignore[misc]


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
