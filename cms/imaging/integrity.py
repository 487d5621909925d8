"""Whether a JPEG is whole. Pillow drops the decoder's warnings, and with them the
only sign that a stretch of a photo is grey because its data is damaged."""

from __future__ import annotations

from pathlib import Path

import simplejpeg

from cms.imaging.probe import BrokenPicture

_HARMLESS = "extraneous bytes"  # many cameras pad their files
_SMALLEST = {"colorspace": "GRAY", "min_height": 1, "min_width": 1, "min_factor": 8}


def check(path: Path, pillow_name: str) -> None:
    """Read a JPEG's data to its end, at the smallest scale; other kinds are passed.

    Raises `BrokenPicture` for what the decoder can only guess at.
    """
    if pillow_name not in ("JPEG", "MPO"):
        return
    try:
        simplejpeg.decode_jpeg(path.read_bytes(), strict=True, **_SMALLEST)
    except ValueError as error:
        if _HARMLESS not in str(error):
            raise BrokenPicture from error
