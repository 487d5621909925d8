"""In which formats a rendition comes, and that its bytes are never more than need be."""

from __future__ import annotations

import io
from dataclasses import replace

import piexif
import pytest
from PIL import Image, PngImagePlugin

from cms.imaging import formats, strip
from cms.imaging.presets import Preset, Shape
from cms.imaging.render import Look
from tests import pictures
from tests.pictures import GREEN, RED
from tests.unit.imaging.rendering import SMALL, near, rendered

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

EACH = replace(SMALL, formats=("original", "jpeg", "png", "webp", "avif"))


def photo(size=(300, 200)):
    """A picture of which no two neighbours are the same."""
    bands = [pictures.noise(30, 20, seed) for seed in (1, 2, 3)]
    return Image.merge("RGB", bands).resize(size, Image.Resampling.BICUBIC)


def taken(kind, **options):
    return pictures.encoded(photo(), kind, **options)


def drawn(kind):
    return pictures.encoded(pictures.corners(300, 200).quantize(8).convert("RGB"), kind)


def test_there_is_a_file_for_each_format_that_is_asked_for(tmp_path):
    files = rendered(tmp_path, taken("PNG"), EACH).files
    assert [(f.asked, f.format.name, f.path.name) for f in files] == [
        ("original", "jpeg", "small.original.jpg"),
        ("jpeg", "jpeg", "small.jpg"),
        ("png", "png", "small.png"),
        ("webp", "webp", "small.webp"),
        ("avif", "avif", "small.avif"),
    ]
    for file in files:
        with Image.open(file.path) as image:
            assert (image.format, image.size) == (file.format.name.upper(), (120, 80))
        assert file.size == file.path.stat().st_size
    assert {f.path for f in files} == set((tmp_path / "renditions").iterdir())


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (taken("JPEG"), "jpeg"),
        (taken("HEIF"), "jpeg"),
        (taken("TIFF"), "jpeg"),
        (taken("PNG"), "jpeg"),  # as a PNG it would be several times as large
        (taken("WEBP"), "webp"),
        (taken("AVIF"), "avif"),
        (drawn("JPEG"), "jpeg"),
        (drawn("TIFF"), "jpeg"),
        (drawn("PNG"), "png"),
        (drawn("GIF"), "png"),
        (drawn("WEBP"), "webp"),
    ],
)
def test_the_originals_format_is_kept_where_browsers_show_it(tmp_path, data, expected):
    (file,) = rendered(tmp_path, data).files
    assert file.format.name == expected


def test_a_photo_on_a_plain_ground_is_no_drawing(tmp_path):
    ground = Image.new("RGB", (300, 200), "white")
    ground.paste(pictures.noise(150, 150).convert("RGB"), (100, 25))
    (file,) = rendered(tmp_path, pictures.encoded(ground, "PNG")).files
    assert file.format.name == "jpeg"


def test_quality_is_what_the_preset_says(tmp_path):
    sizes = {}
    for quality in (30, 90):
        preset = replace(EACH, formats=("jpeg", "webp", "avif"), quality=quality)
        sizes[quality] = [file.size for file in rendered(tmp_path, taken("PNG"), preset).files]
    assert all(low * 1.5 < high for low, high in zip(sizes[30], sizes[90], strict=True))


@pytest.mark.case(6)
def test_what_is_transparent_shows_the_matte_in_a_jpeg(tmp_path):
    data = pictures.transparent_png()
    for matte, expected in (("#ffffff", (255, 255, 255)), ("#1ea03c", GREEN)):
        preset = replace(SMALL, formats=("jpeg", "png"), matte=matte)
        answer = rendered(tmp_path, data, preset)
        flat, clear = (Image.open(file.path) for file in answer.files)
        assert near(flat.getpixel((2, 2)), expected)
        assert near(flat.getpixel((32, 24)), RED, 12)
        assert clear.getpixel((2, 2))[3] == 0
        assert answer.findings["flattened"]
    assert not rendered(tmp_path, data, replace(SMALL, formats=("webp",))).findings["flattened"]


# --- the original's own bytes


