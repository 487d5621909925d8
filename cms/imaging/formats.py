"""The kinds of picture that are taken, by what a file holds, not by its name."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

# Named, for else Pillow would load all plugins that it has when it first writes one.
from PIL import Image, WebPImagePlugin  # noqa: F401

# Our own limits are checked before anything is decoded; Pillow's would only warn.
Image.MAX_IMAGE_PIXELS = None

# Pillow warns of every oddity in metadata. None of them is news to an operator.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(frozen=True)
class Format:
    """A kind of file: its name, its MIME type, the ending its files get."""

    name: str
    mime: str
    extension: str


JPEG = Format("jpeg", "image/jpeg", "jpg")
PNG = Format("png", "image/png", "png")
GIF = Format("gif", "image/gif", "gif")
WEBP = Format("webp", "image/webp", "webp")
AVIF = Format("avif", "image/avif", "avif")
HEIC = Format("heic", "image/heic", "heic")
TIFF = Format("tiff", "image/tiff", "tif")

FORMATS = (JPEG, PNG, GIF, WEBP, AVIF, HEIC, TIFF)

BY_PILLOW_NAME = {
    "JPEG": JPEG,
    "PNG": PNG,
    "GIF": GIF,
    "WEBP": WEBP,
    "AVIF": AVIF,
    "HEIF": HEIC,
    "TIFF": TIFF,
}


def pillow_names(head: bytes) -> tuple[str, ...]:
    """Return what Pillow calls the kinds that a file beginning so may be of.

    The library for HEIC is loaded for a file in boxes only, as HEIC and AVIF are.
    """
    if head[4:8] != b"ftyp":
        return tuple(name for name in BY_PILLOW_NAME if name != "HEIF")
    import pillow_heif  # noqa: PLC0415 - 4 MB that most pictures can do without

    pillow_heif.register_heif_opener()
    return tuple(BY_PILLOW_NAME)
