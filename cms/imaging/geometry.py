"""Sizes and boxes. No picture is touched here."""

from __future__ import annotations

from collections.abc import Sequence

Size = tuple[int, int]
Point = tuple[float, float]
# Left, top, right, bottom: in pixels of the whole displayed picture, where parts of one count.
Region = tuple[float, float, float, float]

_FIRST_TURNED = 5  # orientations 5 to 8 lie on their side
_FROM_THE_RIGHT, _FROM_BELOW = (2, 3, 6, 7), (3, 4, 7, 8)


def displayed(size: Size, orientation: int) -> Size:
    """Return width and height as displayed, for a stored size and an EXIF orientation.

    It is its own inverse: a displayed size becomes the stored one.
    """
    width, height = size
    return (height, width) if orientation >= _FIRST_TURNED else (width, height)


def stored(region: Region, size: Size, orientation: int) -> Region:
    """Return where a region of a picture of that displayed size lies in it as it is stored."""
    left, top, right, bottom = region
    if orientation in _FROM_THE_RIGHT:
        left, right = size[0] - right, size[0] - left
    if orientation in _FROM_BELOW:
        top, bottom = size[1] - bottom, size[1] - top
    is_turned = orientation >= _FIRST_TURNED
    return (top, left, bottom, right) if is_turned else (left, top, right, bottom)


def fit(size: Size, box: Size) -> Size:
    """Return the largest size of the same shape inside `box`; never larger, never 0."""
    return scaled(size, min(1.0, box[0] / size[0], box[1] / size[1]))


def part(size: Size, crop: Sequence[float] | None) -> Region:
    """Return what `crop` (parts of the width and height, 0 to 1) leaves of a picture, in
    whole pixels, of which there is at least one each way."""
    if crop is None:
        return 0, 0, *size
    left, right = _span(size[0], crop[0], crop[2])
    top, bottom = _span(size[1], crop[1], crop[3])
    return left, top, right, bottom


def size_of(region: Region) -> Size:
    """Return the nearest whole width and height of a region."""
    return round(region[2] - region[0]), round(region[3] - region[1])


def window(region: Region, box: Size, focus: Point) -> tuple[Region, Size]:
    """Return what to cut from `region` to fill `box`, and the size that it comes to.

    `focus` lies as near the middle as the borders allow. Of a region too small to
    fill the box, it is the largest part of the box's shape: nothing is enlarged.
    """
    width, height = region[2] - region[0], region[3] - region[1]
    scale = max(box[0] / width, box[1] / height)
    if scale >= 1:
        box, scale = fit(box, size_of(region)), 1
    cut = min(width, box[0] / scale), min(height, box[1] / scale)
    left = _held(focus[0] - cut[0] / 2, region[0], region[2] - cut[0])
    top = _held(focus[1] - cut[1] / 2, region[1], region[3] - cut[1])
    return (left, top, left + cut[0], top + cut[1]), box


def scaled(size: Size, scale: float) -> Size:
    """Return the nearest whole size, of at least one pixel each way."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def contains(outer: Region, inner: Region) -> bool:
    """Tell whether one region lies in another."""
    return (
        outer[0] <= inner[0] <= inner[2] <= outer[2]
        and outer[1] <= inner[1] <= inner[3] <= outer[3]
    )


def _span(length: int, first: float, last: float) -> tuple[int, int]:
    start = round(_held(first * length, 0, length - 1))
    return start, round(_held(last * length, start + 1, length))


def _held(value: float, least: float, most: float) -> float:
    return max(least, min(value, most))
