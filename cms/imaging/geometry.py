"""Sizes and boxes, in whole pixels. No picture is touched here."""

from __future__ import annotations

Size = tuple[int, int]
Box = tuple[int, int, int, int]

_FIRST_TURNED = 5  # orientations 5 to 8 lie on their side


def displayed(size: Size, orientation: int) -> Size:
    """Return width and height as displayed, for a stored size and an EXIF orientation.

    It is its own inverse: a displayed size becomes the stored one.
    """
    width, height = size
    return (height, width) if orientation >= _FIRST_TURNED else (width, height)


def fit(size: Size, box: Size) -> Size:
    """Return the largest size of the same shape inside `box`; never larger, never 0."""
    return scaled(size, fit_scale(size, box))


def fit_scale(size: Size, box: Size) -> float:
    """Return the scale at which `size` fits inside `box`, at most 1."""
    return min(1.0, box[0] / size[0], box[1] / size[1])


def cover(size: Size, box: Size) -> tuple[Size, Box]:
    """Return the size to shrink to, and the box to cut from its centre.

    What is cut is exactly `box`, or, of a picture too small to cover it, the
    largest part of the same shape: nothing is ever enlarged.
    """
    shrunk = scaled(size, cover_scale(size, box))
    cut = fit(box, shrunk)
    left, top = (shrunk[0] - cut[0]) // 2, (shrunk[1] - cut[1]) // 2
    return shrunk, (left, top, left + cut[0], top + cut[1])


def cover_scale(size: Size, box: Size) -> float:
    """Return the scale at which `size` just covers `box`, at most 1."""
    return min(1.0, max(box[0] / size[0], box[1] / size[1]))


def scaled(size: Size, scale: float) -> Size:
    """Return the nearest whole size, of at least one pixel each way."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
