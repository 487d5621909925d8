"""Photos of about 5 MB as a camera makes them, no two alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cms.imaging.samples import draw_sample

SIZE = (4800, 3600)
SCENES = 7  # drawn; each photo is one of them, turned round by so much, with grain of its own
GRAIN = 10  # levels, up and down: as much as makes 5 MB of it
QUALITY = 90


def draw(folder: Path, count: int) -> list[Path]:
    """Draw so many photos into a folder, but for those that are there; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    scene = cache(partial(_scene, folder))
    paths = [folder / f"photo-{number}.jpg" for number in range(count)]
    for number in range(SCENES):
        if not all(path.exists() for path in paths[number::SCENES]):
            scene(number)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(_photo, scene), range(count), paths))
    return paths


def _scene(folder: Path, number: int) -> Any:
    path = folder / f"scene-{number}.jpg"
    draw_sample(number, SIZE, path)
    return np.asarray(Image.open(path))


def _photo(scene: Callable[[int], Any], number: int, path: Path) -> None:
    if path.exists():
        return
    chance = np.random.default_rng(number)
    turned = np.roll(scene(number % SCENES), chance.integers(SIZE[0]), axis=1)
    grain = chance.integers(-GRAIN, GRAIN + 1, turned.shape[:2], dtype=np.int16)
    lit = np.clip(turned + grain[..., None], 0, 255).astype(np.uint8)
    partial_path = path.with_suffix(".part")
    Image.fromarray(lit).save(partial_path, "JPEG", quality=QUALITY)
    partial_path.rename(path)
