"""What is told of a picture beside its renditions: findings, likeness, credit."""

from __future__ import annotations

import base64
import io
import json

import piexif
import pytest
from PIL import Image, ImageCms, ImageEnhance

from cms.imaging.render import Look
from cms.imaging.samples import draw_sample
from tests import pictures
from tests.pictures import BLUE, RED
from tests.unit.imaging.rendering import near, rendered

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

SURE = 6  # hashes of so few different bits are of the same picture


def findings(tmp_path, data):
    found = rendered(tmp_path, data).findings
    assert json.loads(json.dumps(found)) == found
    return found


def test_a_plain_picture_has_nothing_to_tell(tmp_path):
    data = pictures.jpeg()
    assert findings(tmp_path, data) == {
        "turned": 0, "mirrored": False, "from": None, "mode": "RGB", "bits": 8,
        "location": False, "credit": False, "frames": None, "stilled": False,
        "flattened": False, "exif_broken": False, "bytes": len(data),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("orientation", "turned", "mirrored"),
    [(1, 0, False), (2, 0, True), (3, 180, False), (6, 90, False), (7, 270, True), (8, 270, False)],
)
@pytest.mark.case(5)
def test_how_it_was_turned(tmp_path, orientation, turned, mirrored):
    found = findings(tmp_path, pictures.oriented_jpeg(orientation))
    assert (found["turned"], found["mirrored"]) == (turned, mirrored)


@pytest.mark.case(6)
def test_which_colours_it_came_from(tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile, expected in (
        (None, None),
        (pictures.srgb_profile(), None),
        (pictures.linear_profile(), "sRGB built-in"),
        (b"no profile", None),
        (lab, None),
    ):
        assert findings(tmp_path, pictures.profiled_jpeg(profile))["from"] == expected
    assert findings(tmp_path, pictures.cmyk_jpeg())["mode"] == "CMYK"


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        (pictures.grey16(), 16),
        (pictures.grey16("TIFF"), 16),
        (pictures.sixteen_bit_png(), 16),
        (pictures.png(), 8),
        (pictures.encoded(pictures.corners(64, 48), "TIFF"), 8),
    ],
)
@pytest.mark.case(6)
def test_how_deep_its_colours_were(tmp_path, data, bits):
    assert findings(tmp_path, data)["bits"] == bits


@pytest.mark.case(8)
def test_malformed_exif_is_told_of(tmp_path):
    assert findings(tmp_path, pictures.malformed_exif_jpeg())["exif_broken"]
    for data in (pictures.gps_jpeg(), pictures.oriented_jpeg(6), pictures.png()):
        assert not findings(tmp_path, data)["exif_broken"]


@pytest.mark.case(11)
def test_a_location_is_told_of_and_left_out(tmp_path):
    xmp = b"<x:xmpmeta><rdf:Description exif:GPSLatitude='48,8N'/></x:xmpmeta>"
    for data in (pictures.gps_jpeg(), pictures.encoded(pictures.corners(64, 48), "JPEG", xmp=xmp)):
        answer = rendered(tmp_path, data)
        assert answer.findings["location"]
        for file in answer.files:
            assert not piexif.load(str(file.path))["GPS"]
            assert b"GPS" not in file.path.read_bytes()


def with_iptc():
    told = b"".join(
        b"\x1c" + bytes(place) + len(words).to_bytes(2) + words
        for place, words in (
            ((2, 80), b"A Photographer"), ((2, 116), b"2026 Example"), ((2, 90), b"A Town")
        )
    )  # fmt: skip
    resource = b"8BIM\x04\x04\0\0" + len(told).to_bytes(4) + told + b"\0" * (len(told) % 2)
    segment = b"Photoshop 3.0\0" + resource
    whole = pictures.jpeg()
    return whole[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2) + segment + whole[2:]


def with_xmp():
    xmp = (
        "<x:xmpmeta><dc:creator><rdf:Seq><rdf:li>Ä &amp; B</rdf:li></rdf:Seq></dc:creator>"
        "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>© Example</rdf:li></rdf:Alt></dc:rights>"
        "</x:xmpmeta>"
    )
    return pictures.encoded(pictures.corners(64, 48), "JPEG", xmp=xmp.encode())


@pytest.mark.parametrize(
    ("data", "artist", "copyright_"),
    [(with_iptc(), "A Photographer", "2026 Example"), (with_xmp(), "Ä & B", "© Example")],
)
@pytest.mark.case(11)
def test_credit_is_found_wherever_it_stands(tmp_path, data, artist, copyright_):
    answer = rendered(tmp_path, data)
    assert answer.findings["credit"]
    told = piexif.load(str(answer.files[0].path))["0th"]
    assert told[piexif.ImageIFD.Artist].decode() == artist
    assert told[piexif.ImageIFD.Copyright].decode() == copyright_
    assert b"A Town" not in answer.files[0].path.read_bytes()


# --- likeness


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    for seed in range(4):
        draw_sample(seed, (640, 420), folder / f"{seed}.jpg")
    return [Image.open(folder / f"{seed}.jpg") for seed in range(4)]


def hash_of(tmp_path, picture, kind="JPEG", **options):
    return int(rendered(tmp_path, pictures.encoded(picture, kind, **options)).phash, 16)


def test_pictures_that_look_alike_have_almost_the_same_hash(tmp_path, samples):
    for picture in samples:
        own = hash_of(tmp_path, picture)
        for other in (
            hash_of(tmp_path, picture, quality=30),
            hash_of(tmp_path, picture.resize((300, 197))),
            hash_of(tmp_path, picture, "PNG"),
            hash_of(tmp_path, picture, "WEBP", quality=40),
            hash_of(tmp_path, ImageEnhance.Brightness(picture).enhance(1.1)),
        ):
            assert (own ^ other).bit_count() <= SURE


def test_other_pictures_have_other_hashes(tmp_path, samples):
    hashes = [hash_of(tmp_path, picture) for picture in samples]
    hashes.append(hash_of(tmp_path, samples[0].transpose(Image.Transpose.FLIP_TOP_BOTTOM)))
    for place, one in enumerate(hashes):
        assert all((one ^ other).bit_count() > 2 * SURE for other in hashes[:place])


def test_a_hash_is_of_the_whole_and_a_placeholder_of_what_is_seen(tmp_path):
    data = pictures.jpeg(160, 80)
    whole = rendered(tmp_path, data)
    part = rendered(tmp_path, data, look=Look(crop=(0, 0.5, 0.5, 1)))
    assert len(whole.phash) == 16
    assert (int(whole.phash, 16) ^ int(part.phash, 16)).bit_count() <= SURE
    assert near(shown(whole).getpixel((2, 2)), RED, 30)
    assert near(shown(part).getpixel((2, 2)), BLUE, 30)


def test_a_picture_of_one_colour_is_like_no_other(tmp_path):
    data = pictures.encoded(Image.new("RGB", (64, 48), RED), "JPEG")
    assert rendered(tmp_path, data).phash is None


def test_a_placeholder_is_a_tiny_picture_as_an_address(tmp_path):
    for data in (pictures.encoded(pictures.noise(300, 200).convert("RGB"), "PNG"), pictures.jpeg()):
        answer = rendered(tmp_path, data)
        assert len(answer.placeholder) <= 400
        assert max(shown(answer).size) <= 24
    assert shown(rendered(tmp_path, pictures.transparent_png())).mode == "RGBA"


def shown(answer):
    kind, _, data = answer.placeholder.partition(",")
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))
