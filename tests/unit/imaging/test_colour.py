"""Every way of writing down a colour, as 8-bit sRGB."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from cms.imaging.colour import in_srgb, normalised
from tests import pictures
from tests.pictures import GREEN, RED

SIZE = (4, 4)


def colour_of(image, profile=None):
    return in_srgb(normalised(image), profile)[0].getpixel((0, 0))


def reopened(image, kind="PNG", **options):
    return Image.open(io.BytesIO(pictures.encoded(image, kind, **options)))


def filled(mode, value):
    return Image.new(mode, SIZE, value)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 100, (100, 100, 100)),
        ("LA", (100, 255), (100, 100, 100)),
        ("RGB", RED, RED),
        ("RGBA", (*RED, 255), RED),
        ("RGBX", (*RED, 0), RED),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("YCbCr", (128, 128, 128), (128, 128, 128)),
        ("I;16", 0, (0, 0, 0)),
        ("I;16", 32_768, (127, 127, 127)),
        ("I;16", 65_535, (255, 255, 255)),
        ("I;16B", 32_768, (127, 127, 127)),
        ("I", 100, (100, 100, 100)),
        ("I", 65_535, (255, 255, 255)),
        ("I", 2**31 - 1, (255, 255, 255)),
        ("I", -5, (0, 0, 0)),
        ("F", 0.5, (127, 127, 127)),
        ("F", 100.0, (100, 100, 100)),
        ("F", 65_535.0, (255, 255, 255)),
    ],
)
@pytest.mark.case(6)
def test_a_colour_in_each_mode(mode, value, expected):
    found = colour_of(filled(mode, value))
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e300])
def test_a_number_that_is_no_colour_stops_nothing(value):
    assert len(colour_of(filled("F", value))) == 3


def test_white_in_lab_is_white():
    assert min(colour_of(filled("LAB", (255, 128, 128)))) > 250


@pytest.mark.parametrize(
    ("mode", "clear", "solid"),
    [("1", 0, 1), ("L", 100, 200), ("RGB", GREEN, RED), ("P", 1, 2)],
)
@pytest.mark.case(6)
def test_one_colour_may_be_declared_transparent(mode, clear, solid):
    image = filled(mode, solid)
    if mode == "P":
        image.putpalette([0, 0, 0, *GREEN, *RED])
    image.putpixel((1, 1), clear)
    found, _name = in_srgb(normalised(reopened(image, transparency=clear)), None)
    assert found.mode == "RGBA"
    assert (found.getpixel((0, 0))[3], found.getpixel((1, 1))[3]) == (255, 0)


def test_sixteen_bit_grey_with_a_transparent_value_is_not_white():
    image = reopened(filled("I;16", 32_768), transparency=5)
    assert colour_of(image) == (127, 127, 127)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "LAB"])
@pytest.mark.case(6)
def test_a_profile_of_noise_is_passed_over(mode):
    whole = colour_of(filled(mode, 0))
    assert colour_of(filled(mode, 0), bytes(range(200))) == whole


def test_the_transparent_stays_so_through_a_profile():
    image = filled("RGBA", (*RED, 99))
    assert colour_of(image, pictures.srgb_profile())[3] == 99
