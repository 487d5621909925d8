"""Rendering made pictures, and looking at what came of them."""

from __future__ import annotations

from PIL import Image

from cms.imaging.presets import Preset, Shape
from cms.imaging.render import render

SMALL = Preset("small", Shape.FIT, 120, 120)


def rendered(tmp_path, data, *presets, **options):
    """Render into a folder, and return the whole answer."""
    source, folder = tmp_path / "source", tmp_path / "renditions"
    source.write_bytes(data)
    folder.mkdir(exist_ok=True)
    return render(source, presets or (SMALL,), folder, max_pixels=50_000_000, **options)


def frames_of(path):
    """Return each frame as it is shown, as RGBA, and its milliseconds."""
    with Image.open(path) as image:
        shown = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            shown.append((image.convert("RGBA"), round(image.info.get("duration", 0))))
        return shown


def near(found, expected, tolerance=8):
    return max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= tolerance
