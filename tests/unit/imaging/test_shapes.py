"""What is seen in a rendition: the shapes, around the focal point, inside the crop."""

from __future__ import annotations

import pytest
from PIL import Image

from cms.imaging.presets import Preset, Shape
from cms.imaging.render import Look
from tests import pictures, profiles
from tests.pictures import BLUE, GREEN, RED, WHITE
from tests.unit.imaging.rendering import near, rendered

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

FILL = Preset("cut", Shape.FILL, 40, 40)
CROP = Preset("cut", Shape.CROP, 40, 40)
JPEG = 12  # how far its colours may stray


def at(file, x, y):
    """Return the colour at a part of the width and height."""
    with Image.open(file.path) as image:
        place = (
            min(image.width - 1, int(x * image.width)),
            min(image.height - 1, int(y * image.height)),
        )
        return image.convert("RGB").getpixel(place)


def kinds(orientation=1):
    """A picture of four colours, 160 × 80, decoded small or whole, turned or not."""
    yield pictures.oriented_jpeg(orientation, 160, 80)
    yield pictures.late_exif_png(orientation, 160, 80)


@pytest.mark.parametrize(
    ("preset", "size", "expected"),
    [
        (Preset("s", Shape.FIT, 100, 100), (1000, 500), (100, 50)),
        (Preset("s", Shape.FILL, 100, 100), (1000, 500), (100, 100)),
        (Preset("s", Shape.CROP, 300, 100), (1000, 500), (300, 100)),
        (Preset("s", Shape.WIDTH, 100), (500, 1000), (100, 200)),
        (Preset("s", Shape.WIDTH, 800), (500, 1000), (500, 1000)),
        (Preset("s", Shape.CROP, 800, 400), (500, 1000), (500, 250)),
    ],
)
@pytest.mark.case(17)
def test_each_shape_has_its_size_and_enlarges_nothing(tmp_path, preset, size, expected):
    (file,) = rendered(tmp_path, pictures.jpeg(*size), preset).files
    assert (file.width, file.height) == expected


def test_a_strip_is_no_higher_than_every_format_can_hold(tmp_path):
    wide = Preset("s", Shape.WIDTH, 20, formats=("jpeg", "webp"))
    for file in rendered(tmp_path, pictures.png(20, 20_000), wide).files:
        assert (file.width, file.height) == (16, 16_383)


@pytest.mark.parametrize(
    ("focal", "expected"),
    [((0, 0), (RED, BLUE)), ((1, 1), (GREEN, WHITE)), ((0.9, 0.1), (GREEN, WHITE))],
)
def test_a_crop_is_cut_around_the_focal_point(tmp_path, focal, expected):
    for data in kinds():
        (file,) = rendered(tmp_path, data, CROP, look=Look(focal)).files
        assert near(at(file, 0.5, 0.2), expected[0], JPEG)
        assert near(at(file, 0.5, 0.8), expected[1], JPEG)


def test_only_a_crop_heeds_the_focal_point(tmp_path):
    for data in kinds():
        (file,) = rendered(tmp_path, data, FILL, look=Look((0, 0))).files
        assert near(at(file, 0.1, 0.1), RED, JPEG)
        assert near(at(file, 0.9, 0.9), WHITE, JPEG)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.case(5)
def test_focal_point_and_crop_are_of_the_displayed_picture(tmp_path, orientation):
    for data in kinds(orientation):
        (file,) = rendered(tmp_path, data, CROP, look=Look((0, 0))).files
        assert near(at(file, 0.9, 0.1), RED, JPEG)
        (file,) = rendered(tmp_path, data, CROP, look=Look(crop=(0.5, 0.5, 1, 1))).files
        assert near(at(file, 0.1, 0.1), WHITE, JPEG)


def test_what_is_cropped_away_is_in_no_rendition(tmp_path):
    look = Look(focal=(0.1, 0.1), crop=(0.5, 0, 1, 1))
    fit, wide = Preset("fit", Shape.FIT, 60, 60), Preset("wide", Shape.WIDTH, 30)
    for data in kinds():
        files = rendered(tmp_path, data, fit, wide, CROP, FILL, look=look).files
        assert [(f.width, f.height) for f in files] == [(60, 60), (30, 30), (40, 40), (40, 40)]
        for file in files:
            assert near(at(file, 0.05, 0.2), GREEN, JPEG)
            assert near(at(file, 0.05, 0.8), WHITE, JPEG)


def test_a_crop_is_rendered_as_sharp_as_it_can_be(tmp_path):
    """The decoder is asked for what the crop needs, not for what the whole would."""
    stripes = Image.new("RGB", (1600, 800), "white")
    for x in range(0, 1600, 20):
        stripes.paste("black", (x, 0, x + 10, 800))
    data = pictures.encoded(stripes, "JPEG", quality=95)
    look = Look(crop=(0.25, 0.25, 0.375, 0.5))
    (file,) = rendered(tmp_path, data, Preset("s", Shape.FIT, 200, 200), look=look).files
    assert (file.width, file.height) == (200, 200)
    with Image.open(file.path) as image:
        row = [image.convert("L").getpixel((x, 100)) for x in range(5, 200, 10)]
    assert [level > 128 for level in row] == [False, True] * 10
    assert all(level < 20 or level > 235 for level in row)


def test_the_same_whether_made_alone_or_beside_others(tmp_path):
    """The smaller may come from the larger: nobody should see it."""
    picture = pictures.noise(45, 30).resize((1500, 1000), Image.Resampling.BICUBIC)
    data = pictures.encoded(picture.convert("RGB"), "JPEG", quality=95)
    widths = [Preset(f"w{w}", Shape.WIDTH, w) for w in (100, 150, 320, 640, 960)]
    together = rendered(tmp_path, data, *widths).files
    seen = [Image.open(file.path).convert("L") for file in together]
    for preset, beside in zip(widths, seen, strict=True):
        (file,) = rendered(tmp_path, data, preset).files
        with Image.open(file.path) as alone:
            pairs = zip(alone.convert("L").tobytes(), beside.tobytes(), strict=True)
            assert sum(abs(a - b) for a, b in pairs) / (beside.width * beside.height) < 2


def test_colours_are_converted_once_also_when_one_cut_is_the_whole_picture(tmp_path):
    """What is cut next comes from the decoded pixels, or from the cut, but never from both."""
    leaf = Image.new("RGB", (64, 48), (90, 140, 60))  # not pure: each conversion shows
    wide = pictures.encoded(leaf, "JPEG", quality=95, icc_profile=profiles.adobe_rgb())
    whole, smaller = Preset("whole", Shape.FIT, 64, 48), Preset("smaller", Shape.FIT, 50, 50)
    for file in rendered(tmp_path, wide, whole, smaller).files:
        assert near(at(file, 0.5, 0.5), (55, 141, 50))
