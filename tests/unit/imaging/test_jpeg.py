"""What a decoder only warns of, and what of that means wrong pixels."""

from __future__ import annotations

import pytest
from PIL import Image

from cms.imaging import jpeg
from cms.imaging.probe import BrokenPicture
from tests import pictures


def decoded(tmp_path, data, at_least=(1, 1)):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with Image.open(path) as image:
        return jpeg.decoded(image, path, at_least)[0]


def before_its_end(data, stray):
    return data[:-2] + stray + data[-2:]


def test_a_photo_is_decoded_at_the_smallest_scale_that_is_large_enough(tmp_path):
    data = pictures.jpeg(1600, 800)
    assert decoded(tmp_path, data, (1, 1)).size == (200, 100)
    assert decoded(tmp_path, data, (201, 1)).size == (400, 200)
    assert decoded(tmp_path, data, (1, 800)).size == (1600, 800)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_memory_of_the_first_rows_can_be_given_back(tmp_path, mode):
    path = tmp_path / "photo.jpg"
    path.write_bytes(pictures.encoded(Image.new(mode, (1600, 800), "white"), "JPEG"))
    with Image.open(path) as image:
        picture, spent = jpeg.decoded(image, path, (1600, 800))
    spent(0)
    assert picture.convert("L").getextrema() == (255, 255)
    spent(700)
    assert picture.getpixel((0, 0)) in (0, (0, 0, 0, 0))  # on Linux, at once
    assert picture.crop((0, 700, 1600, 800)).convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.case(2)
def test_a_photo_whose_decoder_lost_its_place_is_damaged(tmp_path, seed):
    """Half of it would be shifted and discoloured, and Pillow alone sees nothing wrong."""
    data = pictures.lost_place_jpeg(seed)
    with pytest.raises(BrokenPicture):
        decoded(tmp_path, data)
    with Image.open(tmp_path / "photo.jpg") as image:
        image.load()


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.case(19)
def test_a_photo_without_its_second_half_is_damaged(tmp_path, progressive):
    photo = pictures.noise(400, 300).convert("RGB")
    data = pictures.encoded(photo, "JPEG", progressive=progressive)
    with pytest.raises(BrokenPicture):
        decoded(tmp_path, data[: len(data) // 2])


@pytest.mark.parametrize(
    "stray",
    [bytes(40), bytes(4_000), b"\x55" * 40, b"\xff" * 40, b"12 few bytes"],
    ids=["zeros", "many zeros", "fives", "fill", "few"],
)
def test_padding_is_no_damage(tmp_path, stray):
    data = before_its_end(pictures.jpeg(), stray)
    assert decoded(tmp_path, data).size == (8, 6)


def test_what_stands_behind_the_end_is_no_damage(tmp_path):
    assert decoded(tmp_path, pictures.jpeg() + bytes(range(200))).size == (8, 6)
    assert decoded(tmp_path, pictures.two_pictures_jpeg()).size == (8, 6)


def test_the_end_of_a_preview_is_not_taken_for_the_photos(tmp_path):
    assert decoded(tmp_path, before_its_end(pictures.gps_jpeg(), bytes(40))).size == (8, 6)
