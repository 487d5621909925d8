"""What is damaged: one small file of every kind, and those of `CMS_SAMPLE_IMAGES`."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from tests import pictures

Samples = dict[str, bytes]


def drawn() -> Samples:
    """Return files drawn in code, by name."""
    # With a pattern, so that what decoders do is not over with the first bytes.
    photo = Image.merge("RGB", [pictures.noise(96, 64, seed) for seed in (1, 2, 3)])
    glass = photo.convert("RGBA")
    glass.putalpha(pictures.noise(96, 64, 4))
    profile = pictures.srgb_profile()
    profile = profile[:24] + bytes(12) + profile[36:]  # without the time at which it was made
    files = {
        "plain.jpg": pictures.encoded(photo, "JPEG"),
        "progressive.jpg": pictures.encoded(photo, "JPEG", progressive=True),
        "cmyk.jpg": pictures.cmyk_jpeg(),
        "gps.jpg": pictures.gps_jpeg(),
        "turned.jpg": pictures.oriented_jpeg(6),
        "profiled.jpg": pictures.profiled_jpeg(profile),
        "camera.jpg": pictures.camera_mpo(),
        "plain.png": pictures.encoded(photo, "PNG"),
        "glass.png": pictures.encoded(glass, "PNG"),
        "palette.png": pictures.palette_png(),
        "grey16.png": pictures.grey16(),
        "tall.png": pictures.png(3, 70_000),  # more than a JPEG or a WebP can have
        "tall.gif": pictures.encoded(pictures.corners(3, 20_000), "GIF", transparency=0),
        "wide.png": pictures.png(20_000, 3, "RGBA"),
        "late.png": pictures.late_exif_png(6),
        "lossy.webp": pictures.encoded(glass, "WEBP"),
        "exact.webp": pictures.encoded(glass, "WEBP", lossless=True),
        "new.avif": pictures.encoded(glass, "AVIF"),
        "phone.heic": pictures.rotated_heic(),
    }
    for how in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        files[f"{how}.tif"] = pictures.encoded(photo, "TIFF", compression=how)
    for kind in ("GIF", "PNG", "WEBP", "AVIF"):
        files[f"moving.{kind.lower()}"] = pictures.animated(kind)
    return files


def named() -> Samples:
    """Return the files of the folder that `CMS_SAMPLE_IMAGES` names, if it does."""
    folder = os.environ.get("CMS_SAMPLE_IMAGES")
    paths = sorted(Path(folder).iterdir()) if folder else []
    return {path.name: path.read_bytes() for path in paths if path.is_file()}
