"""What is to be made of every picture, by name: the presets.

Those that come with QsCMS are `SHIPPED`. An administrator can change them and add
others (`cms.media.models.ImagePreset`); a template asks for one by its name.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class Shape(StrEnum):
    """How a picture comes into its box: `fit` lies inside it, `fill` is cut from the
    middle, `crop` around the focal point, and `width` has that width and any height."""

    FIT = "fit"
    FILL = "fill"
    CROP = "crop"
    WIDTH = "width"


class Motion(StrEnum):
    """What becomes of an animation: it is kept, or its first frame stands for it."""

    KEEP = "keep"
    STILL = "still"


# `original` is the format of the upload, where browsers show it; what they do not, and a
# picture that is partly transparent, finds its nearest.
FORMATS = ("original", "jpeg", "png", "webp", "avif")


@dataclass(frozen=True)
class Preset:
    """One kind of rendition. `width` and `height` are pixels; `height` is None for a
    `Shape.WIDTH`. There is one file for each of `formats`, none of them larger than the
    original. `quality` is 1 to 100; `matte` is what shows through where a format without
    transparency needs it, such as `#ffffff`.
    """

    name: str
    shape: Shape
    width: int
    height: int | None = None
    formats: tuple[str, ...] = ("original",)
    quality: int = 85
    matte: str = "#ffffff"
    motion: Motion = Motion.STILL

    @property
    def recipe(self) -> str:
        """A mark of all that decides how its files look: another mark, other files."""
        from hashlib import sha256  # noqa: PLC0415 - OpenSSL: 4 MB that a rendering child saves

        parts = {
            key: value for key, value in asdict(self).items() if key not in ("name", "formats")
        }
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


SHIPPED = (
    Preset("resize", Shape.FIT, 800, 600),
    Preset("thumbnail", Shape.CROP, 200, 200),
    *(
        Preset(f"width-{width}", Shape.WIDTH, width, formats=("jpeg", "webp"))
        for width in (320, 640, 960, 1280, 1920)
    ),
)
