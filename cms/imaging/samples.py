"""Pictures drawn in code: hills, a sun, the sea. To look at, and to test with."""

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
    ((84, 56, 120), (244, 168, 168), (255, 226, 214), (44, 26, 66)),
    ((70, 150, 180), (214, 236, 232), (255, 250, 225), (16, 62, 84)),
)
_DARK = 100  # a sky whose parts sum up to less has stars
_LAYERS = 5
_HORIZON = 0.62  # of the height, where there is a sea
_DRAWN_WIDTH = 1600  # drawn at this width, then scaled: a large one costs no more
_GRAIN = 10  # of 255, at most, up and down


def draw_sample(seed: int, size: Size, path: Path) -> None:
    """Draw a landscape, the same for the same seed, as a JPEG of `size` pixels at `path`."""
    above, horizon, sun, near = _PALETTES[seed % len(_PALETTES)]
    chance = random.Random(seed)  # noqa: S311 - to draw, not to keep a secret
    drawn = (_DRAWN_WIDTH, max(1, round(_DRAWN_WIDTH * size[1] / size[0])))
    picture = _gradient(drawn, above, horizon)
    if sum(above) < _DARK:
        _stars(picture, chance, sun)
    _shine(picture, chance, sun)
    if seed % 3 == 1:
        _hill(picture, chance, _HORIZON - 0.04, _mixed(horizon, near, 0.35))
        _sea(picture, chance, sun, _mixed(above, near, 0.5))
        _hill(picture, chance, 0.98, near)
    else:
        for depth in (layer / _LAYERS for layer in range(1, _LAYERS + 1)):
            _hill(picture, chance, 0.5 + 0.42 * depth, _mixed(horizon, near, depth))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    _grained(picture, chance).save(path, "JPEG", quality=90)


def _gradient(size: Size, above: Colour, below: Colour) -> Image.Image:
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, below), Image.new("RGB", size, above), mask)


def _stars(picture: Image.Image, chance: random.Random, colour: Colour) -> None:
    width, height = picture.size
    draw = ImageDraw.Draw(picture)
    for _ in range(140):
        x, y = chance.uniform(0, width), height * 0.6 * chance.random() ** 1.5
        reach = chance.uniform(0.6, 2.2)
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)


def _shine(picture: Image.Image, chance: random.Random, colour: Colour) -> None:
    width, height = picture.size
    x, y = width * chance.uniform(0.2, 0.8), height * chance.uniform(0.2, 0.42)
    for radius, strength, softness in ((0.16, 70, 3), (0.045, 255, 24)):
        mask = Image.new("L", picture.size)
        reach = width * radius
        ImageDraw.Draw(mask).ellipse((x - reach, y - reach, x + reach, y + reach), fill=strength)
        blurred = mask.filter(ImageFilter.GaussianBlur(reach / softness))
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


def _sea(picture: Image.Image, chance: random.Random, sun: Colour, deep: Colour) -> None:
    """Lay water from the horizon down: the sky upside down, darker, with lines of light."""
    width, height = picture.size
    line = round(height * _HORIZON)
    water = (width, height - line)
    above = picture.crop((0, 0, width, line)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirrored = above.resize(water).filter(ImageFilter.GaussianBlur(12))
    picture.paste(Image.blend(mirrored, Image.new("RGB", water, deep), 0.45), (0, line))
    light = Image.new("L", picture.size)
    draw = ImageDraw.Draw(light)
    for _ in range(220):
        nearness = chance.random() ** 1.6
        x, y = chance.uniform(0, width), line + nearness * water[1]
        reach = 6 + 60 * nearness * chance.random()
        draw.line((x - reach, y, x + reach, y), chance.randrange(20, 90), 1 + round(2 * nearness))
    picture.paste(sun, (0, 0), light)


def _mixed(far: Colour, near: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(far, near, strict=True))
    return red, green, blue


def _grained(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Add a camera's grain, without which a JPEG would be smaller than any photo."""
    noise = Image.frombytes("L", picture.size, chance.randbytes(picture.width * picture.height))
    grain = noise.point([round(128 + (level - 128) * _GRAIN / 128) for level in range(256)])
    return ImageChops.overlay(picture, grain.convert("RGB"))
