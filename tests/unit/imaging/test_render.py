"""From a file to renditions: upright, in the right colours, and telling nothing else."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import piexif
import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from cms.errors import CmsError
from cms.imaging import jpeg
from cms.imaging.operations import parse
from cms.imaging.presets import Preset, Shape
from cms.imaging.probe import BrokenPicture, NotAPicture, TooManyPixels
from cms.imaging.render import render
from tests import pictures
from tests.pictures import BLUE, GREEN, OPERATIONS, RED, WHITE

# pytest takes back the silence that cms.imaging.formats asks of Pillow.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

RESIZE = Preset("resize", Shape.FIT, 800, 600)


def made(tmp_path, data, *presets, max_pixels=50_000_000):
    source, folder = tmp_path / "source", tmp_path / "renditions"
    source.write_bytes(data)
    folder.mkdir(exist_ok=True)
    return render(source, presets or (RESIZE,), folder, max_pixels=max_pixels).files


def picture(rendered):
    with Image.open(rendered.path) as image:
        image.load()
        return image


def corner_colours(image):
    right, bottom = image.width * 9 // 10, image.height * 9 // 10
    left, top = image.width // 10, image.height // 10
    places = [(left, top), (right, top), (left, bottom), (right, bottom)]
    return [image.convert("RGB").getpixel(place) for place in places]


def assert_near(found, expected, tolerance=6):
    for one, other in zip(found, expected, strict=True):
        distance = max(abs(a - b) for a, b in zip(one, other, strict=True))
        assert distance <= tolerance, f"{found} is not near {expected}"


# --- what comes out


def test_each_operation_becomes_a_file_named_for_it(tmp_path):
    resized, thumbnail = made(tmp_path, pictures.jpeg(1600, 1000), *parse(OPERATIONS))
    assert (resized.preset.name, resized.path.name) == ("resize", "resize.jpg")
    assert (resized.width, resized.height) == picture(resized).size == (800, 500)
    assert (thumbnail.width, thumbnail.height) == picture(thumbnail).size == (200, 200)
    for rendered in (resized, thumbnail):
        assert rendered.format.name == "jpeg"
        assert rendered.size == rendered.path.stat().st_size
        assert rendered.path.parent == tmp_path / "renditions"


def test_a_thumbnail_is_cut_from_the_centre(tmp_path):
    wide = Image.new("RGB", (600, 200), RED)
    wide.paste(GREEN, (200, 0, 400, 200))
    (thumbnail,) = made(
        tmp_path, pictures.encoded(wide, "PNG"), Preset("cut", Shape.CROP, 100, 100)
    )
    assert_near(corner_colours(picture(thumbnail)), [GREEN] * 4)


@pytest.mark.case(17)
def test_nothing_is_enlarged(tmp_path):
    resized, thumbnail = made(tmp_path, pictures.jpeg(64, 48), *parse(OPERATIONS))
    assert (resized.width, resized.height) == (64, 48)
    assert (thumbnail.width, thumbnail.height) == (48, 48)


@pytest.mark.parametrize(("size", "expected"), [((10_000, 3), (800, 1)), ((3, 10_000), (1, 600))])
def test_a_strip_keeps_at_least_one_pixel_each_way(tmp_path, size, expected):
    for data in (pictures.png(*size), pictures.jpeg(*size)):
        resized, thumbnail = made(tmp_path, data, *parse(OPERATIONS))
        assert (resized.width, resized.height) == expected
        assert (thumbnail.width, thumbnail.height) == (3, 3)


def test_sizes_do_not_depend_on_what_else_is_made(tmp_path):
    data = pictures.jpeg(1999, 1333)
    small = Preset("small", Shape.FIT, 320, 240)
    (alone,) = made(tmp_path, data, small)
    beside = made(tmp_path, data, RESIZE, small)[1]
    assert (alone.width, alone.height) == (beside.width, beside.height) == (320, 213)


def test_decoding_small_looks_as_decoding_all(tmp_path):
    whole = pictures.noise(375, 250).resize((3_000, 2_000), Image.Resampling.BICUBIC)
    whole = whole.convert("RGB")
    (rendered,) = made(tmp_path, pictures.encoded(whole, "JPEG", quality=95), RESIZE)
    best = whole.resize((800, 533), Image.Resampling.LANCZOS)
    difference = ImageStat.Stat(ImageChops.difference(picture(rendered), best))
    assert max(difference.rms) < 4.5  # of 255, of which 3.8 are the encoding's


# --- which way is up


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.case(5)
def test_a_rendition_stands_upright_and_is_cut_after_turning(tmp_path, orientation):
    for data in (
        pictures.oriented_jpeg(orientation, 160, 80),
        pictures.oriented_tiff(orientation, 160, 80),
        pictures.late_exif_png(orientation, 160, 80),
    ):
        (whole,) = made(tmp_path, data, Preset("small", Shape.FIT, 120, 70))
        (cut,) = made(tmp_path, data, Preset("cut", Shape.CROP, 60, 20))
        assert (whole.width, whole.height) == (120, 60)
        assert (cut.width, cut.height) == (60, 20)
        for rendered in (whole, cut):
            assert_near(corner_colours(picture(rendered)), [RED, GREEN, BLUE, WHITE], 12)


@pytest.mark.case(5)
@pytest.mark.case(9)
def test_a_telephones_picture_stands_upright(tmp_path):
    (rendered,) = made(tmp_path, pictures.rotated_heic(160, 80), RESIZE)
    assert (rendered.width, rendered.height) == (160, 80)
    assert_near(corner_colours(picture(rendered)), [RED, GREEN, BLUE, WHITE], 12)


@pytest.mark.case(8)
def test_malformed_exif_never_stops_a_picture(tmp_path):
    (rendered,) = made(tmp_path, pictures.malformed_exif_jpeg())
    assert (rendered.width, rendered.height) == (64, 48)


# --- colours


def wide_profile():
    """A profile as cameras use: primaries swapped, so that a mistake is plain to see."""
    profile = bytearray(pictures.srgb_profile())
    red, green = (profile.index(name, 128) for name in (b"rXYZ", b"gXYZ"))
    places = slice(red + 4, red + 12), slice(green + 4, green + 12)
    profile[places[0]], profile[places[1]] = profile[places[1]], profile[places[0]]
    return bytes(profile)


@pytest.mark.case(6)
def test_colours_are_converted_by_the_files_own_profile(tmp_path):
    (rendered,) = made(tmp_path, pictures.profiled_jpeg(wide_profile()))
    red, green, blue, white = corner_colours(picture(rendered))
    assert_near([red], [(RED[1], RED[0], RED[2])], 8)
    assert_near([green], [(GREEN[1], GREEN[0], GREEN[2])], 8)
    assert_near([blue, white], [(BLUE[1], BLUE[0], BLUE[2]), WHITE], 8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.case(6)
def test_every_kind_of_file_may_have_a_profile(tmp_path, kind):
    data = pictures.encoded(pictures.corners(64, 48), kind, quality=95, icc_profile=wide_profile())
    red = corner_colours(picture(made(tmp_path, data)[0]))[0]
    assert_near([red], [(RED[1], RED[0], RED[2])], 14)


@pytest.mark.case(6)
@pytest.mark.case(11)
def test_srgb_stays_as_it_is(tmp_path):
    (rendered,) = made(tmp_path, pictures.profiled_jpeg(pictures.srgb_profile()))
    assert_near(corner_colours(picture(rendered)), [RED, GREEN, BLUE, WHITE])
    assert "icc_profile" not in picture(rendered).info  # no profile means sRGB


@pytest.mark.parametrize(
    ("profile", "mode"),
    [
        (b"no profile at all", "RGB"),
        (pictures.srgb_profile()[:200], "RGB"),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), "RGB"),
        (pictures.srgb_profile(), "CMYK"),  # for colours that the picture does not have
    ],
)
@pytest.mark.case(6)
def test_a_bad_profile_is_passed_over(tmp_path, profile, mode):
    (rendered,) = made(tmp_path, pictures.profiled_jpeg(profile, mode))
    assert_near(corner_colours(picture(rendered)), [RED, GREEN, BLUE, WHITE], 12)


def test_a_grey_picture_may_have_a_colour_profile(tmp_path):
    linear = pictures.srgb_profile().replace(b"\0\x02\x66\x66", b"\0\x01\0\0")  # gamma 2.4 to 1
    data = pictures.encoded(Image.new("L", (64, 48), 128), "JPEG", icc_profile=linear)
    assert_near(corner_colours(picture(made(tmp_path, data)[0])), [(190, 190, 190)] * 4)


@pytest.mark.case(6)
def test_ink_without_a_profile_becomes_light(tmp_path):
    (rendered,) = made(tmp_path, pictures.cmyk_jpeg())
    assert picture(rendered).mode == "RGB"
    assert_near(corner_colours(picture(rendered)), [(255, 0, 0)] * 4, 8)


def test_ink_is_read_as_pillow_reads_it(tmp_path):
    path = tmp_path / "ink.jpg"
    path.write_bytes(pictures.profiled_jpeg(None, "CMYK"))
    with Image.open(path) as image:
        strict, _rows = jpeg.decoded(image, path, image.size)
        assert ImageChops.difference(strict, image).getbbox() is None


@pytest.mark.case(6)
def test_lab_becomes_srgb(tmp_path):
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    picture_in_lab = ImageCms.profileToProfile(
        pictures.corners(64, 48), srgb, lab, outputMode="LAB"
    )
    (rendered,) = made(tmp_path, pictures.encoded(picture_in_lab, "TIFF"))
    assert_near(corner_colours(picture(rendered)), [RED, GREEN, BLUE, WHITE], 10)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.case(6)
def test_sixteen_bit_grey_is_scaled_and_not_white(tmp_path, kind):
    (rendered,) = made(tmp_path, pictures.grey16(kind))
    assert_near(corner_colours(picture(rendered)), [(127, 127, 127)] * 4, 2)


def test_a_palette_is_resized_as_colours(tmp_path):
    stripes = Image.new("RGB", (400, 400), (0, 0, 0))
    for x in range(0, 400, 2):
        stripes.paste((255, 255, 255), (x, 0, x + 1, 400))
    data = pictures.encoded(stripes.quantize(2), "PNG")
    (rendered,) = made(tmp_path, data, Preset("small", Shape.FIT, 100, 100))
    assert_near([picture(rendered).getpixel((50, 50))], [(128, 128, 128)], 10)


# --- transparency


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.case(6)
def test_transparency_is_kept_and_never_black(tmp_path, mode):
    (rendered,) = made(tmp_path, pictures.transparent_png(mode))
    assert rendered.format.name == "webp"
    image = picture(rendered)
    assert image.getpixel((2, 2))[3] == 0
    assert image.getpixel((32, 24))[3] == 255
    if mode != "LA":
        assert_near([image.getpixel((32, 24))[:3]], [RED])


def test_alpha_that_hides_nothing_is_no_reason_for_another_format(tmp_path):
    (rendered,) = made(tmp_path, pictures.png(mode="RGBA"))
    assert (rendered.format.name, picture(rendered).mode) == ("png", "RGB")
    assert_near(corner_colours(picture(rendered)), [RED, GREEN, BLUE, WHITE])


def test_colours_do_not_bleed_into_transparent_edges(tmp_path):
    sheet = Image.new("RGBA", (400, 400), (255, 0, 255, 0))  # hidden pink
    sheet.paste((*GREEN, 255), (0, 0, 201, 400))
    (rendered,) = made(
        tmp_path, pictures.encoded(sheet, "PNG"), Preset("small", Shape.FIT, 100, 100)
    )
    red, _green, _blue, alpha = picture(rendered).getpixel((50, 50))
    assert 0 < alpha < 255
    assert red < 60


def test_a_drawing_is_packed_without_loss_and_a_photo_small(tmp_path):
    drawing = pictures.corners(300, 300, "RGBA")
    drawing.putpixel((0, 0), (0, 0, 0, 0))
    (flat,) = made(tmp_path, pictures.encoded(drawing, "PNG"))
    assert picture(flat).getpixel((200, 20)) == (*GREEN, 255)
    bands = [pictures.noise(300, 300, seed) for seed in (1, 2, 3)]
    photo = Image.merge("RGBA", [*bands, Image.new("L", (300, 300), 128)])
    soft = photo.resize((30, 30)).resize((300, 300), Image.Resampling.BICUBIC)
    (grainy,) = made(tmp_path, pictures.encoded(soft, "PNG"))
    assert grainy.size < 10_000  # 50 kB without loss
    assert [path.name for path in (tmp_path / "renditions").iterdir()] == ["resize.webp"]


# --- animations


@pytest.mark.parametrize(
    ("kind", "becomes"), [("GIF", "png"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif")]
)
@pytest.mark.case(7)
def test_an_animation_gives_its_first_frame(tmp_path, kind, becomes):
    (rendered,) = made(tmp_path, pictures.animated(kind))
    assert rendered.format.name == becomes
    assert getattr(picture(rendered), "n_frames", 1) == 1
    assert_near(corner_colours(picture(rendered)), [RED] * 4, 8)


@pytest.mark.case(7)
def test_a_picture_for_old_programs_is_not_the_first_frame(tmp_path):
    (rendered,) = made(tmp_path, pictures.separate_default_apng())
    assert_near(corner_colours(picture(rendered)), [GREEN] * 4)


# --- what a rendition tells


@pytest.mark.case(11)
def test_only_copyright_and_artist_are_told(tmp_path):
    for rendered in made(tmp_path, pictures.gps_jpeg(), *parse(OPERATIONS)):
        told = piexif.load(str(rendered.path))
        assert told["0th"] == {
            piexif.ImageIFD.Copyright: "© 2026 Exämple".encode(),
            piexif.ImageIFD.Artist: b"An Artist",
        }
        assert not told["GPS"]
        assert not told["Exif"]
        assert told["thumbnail"] is None
        for secret in (b"secret comment", b"Camera X", b"serial 12345"):
            assert secret not in rendered.path.read_bytes()


@pytest.mark.case(11)
def test_a_gifs_comment_is_not_told(tmp_path):
    (rendered,) = made(tmp_path, pictures.commented_gif())
    assert b"secret comment" not in rendered.path.read_bytes()


@pytest.mark.case(11)
def test_a_transparent_rendition_keeps_the_credit_too(tmp_path):
    exif = Image.Exif()
    exif[0x8298], exif[0x0110] = "Example", "Camera X"
    source = Image.open(io.BytesIO(pictures.transparent_png()))
    data = pictures.encoded(source, "PNG", exif=exif.tobytes(), dpi=(72, 72))
    (rendered,) = made(tmp_path, data)
    assert dict(picture(rendered).getexif()) == {0x8298: "Example"}


@pytest.mark.case(11)
def test_a_picture_without_credit_has_no_metadata(tmp_path):
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>48.1 N</x:xmpmeta>"
    for kind in ("JPEG", "PNG", "WEBP"):
        options = {} if kind == "PNG" else {"xmp": xmp}
        data = pictures.encoded(pictures.corners(64, 48), kind, **options)
        (rendered,) = made(tmp_path, data, Preset("small", Shape.FIT, 40, 40, ("jpeg",)))
        assert set(picture(rendered).info) == {"jfif", "jfif_density", "jfif_unit", "jfif_version"}
        assert b"48.1 N" not in rendered.path.read_bytes()


# --- what cannot be rendered


def halves():
    for kind in ("PNG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF"):
        options = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
        whole = pictures.encoded(pictures.noise(200, 200).convert("RGB"), kind, **options)
        yield pytest.param(whole[: len(whole) * 2 // 3], id=kind)
    yield pytest.param(pictures.truncated_jpeg(), id="JPEG")
    yield pytest.param(pictures.rewritten_jpeg(), id="rewritten JPEG")


@pytest.mark.parametrize("data", list(halves()))
@pytest.mark.case(2)
@pytest.mark.case(19)
def test_half_a_picture_is_called_damaged_and_leaves_nothing(tmp_path, data):
    with pytest.raises(BrokenPicture, match="The picture is damaged and cannot be read"):
        made(tmp_path, data, *parse(OPERATIONS))
    assert list((tmp_path / "renditions").iterdir()) == []


def test_stray_bytes_and_rare_samplings_are_no_damage(tmp_path, monkeypatch):
    (rendered,) = made(tmp_path, pictures.padded_jpeg())
    assert_near(corner_colours(picture(rendered)), [RED, GREEN, BLUE, WHITE])

    def unknown(*_args, **_options):
        raise ValueError("Could not determine subsampling level of JPEG image")

    monkeypatch.setattr("cms.imaging.jpeg.simplejpeg.decode_jpeg", unknown)
    (rendered,) = made(tmp_path, pictures.jpeg(1600, 1200))
    assert (rendered.width, rendered.height) == (800, 600)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF"])
@pytest.mark.case(2)
def test_damage_anywhere_is_told_in_words_if_at_all(tmp_path, kind):
    whole = pictures.encoded(pictures.noise(60, 40).convert("RGB"), kind)
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        data = whole[:place] + bytes(255 - byte for byte in whole[place : place + 4])
        try:
            made(tmp_path, data + whole[place + 4 :], Preset("cut", Shape.CROP, 20, 20))
        except CmsError as error:
            assert str(error).endswith(".")  # noqa: PT017 - either end is right


@pytest.mark.case(4)
def test_a_bomb_is_refused_here_too(tmp_path):
    with pytest.raises(TooManyPixels):
        made(tmp_path, pictures.real_bomb_png())


@pytest.mark.case(18)
def test_what_is_no_picture_is_refused_here_too(tmp_path):
    with pytest.raises(NotAPicture):
        made(tmp_path, pictures.html())


def test_a_want_of_memory_is_told_in_words(tmp_path, monkeypatch):
    def exhausted(_image):
        raise MemoryError

    monkeypatch.setattr("cms.imaging.colour.normalised", exhausted)
    with pytest.raises(BrokenPicture):
        made(tmp_path, pictures.jpeg())


def test_a_disk_that_cannot_be_read_is_not_blamed_on_the_picture(tmp_path, monkeypatch):
    def failing(_path):
        raise OSError(errno.EIO, "Input/output error")

    data = pictures.jpeg()
    monkeypatch.setattr(Path, "read_bytes", failing)
    with pytest.raises(OSError, match="Input/output error"):
        made(tmp_path, data)


def test_a_full_disk_is_not_blamed_on_the_picture(tmp_path, monkeypatch):
    """It is raised as it is, so that the job is tried again; other files stay."""
    saved = []
    save = Image.Image.save

    def full(image, path, *args, **options):
        if not isinstance(path, Path):
            save(image, path, *args, **options)
            return
        if saved:
            Path(path).write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        saved.append(path)
        save(image, path, *args, **options)

    (tmp_path / "renditions").mkdir()
    (tmp_path / "renditions" / "other.txt").write_text("not ours")
    data = pictures.jpeg(1600, 1200)
    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space left"):
        made(tmp_path, data, *parse(OPERATIONS))
    assert saved
    assert [path.name for path in (tmp_path / "renditions").iterdir()] == ["other.txt"]
