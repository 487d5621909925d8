"""Sizes and boxes, without any picture."""

from __future__ import annotations

import pytest

from cms.imaging.geometry import displayed, fit, part, stored, window


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


MIDDLE = (0.5, 0.5)


def of(size, box, focus=MIDDLE):
    return window((0, 0, *size), box, (focus[0] * size[0], focus[1] * size[1]))


@pytest.mark.parametrize(
    ("size", "region", "expected"),
    [
        ((400, 300), (50, 0, 350, 300), (200, 200)),  # wide: both sides go
        ((300, 400), (0, 50, 300, 350), (200, 200)),  # tall: top and bottom go
        ((200, 200), (0, 0, 200, 200), (200, 200)),
        ((1000, 100), (450, 0, 550, 100), (100, 100)),  # not high enough: the largest square
        ((100, 60), (20, 0, 80, 60), (60, 60)),
        ((1, 1), (0, 0, 1, 1), (1, 1)),
    ],
)
def test_a_window_is_cut_around_the_middle_and_never_enlarged(size, region, expected):
    assert of(size, (200, 200)) == (region, expected)


def test_a_window_keeps_the_boxs_shape_for_a_small_picture():
    assert of((100, 100), (800, 400)) == ((0, 25, 100, 75), (100, 50))


@pytest.mark.parametrize(
    ("focus", "left"), [((0, 0), 0), ((0.3, 0.5), 20), ((0.5, 1), 100), ((0.9, 0), 200)]
)
def test_the_focus_is_as_near_the_middle_as_the_borders_allow(focus, left):
    assert of((400, 200), (50, 50), focus)[0] == (left, 0, left + 200, 200)


def test_a_crop_is_in_whole_pixels_and_never_empty():
    assert part((400, 200), None) == (0, 0, 400, 200)
    assert part((400, 200), (0.25, 0.5, 0.75, 1)) == (100, 100, 300, 200)
    assert part((400, 200), (0.5, 0.5, 0.5, 0.5)) == (200, 100, 201, 101)
    assert part((400, 200), (1, 1, 2, 2)) == (399, 199, 400, 200)


@pytest.mark.parametrize(
    ("orientation", "region"),
    [
        (1, (0, 0, 10, 20)),
        (2, (70, 0, 80, 20)),
        (3, (70, 20, 80, 40)),
        (4, (0, 20, 10, 40)),
        (5, (0, 0, 20, 10)),  # these are stored as 40 × 80
        (6, (0, 70, 20, 80)),
        (7, (20, 70, 40, 80)),
        (8, (20, 0, 40, 10)),
    ],
)
def test_what_is_top_left_as_displayed_lies_in_some_corner_as_stored(orientation, region):
    assert stored((0, 0, 10, 20), (80, 40), orientation) == region


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
            (left, top, right, bottom), cut = of((width, height), (97, 61))
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            assert 1 <= cut[0] <= min(width, 97)
            assert 1 <= cut[1] <= min(height, 61)
            if width >= 97 and height >= 61:
                assert cut == (97, 61)
