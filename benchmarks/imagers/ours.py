"""QsCMS."""

from pathlib import Path

from benchmarks.imagers import work
from cms.imaging.presets import Preset, Shape
from cms.imaging.render import render

SHAPES = {"fit": Shape.FIT, "crop": Shape.CROP}
FORMATS = {"jpg": "jpeg", "webp": "webp", "png": "png"}


def make(source: Path, folder: Path, wanted: work.Wanted) -> None:
    presets = [
        Preset(name, SHAPES[kind], *box, tuple(FORMATS[one] for one in formats), work.QUALITY)
        for name, kind, box, formats in wanted
    ]
    render(source, presets, folder, max_pixels=200_000_000)


work.measure(make)
