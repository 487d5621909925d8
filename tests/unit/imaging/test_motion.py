"""Animations: kept as they are shown, or the first frame."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from cms.imaging.presets import Motion, Preset, Shape
from cms.imaging.probe import BrokenPicture
from tests import pictures
from tests.pictures import BLUE, GREEN, RED
from tests.unit.imaging.rendering import SMALL, frames_of, near, rendered

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

KEPT = Preset("moving", Shape.FIT, 32, 32, ("original", "webp"), motion=Motion.KEEP)
TIMES = [100, 250, 400]


def film(kind, **options):
    first, *others = (Image.new("RGB", (64, 48), colour) for colour in (RED, GREEN, BLUE))
    return pictures.encoded(
        first, kind, save_all=True, append_images=others, duration=TIMES, **options
    )


@pytest.mark.parametrize(
    ("kind", "own"), [("GIF", "gif"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "webp")]
)
@pytest.mark.case(7)
def test_frames_and_times_are_kept(tmp_path, kind, own):
    answer = rendered(tmp_path, film(kind), KEPT)
    assert [file.format.name for file in answer.files] == [own, "webp"]
    assert (answer.findings["frames"], answer.findings["stilled"]) == (3, False)
    for file in answer.files:
        frames = frames_of(file.path)
        assert [milliseconds for _, milliseconds in frames] == TIMES
        for (frame, _), colour in zip(frames, (RED, GREEN, BLUE), strict=True):
            assert frame.size == (file.width, file.height) == (32, 24)
            assert near(frame.getpixel((16, 12))[:3], colour, 12)


@pytest.mark.parametrize(("kind", "loop", "plays"), [
    ("GIF", None, 1), ("GIF", 0, 0), ("GIF", 2, 3), ("PNG", 0, 0), ("PNG", 2, 2), ("WEBP", 3, 3),
])  # fmt: skip
@pytest.mark.case(7)
def test_it_plays_as_often_as_before(tmp_path, kind, loop, plays):
    data = film(kind) if loop is None else film(kind, loop=loop)
    own, webp = rendered(tmp_path, data, KEPT).files
    with Image.open(own.path) as image:
        assert image.info.get("loop") == loop
    with Image.open(webp.path) as image:
        assert image.info["loop"] == plays


def patchwork():
    """A GIF of frames that cover only a part, each left, wiped or taken back in its turn."""
    frames = []
    for place, colour in enumerate((RED, GREEN, BLUE, RED)):
        frame = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
        frame.paste((*colour, 255), (place * 10, 0, place * 10 + 10, 40))
        frames.append(frame)
    return frames[0], frames[1:]


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
@pytest.mark.case(7)
def test_what_a_frame_leaves_behind_is_as_it_was(tmp_path, disposal):
    first, others = patchwork()
    data = pictures.encoded(
        first, "GIF", save_all=True, append_images=others, duration=100, disposal=disposal
    )
    source = tmp_path / "before.gif"
    source.write_bytes(data)
    before = frames_of(source)
    for file in rendered(tmp_path, data, replace(KEPT, width=20, height=20)).files:
        after = frames_of(file.path)
        assert len(after) == len(before)
        for (then, _), (now, _) in zip(before, after, strict=True):
            for x in (5, 15, 25, 35):
                expected, found = then.getpixel((x, 20)), now.getpixel((x // 2, 10))
                assert abs(expected[3] - found[3]) < 20
                assert expected[3] == 0 or near(found[:3], expected[:3], 25)


@pytest.mark.case(7)
def test_an_animation_is_turned_into_srgb_and_cut_like_a_picture(tmp_path):
    first, *others = (pictures.corners(64, 48), pictures.corners(64, 48).rotate(180))
    data = pictures.encoded(first, "WEBP", save_all=True, append_images=others, lossless=True)
    corner = Preset("cut", Shape.CROP, 16, 16, ("webp",), motion=Motion.KEEP)
    (file,) = rendered(tmp_path, data, corner).files
    colours = [frame.getpixel((2, 2))[:3] for frame, _ in frames_of(file.path)]
    assert near(colours[0], RED, 12)
    assert near(colours[1], (250, 250, 250), 12)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
@pytest.mark.case(7)
def test_a_still_shows_the_first_frame_and_the_answer_says_so(tmp_path, kind):
    answer = rendered(tmp_path, film(kind), replace(KEPT, motion=Motion.STILL))
    assert (answer.findings["frames"], answer.findings["stilled"]) == (3, True)
    for file in answer.files:
        ((frame, _),) = frames_of(file.path)
        assert near(frame.getpixel((16, 12))[:3], RED, 12)


def test_a_format_that_cannot_move_shows_the_first_frame(tmp_path):
    answer = rendered(tmp_path, film("GIF"), replace(KEPT, formats=("jpeg", "png", "avif")))
    assert [len(frames_of(file.path)) for file in answer.files] == [1, 3, 3]
    assert answer.findings["stilled"]


@pytest.mark.case(7)
def test_a_picture_for_old_programs_is_no_frame(tmp_path):
    answer = rendered(tmp_path, pictures.separate_default_apng(), KEPT)
    assert answer.findings["frames"] == 2
    for file in answer.files:
        colours = [frame.getpixel((9, 9))[:3] for frame, _ in frames_of(file.path)]
        assert [near(c, e, 12) for c, e in zip(colours, (GREEN, BLUE), strict=True)] == [True] * 2


@pytest.mark.case(17)
def test_an_animations_own_bytes_win_and_tell_nothing(tmp_path):
    data = film("GIF", comment=b"secret comment", loop=0)
    (file,) = rendered(
        tmp_path, data, replace(KEPT, width=64, height=64, formats=("original",))
    ).files
    assert file.size < len(data)
    assert b"secret comment" not in file.path.read_bytes()
    assert [milliseconds for _, milliseconds in frames_of(file.path)] == TIMES
    (still,) = rendered(tmp_path, data, replace(SMALL, formats=("original",))).files
    assert len(frames_of(still.path)) == 1


@pytest.mark.case(2)
def test_a_frame_that_is_missing_is_damage(tmp_path):
    noisy = [pictures.noise(60, 60, seed).convert("RGB") for seed in (1, 2, 3)]
    data = pictures.encoded(noisy[0], "WEBP", save_all=True, append_images=noisy[1:], duration=100)
    with pytest.raises(BrokenPicture):
        rendered(tmp_path, data[: len(data) * 2 // 3], KEPT)


def test_pages_and_bursts_do_not_move(tmp_path):
    pages = [pictures.corners(64, 48), Image.new("RGB", (64, 48), RED)]
    for kind in ("TIFF", "HEIF"):
        data = pictures.encoded(pages[0], kind, save_all=True, append_images=pages[1:])
        answer = rendered(tmp_path, data, KEPT)
        assert answer.findings["frames"] is None
        assert [file.format.name for file in answer.files] == ["jpeg", "webp"]
