"""A picture as it was uploaded, opened: what it tells, and its pixels as wanted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from cms.imaging import colour, geometry, jpeg, likeness, metadata, motion, probe, scaling, strip
from cms.imaging.formats import BY_PILLOW_NAME, GIF, JPEG, PNG, WEBP
from cms.imaging.geometry import Region, displayed
from cms.imaging.rows import Rows
from cms.imaging.scaling import Cut, Level

# A JPEG is decoded at no less than this many times the largest rendition, so
# that the last step down is ours and sharp.
OVERSAMPLING = 1.75
_PLAIN_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
_PLAIN_BITS = 8
_DRAWN = (PNG, GIF, WEBP)  # formats that drawings come in
_HALF = 0.5
_EIGHTHS = 8  # in which a JPEG can be decoded
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DEGREES = {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}
_MIRRORED = (2, 4, 5, 7)


class Original:
    """An opened picture. `size` is in pixels as displayed, `frames` is 1 for a still."""

    def __init__(self, image: Image.Image, path: Path, pictures: int) -> None:
        self.path = path
        self.format = BY_PILLOW_NAME[image.format or ""]
        self.frames = motion.count(image, pictures)
        self.plays = motion.plays(image)
        self.may_be_drawn = False  # a logo or a screenshot: known once it is decoded
        told = metadata.Told(image)
        self.credit = told.credit
        self._image = image
        self._turn = probe.orientation(image)
        self._profile = image.info.get("icc_profile")
        self.size = displayed(image.size, self._turn)
        self.findings: dict[str, Any] = {
            "turned": _DEGREES.get(self._turn, 0),
            "mirrored": self._turn in _MIRRORED,
            "from": None,
            "mode": image.mode,
            "bits": metadata.bits(image),
            "location": told.has_location,
            "credit": bool(self.credit),
            "frames": self.frames if self.frames > 1 else None,
            "exif_broken": told.is_exif_broken,
            "bytes": path.stat().st_size,
        }

    @property
    def whole(self) -> Region:
        return 0, 0, *self.size

    @cached_property
    def bare(self) -> bytes | None:
        """The file without its metadata, if its pixels are as a rendition's would be."""
        found = self.findings
        plain = found["mode"] in _PLAIN_MODES and found["bits"] <= _PLAIN_BITS
        if self._turn != 1 or found["from"] or not plain:
            return None
        return strip.bare(self.path.read_bytes(), self.format, self.credit)

    def pictures(self, cuts: Iterable[Cut]) -> Iterator[tuple[Cut, Image.Image]]:
        """Decode it, and yield each cut's picture, upright and in sRGB, the largest first.

        Raises whatever a decoder stumbles over.
        """
        wanted = list(cuts)
        if self.format is JPEG:
            return self._photo(wanted, max(cut.scale for cut in wanted) * OVERSAMPLING)
        pixels = motion.first_frame(self._image)
        # The frames to come are decoded into the same.
        raw = self._level(pixels.copy() if self.frames > 1 else pixels)
        self.may_be_drawn = self.format in _DRAWN and likeness.may_be_drawn(raw.pixels)
        return self._made(raw, wanted)

    def reel(self, cuts: Iterable[Cut]) -> Iterator[tuple[dict[Cut, Image.Image], int]]:
        """Decode an animation, and yield each frame's cuts, with its milliseconds."""
        wanted = list(cuts)
        for frame, milliseconds in motion.frames(self._image, self.frames):
            yield dict(self._made(self._level(frame), wanted)), milliseconds

    def _made(self, raw: Level, cuts: Iterable[Cut]) -> Iterator[tuple[Cut, Image.Image]]:
        """Make the cuts from the picture as it is stored, and turn them then: they are less."""
        stored = {self._as_stored(cut): cut for cut in cuts}
        # No generator function, which would hold on to `raw`.
        return (
            (stored[cut], self._upright(pixels))
            for cut, pixels in scaling.make(raw, stored, self._in_srgb)
        )

    def _as_stored(self, cut: Cut) -> Cut:
        region = geometry.stored(cut.region, self.size, self._turn)
        return Cut(region, displayed(cut.size, self._turn))

    def _upright(self, pixels: Image.Image) -> Image.Image:
        return pixels.transpose(_TURNS[self._turn]) if self._turn in _TURNS else pixels

    def _photo(self, cuts: list[Cut], part: float) -> Iterator[tuple[Cut, Image.Image]]:
        # Five to seven eighths take the decoder longer than the whole.
        wanted = (side * (1 if part > _HALF else part) for side in self._image.size)
        width, height = map(math.ceil, wanted)
        try:
            return self._made(
                self._level(*jpeg.decoded(self._image, self.path, (width, height))), cuts
            )
        except jpeg.Unusual:
            return self._made(self._level(jpeg.by_pillow(self._image, (width, height))), cuts)

    def _level(self, pixels: Image.Image, rows: Rows | None = None) -> Level:
        scale = 1.0
        if self.format is JPEG:
            # Not the ratio of the sizes: the last pixel may hang over the edge.
            scale = max(1, round(_EIGHTHS * max(pixels.size) / max(self.size))) / _EIGHTHS
        whole = 0, 0, *displayed(self.size, self._turn)
        return Level(colour.normalised(pixels), whole, (scale, scale), rows)

    def _in_srgb(self, pixels: Image.Image) -> Image.Image:
        pixels, came_from = colour.in_srgb(pixels, self._profile)
        self.findings["from"] = self.findings["from"] or came_from
        return pixels
