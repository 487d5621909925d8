"""Pictures drawn in code: hills, a sun, water. To look at, and to test with."""

from __future__ import annotations

import math
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from cms.imaging.geometry import Size

Colour = tuple[int, int, int]

# Sky above, sky at the horizon, the sun, the nearest hill.
_PALETTES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    ((48, 76, 130), (250, 190, 140), (255, 236, 200), (26, 36, 60)),
    ((120, 160, 190), (226, 232, 226), (255, 255, 245), (34, 66, 62)),
    ((196, 108, 70), (252, 214, 150), (255, 244, 214), (88, 44, 30)),
    ((10, 14, 40), (58, 62, 110), (240, 240, 255), (6, 8, 20)),
    ((110, 170, 220), (228, 240, 236), (255, 252, 230), (40, 92, 48)),
    ((70, 150, 180), (214, 236, 232), (255, 250, 225), (16, 62, 84)),
)
_LAYERS = 5
_DRAWN_WIDTH = 1600  # drawn at this width, then scaled: a large one costs no more


def draw_sample(seed: int, size: Size, path: Path) -> None:
    """Draw a landscape, the same for the same seed, as a JPEG of `size` pixels at `path`."""
    above, horizon, sun, near = _PALETTES[seed % len(_PALETTES)]
    chance = random.Random(seed)  # noqa: S311 - to draw, not to keep a secret
    drawn = (_DRAWN_WIDTH, max(1, round(_DRAWN_WIDTH * size[1] / size[0])))
    picture = _sky(drawn, above, horizon)
    _shine(picture, chance, sun)
    for layer in range(_LAYERS):
        depth = (layer + 1) / _LAYERS
        _hill(picture, chance, 0.5 + 0.42 * depth, _mixed(horizon, near, depth))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    _grained(picture).save(path, "JPEG", quality=90)


def _sky(size: Size, above: Colour, horizon: Colour) -> Image.Image:
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, horizon), Image.new("RGB", size, above), mask)


def _shine(picture: Image.Image, chance: random.Random, colour: Colour) -> None:
    width, height = picture.size
    x, y = width * chance.uniform(0.2, 0.8), height * chance.uniform(0.2, 0.42)
    for radius, strength in ((0.16, 70), (0.045, 255)):
        mask = Image.new("L", picture.size)
        reach = width * radius
        ImageDraw.Draw(mask).ellipse((x - reach, y - reach, x + reach, y + reach), fill=strength)
        blurred = mask.filter(ImageFilter.GaussianBlur(reach / 3))
        picture.paste(colour, (0, 0), blurred)


def _hill(picture: Image.Image, chance: random.Random, level: float, colour: Colour) -> None:
    width, height = picture.size
    waves = [
        (chance.uniform(1, 3) * k, chance.uniform(0, math.tau), 0.05 / k) for k in (1, 2, 5, 11)
    ]
    ridge = [
        (x, height * (level - sum(a * math.sin(f * x / width * math.tau + p) for f, p, a in waves)))
        for x in range(0, width + 8, 8)
    ]
    ImageDraw.Draw(picture).polygon([*ridge, (width, height), (0, height)], fill=colour)


def _mixed(far: Colour, near: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(far, near, strict=True))
    return red, green, blue


def _grained(picture: Image.Image) -> Image.Image:
    """Add a camera's grain, without which a JPEG would be smaller than any photo."""
    grain = Image.effect_noise(picture.size, 12).convert("RGB")
    return ImageChops.overlay(picture, grain)
