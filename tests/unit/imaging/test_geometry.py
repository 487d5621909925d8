"""Sizes and boxes, without any picture."""

from __future__ import annotations

import pytest

from cms.imaging.geometry import cover, displayed, fit


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((3000, 2000), (800, 533)),  # wide: the width decides
        ((2000, 3000), (400, 600)),  # tall: the height does
        ((1600, 1200), (800, 600)),  # the box's own shape
        ((640, 480), (640, 480)),  # small: stays as it is
        ((800, 601), (799, 600)),
        ((10_000, 3), (800, 1)),  # never 0
        ((3, 10_000), (1, 600)),
        ((1, 1), (1, 1)),
    ],
)
def test_fit_is_the_largest_size_inside_the_box(size, expected):
    assert fit(size, (800, 600)) == expected


@pytest.mark.parametrize(
    ("size", "shrunk", "box"),
    [
        ((400, 300), (267, 200), (33, 0, 233, 200)),  # wide: both sides go
        ((300, 400), (200, 267), (0, 33, 200, 233)),  # tall: top and bottom go
        ((200, 200), (200, 200), (0, 0, 200, 200)),
        ((1000, 100), (1000, 100), (450, 0, 550, 100)),  # not high enough: the largest square
        ((100, 60), (100, 60), (20, 0, 80, 60)),
        ((1, 1), (1, 1), (0, 0, 1, 1)),
    ],
)
def test_cover_cuts_the_centre_and_never_enlarges(size, shrunk, box):
    assert cover(size, (200, 200)) == (shrunk, box)


def test_cover_keeps_the_boxs_shape_for_a_small_picture():
    assert cover((100, 100), (800, 400)) == ((100, 100), (0, 25, 100, 75))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_only_orientations_5_to_8_lie_on_their_side(orientation):
    expected = (40, 80) if orientation >= 5 else (80, 40)
    assert displayed((80, 40), orientation) == expected


def test_whole_pixels_stay_inside_every_box():
    for width in range(1, 400, 7):
        for height in range(1, 400, 11):
            inside = fit((width, height), (97, 61))
            assert 1 <= inside[0] <= min(width, 97)
            assert 1 <= inside[1] <= min(height, 61)
            (shrunk_width, shrunk_height), (left, top, right, bottom) = cover(
                (width, height), (97, 61)
            )
            assert 0 <= left < right <= shrunk_width <= width
            assert 0 <= top < bottom <= shrunk_height <= height
            if width >= 97 and height >= 61:
                assert (right - left, bottom - top) == (97, 61)
