"""What a file tells of its maker, read by another library than the one that wrote it."""

from __future__ import annotations

import io
import logging

import exifread

logging.getLogger("exifread").setLevel(logging.ERROR)  # it notes each file without EXIF

PLACES = (b"GPSLatitude", b"GPSLongitude", b"exif:GPS")


def told(data: bytes) -> dict[str, str]:
    """All tags of a file's EXIF, by name, such as `Image Copyright` and `GPS GPSLatitude`."""
    return {name: str(tag) for name, tag in exifread.process_file(io.BytesIO(data)).items()}


def tells_a_place(data: bytes) -> bool:
    """Whether the bytes themselves, or the EXIF in them, tell where a picture was taken."""
    return any(place in data for place in PLACES) or any(
        name.startswith("GPS") for name in told(data)
    )
