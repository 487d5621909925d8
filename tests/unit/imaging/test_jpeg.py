"""What a decoder only warns of, and what of that means wrong pixels."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from cms.imaging import jpeg
from cms.imaging.probe import BrokenPicture
from tests import pictures

AT_ONCE = [pytest.param(1 << 30, id="at once")]
BY_ROWS = [pytest.param(0, id="by rows")]


def decoded(tmp_path, data, at_least=(1, 1)):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with Image.open(path) as image:
        try:
            picture, rows = jpeg.decoded(image, path, at_least)
            if rows:
                rows.wait(picture.height)
        except jpeg.Unusual:
            return jpeg.by_pillow(image, at_least)
        return picture


@pytest.fixture(autouse=True, params=[*AT_ONCE, *BY_ROWS])
def worth_rows(request, monkeypatch):
    """A photo is decoded at once, or row by row if it is large; with the same result."""
    monkeypatch.setattr(jpeg, "_WORTH_ROWS", request.param)


def before_its_end(data, stray):
    return data[:-2] + stray + data[-2:]


def test_a_photo_is_decoded_at_the_smallest_scale_that_is_large_enough(tmp_path):
    data = pictures.jpeg(1600, 800)
    assert decoded(tmp_path, data, (1, 1)).size == (200, 100)
    assert decoded(tmp_path, data, (201, 1)).size == (400, 200)
    assert decoded(tmp_path, data, (1, 800)).size == (1600, 800)


@pytest.mark.parametrize("worth_rows", BY_ROWS, indirect=True)
@pytest.mark.parametrize("progressive", [False, True])
def test_rows_that_were_waited_for_are_there(tmp_path, progressive):
    photo = pictures.noise(1600, 1200).convert("RGB")
    path = tmp_path / "photo.jpg"
    path.write_bytes(pictures.encoded(photo, "JPEG", progressive=progressive))
    with Image.open(path) as image:
        picture, rows = jpeg.decoded(image, path, photo.size)
    expected = Image.open(path).convert("RGB")
    for count in (1, 20, 600, 1199, 1200):
        rows.wait(count)
        top = (0, 0, 1600, count)
        shown = picture.crop(top).convert("RGB")
        assert ImageChops.difference(shown, expected.crop(top)).getbbox() is None


@pytest.mark.parametrize("worth_rows", BY_ROWS, indirect=True)
def test_what_is_wrong_further_down_is_told_when_it_is_waited_for(tmp_path):
    path = tmp_path / "photo.jpg"
    data = pictures.encoded(pictures.noise(1600, 1200).convert("RGB"), "JPEG")
    path.write_bytes(data[: len(data) // 2])
    with Image.open(path) as image:
        _picture, rows = jpeg.decoded(image, path, (1600, 1200))
    rows.wait(100)
    with pytest.raises(BrokenPicture):
        rows.wait(1200)


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