def low(**options):
    """A JPEG of so low a quality that a rendition of its size could only be larger."""
    return pictures.encoded(photo((100, 80)), "JPEG", quality=10, **options)


@pytest.mark.case(17)
def test_a_rendition_is_never_larger_than_its_original(tmp_path):
    data = low()
    (file,) = rendered(tmp_path, data).files
    assert file.path.read_bytes() == data
    assert (file.width, file.height, file.size) == (100, 80, len(data))


@pytest.mark.case(11)
@pytest.mark.case(17)
def test_the_originals_bytes_do_not_tell_what_must_not_get_out(tmp_path):
    told = piexif.load(pictures.gps_jpeg())
    data = low(
        exif=piexif.dump(told), comment=b"secret comment", icc_profile=pictures.srgb_profile()
    )
    data += pictures.jpeg()  # what cameras put behind
    (file,) = rendered(tmp_path, data).files
    bare = file.path.read_bytes()
    assert len(bare) < len(low()) + 200
    left = piexif.load(bare)
    assert left["0th"] == {
        piexif.ImageIFD.Copyright: "© 2026 Exämple".encode(),
        piexif.ImageIFD.Artist: b"An Artist",
    }
    assert not left["GPS"]
    assert left["thumbnail"] is None
    assert b"secret comment" not in bare
    with Image.open(io.BytesIO(bare)) as image, Image.open(io.BytesIO(low())) as pixels:
        assert image.tobytes() == pixels.tobytes()
        assert "icc_profile" not in image.info


def small_files():
    """Files that could only grow, each with something to tell."""
    exif = Image.Exif()
    exif[0x0110], exif[0x8298] = "Camera X", "Example"
    picture = photo((100, 80))
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "Camera X")
    sparse = pictures.corners(100, 80).quantize(4)
    yield "webp", pictures.encoded(picture, "WEBP", quality=5, exif=exif, xmp=b"Camera X")
    yield "png", pictures.encoded(sparse, "PNG", optimize=True, exif=exif, pnginfo=notes)
    yield "jpeg", pictures.encoded(picture, "JPEG", quality=5, exif=exif, progressive=True)


@pytest.mark.parametrize(("kind", "data"), list(small_files()))
@pytest.mark.case(17)
def test_each_format_is_stripped_without_loss(tmp_path, kind, data):
    (file,) = rendered(tmp_path, data).files
    assert file.format.name == kind
    assert file.size < len(data)
    assert b"Camera X" not in file.path.read_bytes()
    with Image.open(file.path) as image, Image.open(io.BytesIO(data)) as pixels:
        assert dict(image.getexif()) == {0x8298: "Example"}
        assert image.convert("RGB").tobytes() == pixels.convert("RGB").tobytes()


@pytest.mark.parametrize(
    "options",
    [
        {"preset": replace(SMALL, width=60)},
        {"preset": replace(SMALL, formats=("png",))},
        {"look": (0, 0, 1, 0.5)},
        {"exif": 6},
    ],
)
@pytest.mark.case(17)
def test_the_original_does_not_win_where_it_would_look_different(tmp_path, options):
    exif = Image.Exif()
    exif[0x0112] = options.get("exif", 1)
    look = Look(crop=options["look"]) if "look" in options else None
    data = low(exif=exif.tobytes())
    (file,) = rendered(tmp_path, data, options.get("preset", SMALL), look=look).files
    with Image.open(file.path) as image:
        assert image.size == (file.width, file.height)
    assert file.path.read_bytes()[:2000] != data[:2000]


def test_a_damaged_list_of_parts_wins_nothing():
    for kind in (formats.JPEG, formats.PNG, formats.WEBP, formats.GIF):
        assert strip.bare(b"\xff\xd8 no parts at all, whatever it says", kind, b"") is None
    assert strip.bare(taken("AVIF"), formats.AVIF, b"") is None


def test_presets_of_one_name_and_size_share_no_file(tmp_path):
    first, second = (Preset(name, Shape.FIT, 50, 50) for name in ("one", "two"))
    files = rendered(tmp_path, taken("JPEG"), first, second).files
    assert [file.path.name for file in files] == ["one.jpg", "two.jpg"]
