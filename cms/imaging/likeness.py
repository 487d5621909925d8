"""What stands for a picture: a tiny one to show until it comes, and a hash to find its like."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from cms.imaging.geometry import fit

_TINY_SIDES = (24, 20, 16, 12, 8)
_LONGEST_ADDRESS = 400
_HASHED_SIDE, _WAVES = 32, 8
_ROWS_LOOKED_AT = 64

# The cosine transform's first waves, along the side of a square.
_COSINES = np.cos(np.pi / _HASHED_SIDE * np.outer(np.arange(_WAVES), np.arange(_HASHED_SIDE) + 0.5))


def placeholder(picture: Image.Image) -> str:
    """Return the picture at some twenty pixels, as a data address of 400 characters at most."""
    for side in _TINY_SIDES:
        tiny = picture.resize(fit(picture.size, (side, side)), Image.Resampling.BOX)
        file = io.BytesIO()
        tiny.save(file, "WEBP", quality=30, method=4)
        address = "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
        if len(address) <= _LONGEST_ADDRESS:
            break
    return address


def perceptual_hash(picture: Image.Image) -> str:
    """Return 64 bits as 16 hex digits, of which few differ for pictures that look alike.

    It is the hash that is known as pHash: which of the 8 × 8 longest waves in the
    picture are stronger than their median. Size, compression and a little more or
    less light change few of them. What is transparent counts as white.
    """
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    small = picture.convert("L").resize((_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.LANCZOS)
    waves = _COSINES @ np.asarray(small, dtype=float) @ _COSINES.T
    stronger = (waves > np.median(waves)).ravel()
    return np.packbits(stronger).tobytes().hex()


def is_drawn(image: Image.Image) -> bool:
    """Tell whether a picture looks drawn (a logo, a screenshot) and not taken.

    In what is drawn, most pixels are exactly as their neighbours. So it takes few
    bytes without loss, and looks bad with.
    """
    step = max(1, image.height // _ROWS_LOOKED_AT)
    same = total = 0
    for top in range(step // 2, image.height, step):
        rows = np.asarray(image.crop((0, top, image.width, top + 1)))[0]
        equal = rows[1:] == rows[:-1]
        same += int((equal.all(axis=1) if equal.ndim > 1 else equal).sum())
        total += len(equal)
    return same * 2 >= total
