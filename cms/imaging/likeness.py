"""What stands for a picture: a tiny one to show until it comes, and a hash to find its like."""

from __future__ import annotations

import base64
import io
import math

import numpy as np
from PIL import Image

from cms.imaging.geometry import fit

_TINY_SIDES = (24, 20, 16, 12, 8)
_LONGEST_ADDRESS = 400
_HASHED_SIDE, _WAVES = 32, 8
_ROWS_LOOKED_AT = 64
_DRAWN_SHARE = 0.3
_PLAIN = 8  # of 255: a picture of smaller differences shows nothing

# The cosine transform's first waves, along the side of a square. Here and below, NumPy is
# asked for little: its functions for matrices, medians and sines fill 3 MB.
_COSINES = np.array(
    [
        [math.cos(math.pi / _HASHED_SIDE * wave * (place + 0.5)) for place in range(_HASHED_SIDE)]
        for wave in range(_WAVES)
    ]
)


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


def perceptual_hash(picture: Image.Image) -> str | None:
    """Return 64 bits as 16 hex digits, of which few differ for pictures that look alike.

    It is the hash that is known as pHash: which of the 8 × 8 longest waves in the
    picture are stronger than their median. Size, compression and a little more or
    less light change few of them. What is transparent counts as white. None for a
    picture of one colour, which is like every other.
    """
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    small = picture.convert("L").resize((_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.LANCZOS)
    low, high = small.getextrema()
    if high - low < _PLAIN:  # type: ignore[operator]
        return None
    light = np.asarray(small, dtype=float)
    waves = np.einsum("ij,jk,lk->il", _COSINES, light, _COSINES).ravel()
    middle = sum(sorted(waves)[waves.size // 2 - 1 : waves.size // 2 + 1]) / 2
    stronger = waves > middle
    return np.packbits(stronger).tobytes().hex()


def may_be_drawn(image: Image.Image) -> bool:
    """Tell whether a picture may be drawn (a logo, a screenshot) and not taken.

    In what is drawn, many pixels are exactly as their neighbours. What is wholly
    transparent does not count. It is not sure: a photo may stand on a plain ground.
    """
    same = total = 0
    step = max(1, image.height // _ROWS_LOOKED_AT)
    for top in range(step // 2, image.height, step):
        row = np.asarray(image.crop((0, top, image.width, top + 1)))[0]
        row = row.reshape(len(row), -1)
        equal = (row[1:] == row[:-1]).all(axis=1)
        if image.mode in ("RGBA", "LA"):
            seen = row[1:, -1] > 0
            equal = equal[seen]
        same += int(equal.sum())
        total += len(equal)
    return same >= total * _DRAWN_SHARE
