"""Made pictures that cost what photos cost: light, edges at all angles, texture, grain."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

# Width and height, and how it is kept.
PICTURES = {
    "jpeg-24": ((6000, 4000), "jpg", {"quality": 90}),
    "jpeg-12": ((4000, 3000), "jpg", {"quality": 90}),
    "progressive-24": ((6000, 4000), "jpg", {"quality": 90, "progressive": True}),
    "rgba-png-12": ((4000, 3000), "png", {}),
    "webp-12": ((4000, 3000), "webp", {"quality": 90, "method": 2}),
    "jpeg-100": ((12_000, 8_400), "jpg", {"quality": 85}),
    "warm": ((64, 48), "jpg", {}),
}
_DRAWN = (3000, 2000)  # shapes are drawn no larger, and scaled
_TEXTURES = ((600, 60), (120, 40), (24, 28), (6, 18))  # pixels of a grain, and how strong
_GRAIN = 5  # of 255: what a sensor adds


def draw(name: str, folder: Path) -> Path:
    """Draw a picture, the same each time, and return its file."""
    size, ending, options = PICTURES[name]
    picture = _photo(size)
    if ending == "png":
        mask = Image.new("L", _DRAWN)
        ImageDraw.Draw(mask).ellipse((100, 50, _DRAWN[0] - 100, _DRAWN[1] - 50), fill=255)
        picture.putalpha(mask.filter(ImageFilter.GaussianBlur(8)).resize(size))
    path = folder / f"{name}.{ending}"
    picture.save(path, **options)
    return path


def _photo(size: tuple[int, int]) -> Image.Image:
    numbers = np.random.default_rng(1)
    picture = _shapes().resize(size, Image.Resampling.BICUBIC)
    bands = []
    for band in picture.split():
        light = np.asarray(band, dtype=np.int16).copy()
        for cell, strength in _TEXTURES:
            cells = max(1, size[1] // cell), max(1, size[0] // cell)
            noise = Image.fromarray(numbers.integers(0, 256, cells, dtype=np.uint8))
            smooth = np.asarray(noise.resize(size, Image.Resampling.BICUBIC), dtype=np.int16)
            light += (smooth - 128) * strength // 256
        light += numbers.integers(-_GRAIN, _GRAIN + 1, light.shape, dtype=np.int16)
        bands.append(Image.fromarray(light.clip(0, 255).astype(np.uint8)))
    return Image.merge("RGB", bands)


def _shapes() -> Image.Image:
    chance = random.Random(1)
    picture = Image.linear_gradient("L").resize(_DRAWN).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for number in range(600):
        colour = tuple(chance.randrange(20, 235) for _ in range(3))
        x, y = chance.randrange(_DRAWN[0]), chance.randrange(_DRAWN[1])
        reach = round(400 * 0.995**number) + 4
        corners = [
            (x + chance.randint(-reach, reach), y + chance.randint(-reach, reach)) for _ in range(3)
        ]
        if number % 3:
            pen.polygon(corners, fill=colour)
        else:
            pen.line(corners, fill=colour, width=1 + number % 9)
    return picture
