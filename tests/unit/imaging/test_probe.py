"""What a file is, told from its header, whatever its name says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cms.errors import CmsError
from cms.imaging import headers
from cms.imaging.probe import (
    MOST_FRAMES,
    BrokenPicture,
    EmptyFile,
    FaxRefused,
    NotAPicture,
    SvgRefused,
    TooManyFrames,
    TooManyPixels,
    TooManyPixelsMoving,
    probe,
)
from tests import pictures

# pytest takes back the silence that cms.imaging.formats asks of Pillow.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

LIMIT = 50_000_000


def probed(tmp_path, data, name="picture.jpg", max_pixels=LIMIT):
    path = tmp_path / name
    path.write_bytes(data)
    return probe(path, max_pixels=max_pixels)


@pytest.mark.parametrize(
    ("kind", "name", "mime", "extension"),
    [
        ("JPEG", "jpeg", "image/jpeg", "jpg"),
        ("PNG", "png", "image/png", "png"),
        ("GIF", "gif", "image/gif", "gif"),
        ("WEBP", "webp", "image/webp", "webp"),
        ("AVIF", "avif", "image/avif", "avif"),
        ("HEIF", "heic", "image/heic", "heic"),
        ("TIFF", "tiff", "image/tiff", "tif"),
    ],
)
@pytest.mark.case(9)
@pytest.mark.case(18)
def test_each_kind_is_known_by_its_content(tmp_path, kind, name, mime, extension):
    found = probed(tmp_path, pictures.encoded(pictures.corners(64, 48), kind), "letter.doc")
    assert (found.format.name, found.format.mime, found.format.extension) == (name, mime, extension)
    assert (found.width, found.height, found.animated) == (64, 48, False)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.case(5)
def test_the_size_is_the_displayed_one(tmp_path, orientation):
    for data in (
        pictures.oriented_jpeg(orientation, 80, 40),
        pictures.oriented_tiff(orientation, 80, 40),
        pictures.late_exif_png(orientation, 80, 40),
    ):
        found = probed(tmp_path, data)
        assert (found.width, found.height) == (80, 40)


@pytest.mark.case(5)
@pytest.mark.case(9)
def test_the_size_of_a_telephones_picture_is_the_displayed_one(tmp_path):
    found = probed(tmp_path, pictures.rotated_heic(80, 40))
    assert (found.width, found.height) == (80, 40)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
@pytest.mark.case(7)
def test_an_animation_is_told_from_a_still(tmp_path, kind):
    assert probed(tmp_path, pictures.animated(kind)).animated
    assert not probed(tmp_path, pictures.encoded(pictures.corners(64, 48), kind)).animated


def test_the_pages_of_a_tiff_do_not_move(tmp_path):
    pages = [pictures.corners(64, 48), pictures.corners(64, 48)]
    data = pictures.encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert not probed(tmp_path, data).animated


@pytest.mark.case(19)
def test_an_empty_file_is_called_empty(tmp_path):
    with pytest.raises(EmptyFile, match="The file is empty"):
        probed(tmp_path, b"")


@pytest.mark.parametrize(
    "data",
    [
        pictures.text_file(),
        pictures.html(),
        pictures.eps(),
        b"%PDF-1.7\n",
        b"PK\x03\x04 a letter",
        b"RIFF\x24\0\0\0WAVEfmt ",  # a sound
        b"\0\0\0\x18ftypmp42\0\0\0\0",  # a film
        b"\0" * 5_000,
    ],
)
@pytest.mark.case(18)
def test_what_is_no_picture_is_not_taken_for_one(tmp_path, data):
    with pytest.raises(NotAPicture, match="not a picture of a kind that is accepted"):
        probed(tmp_path, data, "holiday.jpg")


@pytest.mark.case(18)
def test_a_drawing_is_refused_with_a_way_out(tmp_path):
    for data in (pictures.svg(), b"<!-- " + b"x" * 300 + b" -->\n<SVG>"):
        with pytest.raises(SvgRefused, match="save it as PNG or WebP instead"):
            probed(tmp_path, data, "logo.png")


def test_a_fax_is_refused_since_its_damage_would_show(tmp_path):
    data = pictures.encoded(pictures.corners(64, 48, "1"), "TIFF", compression="group4")
    with pytest.raises(FaxRefused, match="save it as PNG instead"):
        probed(tmp_path, data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_a_header_cut_short_is_called_damaged(tmp_path, kind):
    whole = pictures.encoded(pictures.corners(64, 48), kind)
    with pytest.raises(BrokenPicture, match="damaged"):
        probed(tmp_path, whole[:20])


def test_a_bad_list_of_further_pictures_is_passed_over(tmp_path):
    found = probed(tmp_path, pictures.bad_picture_list_jpeg())
    assert (found.format.name, found.width, found.animated) == ("jpeg", 64, False)


def test_a_cameras_photo_with_a_second_picture_is_a_jpeg(tmp_path):
    found = probed(tmp_path, pictures.camera_mpo())
    assert (found.format.name, found.width, found.animated) == ("jpeg", 64, False)


@pytest.mark.case(8)
def test_malformed_exif_is_no_reason_to_refuse(tmp_path):
    found = probed(tmp_path, pictures.malformed_exif_jpeg())
    assert (found.width, found.height) == (64, 48)


@pytest.mark.case(4)
def test_the_limit_itself_is_accepted_and_one_pixel_more_is_not(tmp_path):
    data = pictures.png(64, 48)
    assert probed(tmp_path, data, max_pixels=64 * 48).width == 64
    with pytest.raises(TooManyPixels):
        probed(tmp_path, data, max_pixels=64 * 48 - 1)


@pytest.mark.parametrize(
    "bomb",
    [
        pictures.bomb_png,
        pictures.real_bomb_png,
        pictures.bomb_gif,
        pictures.bomb_webp,
        pictures.bomb_avif,
    ],
)
@pytest.mark.case(4)
def test_a_bomb_is_refused_in_words(tmp_path, bomb):
    with pytest.raises(TooManyPixels, match="more than 50 million pixels"):
        probed(tmp_path, bomb())


@pytest.mark.case(4)
def test_a_small_picture_in_a_huge_tile_is_refused(tmp_path):
    with pytest.raises(BrokenPicture):
        probed(tmp_path, pictures.bomb_tiff())
    assert probed(tmp_path, pictures.bomb_tiff(tile=1_024)).width == 64


def test_a_cameras_second_picture_is_left_alone(tmp_path):
    found = probed(tmp_path, pictures.two_pictures_jpeg())
    assert (found.format.name, found.width, found.animated) == ("jpeg", 64, False)


@pytest.mark.case(4)
def test_the_frames_of_an_animation_count_together(tmp_path):
    for kind in ("GIF", "PNG", "WEBP"):
        data = pictures.animated(kind, 3)
        assert probed(tmp_path, data, max_pixels=3 * 64 * 48).animated
        with pytest.raises(TooManyPixelsMoving, match="All frames of the animation together"):
            probed(tmp_path, data, max_pixels=3 * 64 * 48 - 1)


@pytest.mark.case(4)
def test_an_animation_without_end_is_refused(tmp_path):
    assert probed(tmp_path, pictures.long_gif(MOST_FRAMES)).animated
    with pytest.raises(TooManyFrames, match="more than 1000 frames"):
        probed(tmp_path, pictures.long_gif(10_000))


def test_counting_frames_stops_at_the_limit(tmp_path):
    path = tmp_path / "long.gif"
    path.write_bytes(pictures.long_gif(500))
    with path.open("rb") as file:
        assert headers.declared(file, 10) == ((64, 48), 11)
        assert file.tell() == 0


def test_counting_frames_does_not_go_on_for_ever(tmp_path, monkeypatch):
    path = tmp_path / "slow.gif"
    path.write_bytes(pictures.slow_gif(5_000_000))
    with path.open("rb") as file:
        assert headers.declared(file, 10) == ((64, 48), 1)
    monkeypatch.setattr(headers, "_MOST_BLOCKS", 100)
    path.write_bytes(pictures.long_gif(1_000))
    with path.open("rb") as file:
        assert headers.declared(file, 1_000)[1] < 100


@pytest.mark.case(4)
def test_bombs_are_refused_in_little_memory(tmp_path):
    """In a process of its own, where the highest mark of memory is its own."""
    for number, bomb in enumerate((pictures.real_bomb_png, pictures.bomb_gif, pictures.bomb_webp)):
        (tmp_path / f"bomb-{number}").write_bytes(bomb())
    program = (
        "import pathlib, resource, sys\n"
        "from cms.imaging.probe import TooManyPixels, probe\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    try: probe(path, max_pixels=50_000_000)\n"
        "    except TooManyPixels: print(path.name)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    # ru_maxrss of a child starts at its parent's, unless it is started afresh by a shell.
    done = subprocess.run(
        ["sh", "-c", '"$@"; true', "sh", sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    *refused, kilobytes = done.stdout.split()
    assert sorted(refused) == ["bomb-0", "bomb-1", "bomb-2"]
    assert int(kilobytes) < 100_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_damage_anywhere_is_told_in_words_if_at_all(tmp_path, kind):
    whole = pictures.encoded(pictures.corners(64, 48), kind)
    for place in range(0, min(len(whole), 400), 3):
        data = bytearray(whole)
        data[place] ^= 0xFF
        try:
            probed(tmp_path, bytes(data))
        except CmsError as error:
            assert str(error).endswith(".")  # noqa: PT017 - either end is right
