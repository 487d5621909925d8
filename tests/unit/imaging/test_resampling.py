"""Resampling: what Pillow's own Lanczos makes, in every mode that a decoder hands over."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from cms.imaging import resampling
from cms.imaging.resampling import resized, resized_together

SIZE = (37, 23)
BOX = (3.5, 2.25, 180.5, 110.0)
WHITE = 255
# Pillow rounds in between, and so does the other, not always to the same side.
ROUNDING = 2


@pytest.fixture
def picture():
    """Soft hills in three colours, 200 × 120."""
    hills = Image.radial_gradient("L").resize((200, 120))
    return Image.merge("RGB", (hills, hills.transpose(0), hills.rotate(180)))


def farthest(one, other):
    """Return by how much the two differ at most, in any channel."""
    extrema = ImageChops.difference(one, other).getextrema()
    return max(high for _low, high in (extrema if isinstance(extrema[0], tuple) else [extrema]))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_it_looks_as_pillow_makes_it_and_keeps_the_mode(picture, mode):
    picture = picture.convert("L") if mode == "L" else picture
    if mode == "CMYK":
        picture = Image.merge(mode, (*picture.split(), picture.getchannel(0)))
    made = resized(picture, SIZE, BOX)
    expected = picture.resize(SIZE, Image.Resampling.LANCZOS, BOX)
    assert (made.mode, made.size) == (mode, SIZE)
    assert farthest(made, expected) <= ROUNDING


def test_the_decoders_four_bytes_a_pixel_become_plain_rgb(picture):
    made = resized(picture.convert("RGBX"), SIZE, BOX)
    assert made.mode == "RGB"
    assert made.tobytes() == resized(picture, SIZE, BOX).tobytes()


def test_what_is_transparent_has_no_weight():
    """Red that nobody sees, beside white that everybody does: no pink at the seam."""
    picture = Image.new("RGBA", (64, 8), (255, 0, 0, 0))
    picture.paste((WHITE, WHITE, WHITE, WHITE), (33, 0, 64, 8))
    made = resized(picture, (8, 1), (0, 0, 64, 8))
    seen = [made.getpixel((x, 0)) for x in range(8)]
    assert all(pixel[:3] == (WHITE,) * 3 for pixel in seen if pixel[3])
    assert (seen[0][3], seen[-1][3]) == (0, WHITE)


def test_a_box_may_end_a_hairs_breadth_outside(picture):
    inside = resized(picture, SIZE, (0.1, 0.1, 200, 120))
    assert resized(picture, SIZE, (0.1, 0.1, 200.0000001, 120.0000001)).tobytes() == (
        inside.tobytes()
    )


def test_a_mode_that_the_resizer_does_not_know_is_left_to_pillow(picture):
    lab = Image.merge("LAB", picture.split())
    made = resized(lab, SIZE, BOX)
    assert made.tobytes() == lab.resize(SIZE, Image.Resampling.LANCZOS, BOX).tobytes()


LARGE = (1200, 900)  # enough to be gone through in strips
TOGETHER = [
    ((417, 311), (0, 0, *LARGE)),
    ((96, 201), (100.5, 20.25, 500.5, 890.75)),
    ((50, 3), (0, 0, *LARGE)),
]


def large(mode):
    noise = Image.effect_noise(LARGE, 90)
    bands = [noise, noise.transpose(0), noise.transpose(1), Image.radial_gradient("L")]
    return Image.merge(mode, [band.resize(LARGE) for band in bands[: len(mode)]])


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBX", "RGBA", "CMYK", "LAB"])
def test_a_picture_made_in_strips_shows_no_seam(mode, monkeypatch):
    picture = large(mode)
    in_strips = [*resized_together(picture, TOGETHER), *resized_together(picture, TOGETHER[:2])]
    monkeypatch.setattr(resampling, "_STRIPS", 1)
    whole = [resized(picture, *wanted) for wanted in [*TOGETHER, *TOGETHER[:2]]]
    assert [made.tobytes() for made in in_strips] == [made.tobytes() for made in whole]


def test_rows_that_are_spent_are_not_looked_at_again():
    picture, told = large("RGB"), []
    expected = resized_together(picture, TOGETHER[:2])

    class Coming:
        """Rows that are not there before they are waited for, nor once they are given back."""

        def __init__(self):
            self.shown = Image.new("RGB", LARGE)

        def wait(self, count):
            top = 0, 0, LARGE[0], count
            self.shown.paste(picture.crop(top), top)

        def give_back(self, count):
            told.append(count)
            picture.paste(0, (0, 0, LARGE[0], count))

    rows = Coming()
    made = resized_together(rows.shown, TOGETHER[:2], rows)
    assert [one.tobytes() for one in made] == [one.tobytes() for one in expected]
    assert told == sorted(told)
    assert told[-1] > LARGE[1] * 0.9
