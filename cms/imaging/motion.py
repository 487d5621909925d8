"""Animations, frame by frame as they look."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

MOVING = ("GIF", "PNG", "WEBP", "AVIF")  # a TIFF's pages and a HEIC's pictures do not


def first_frame(image: Image.Image) -> Image.Image:
    """Decode an opened picture, or the first frame of an animation."""
    if getattr(image, "default_image", False):
        image.seek(1)  # what stands before an APNG's frames is for programs without animation
    image.load()
    return image


def count(image: Image.Image, pictures: int) -> int:
    """Return how many frames an opened file's pictures are, 1 for what does not move."""
    if image.format not in MOVING:
        return 1
    return max(1, pictures - 1) if getattr(image, "default_image", False) else pictures


def frames(image: Image.Image, count: int) -> Iterator[tuple[Image.Image, int]]:
    """Yield each of so many frames as it is shown, with its milliseconds.

    Pillow lays each over those before it as the file says. Raises what Pillow raises
    for a frame that is damaged or missing.
    """
    first = 1 if getattr(image, "default_image", False) else 0
    for number in range(first, first + count):
        image.seek(number)
        image.load()
        yield image.copy(), round(image.info.get("duration", 0))


def plays(image: Image.Image) -> int:
    """Return how often an opened animation plays, 0 for ever."""
    loop = image.info.get("loop")
    if image.format == "GIF":
        # It says how often it begins again.
        return 1 if loop is None else loop and loop + 1
    return loop or 0
