"""Pictures that go wrong elsewhere, made here, from the upload to the public address.

Which case is which, and where else it is shown, is in `tests/cases.py`.
"""

import gzip
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import piexif
import pytest
from PIL import Image as Pillow

from cms import clock
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState
from cms.jobs.sweep import sweep
from cms.media.models import Image, ImageStatus
from cms.storage.local import INCOMING
from cms.tasks import huey
from cms.tasks.images import process_image
from cms.tasks.upkeep import clear_incoming
from tests import pictures, profiles
from tests.colours import apart, colour, grid, lab
from tests.factories import make_picture
from tests.pictures import BLUE, GREEN, RED, WHITE
from tests.told import tells_a_place, told

# pytest takes back the silence that cms.imaging.formats asks of Pillow.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

NEAR = 2.0  # in ΔE2000; what is not converted is off by 3.2 (P3), 7 (AdobeRGB) or 28 (inks)
CORNERS = [RED, GREEN, BLUE, WHITE]
VIVID = [(200, 60, 60), (60, 180, 60), (220, 40, 160), (250, 250, 250)]


def in_corners(colours, mode="RGB"):
    """Four colours: top left, top right, bottom left, bottom right."""
    picture = Pillow.new(mode, (64, 48))
    for (left, top), one in zip(((0, 0), (32, 0), (0, 24), (32, 24)), colours, strict=True):
        picture.paste(tuple(one), (left, top, left + 32, top + 24))
    return picture


def corners(file):
    """The colours of a rendition's corners, on white where it is transparent."""
    found = grid(file.picture)
    return [found[place] for place in (9, 14, 49, 54)]  # of eight times eight, not at the rim


def assert_near(file, expected):
    distances = [apart(a, b) for a, b in zip(corners(file), expected, strict=True)]
    assert max(distances) < NEAR, distances


# Large, broken, hostile


@pytest.mark.case(1)
def test_a_large_picture_waits_for_its_job_and_no_page_makes_it(client, send, ctx):
    data = pictures.encoded(pictures.noise(2_900, 2_900), "PNG", compress_level=0)
    assert len(data) > 8_000_000
    assert send(data).status_code == 202
    files = sorted((ctx.config["CMS_SETTINGS"].data_dir / "files").rglob("*"))

    image = db.session.query(Image).one()
    for path in ("/admin/image/", f"/admin/image/details/?id={image.id}",
                 f"/admin/image/status?ids={image.id}", "/admin/", "/"):  # fmt: skip
        assert client.get(path).status_code == 200
    db.session.expire_all()
    assert (image.status, image.renditions) == (ImageStatus.PENDING, [])
    assert sorted((ctx.config["CMS_SETTINGS"].data_dir / "files").rglob("*")) == files


@pytest.mark.case(2)
def test_a_broken_picture_says_why_and_stops_no_page(client, take):
    broken = take(pictures.truncated_jpeg(), "broken.jpg")
    take(pictures.jpeg(), "good.jpg")

    assert broken.answer == "failed"
    for path in ("/admin/image/", f"/admin/image/details/?id={broken.image.id}"):
        page = client.get(path)
        assert page.status_code == 200
        assert "The picture is damaged and cannot be read." in page.text
    assert "good" in client.get("/admin/image/").text
    assert client.get("/").status_code == client.get("/admin/").status_code == 200


@pytest.mark.case(4)
@pytest.mark.parametrize(
    ("bomb", "words"),
    [
        (pictures.real_bomb_png, "million pixels"),
        (pictures.bomb_gif, "million pixels"),
        (pictures.bomb_webp, "million pixels"),
        (pictures.bomb_avif, "million pixels"),
        (pictures.bomb_tiff, "damaged"),
        (lambda: pictures.long_gif(10_000), "more than 1000 frames"),
    ],
)
def test_a_bomb_is_refused_at_the_door(take, bomb, words):
    taken = take(bomb(), "bomb.jpg")
    assert (taken.answer, words in taken.reason) == ("refused", True)
    assert db.session.query(Image).count() == db.session.query(Job).count() == 0


SVG = pictures.svg().decode()


@pytest.mark.case(18)
@pytest.mark.case(20)
@pytest.mark.parametrize("name", ["picture.jpg", "its-own-name"])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pictures.svg(), id="SVG"),
        pytest.param(b"\xef\xbb\xbf" + SVG.encode(), id="SVG with a mark in front"),
        pytest.param(SVG.replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16"), id="UTF-16"),
        pytest.param(b"<!--" + b"x" * 5_000 + b"-->" + SVG.encode(), id="SVG behind a comment"),
        pytest.param(gzip.compress(SVG.encode()), id="SVGZ"),
        pytest.param(pictures.html(), id="HTML"),
        pytest.param(b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>', id="XML"),
        pytest.param(pictures.eps(), id="EPS"),
        pytest.param(pictures.pdf_with_script(), id="PDF with JavaScript"),
        pytest.param(
            pictures.docx({"word/document.xml": bytes(50_000_000)}), id="DOCX that swells"
        ),
        pytest.param(pictures.docx({"../../etc/cron.d/x": b"x"}), id="DOCX that climbs"),
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name(take, data, name):
    taken = take(data, name)
    assert taken.answer == "refused"
    assert "accepted" in taken.reason
    assert db.session.query(Image).count() == db.session.query(Job).count() == 0


@pytest.mark.case(18)
def test_a_picture_under_another_name_is_what_it_is(take):
    taken = take(pictures.encoded(pictures.corners(64, 48), "TIFF"), "photo.jpg")
    assert (taken.answer, taken.image.mime) == ("ready", "image/tiff")
    assert taken.file("resize").picture.format == "JPEG"
    assert_near(taken.file("resize"), map(colour, CORNERS))


@pytest.mark.case(18)
@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
def test_a_picture_that_is_a_page_as_well_becomes_a_picture_alone(take, kind):
    page = pictures.html()
    data = pictures.encoded(pictures.corners(64, 48), kind, comment=page) + page
    for file in take(data, "both.html").files:
        assert b"<script" not in file.data


# The right look


@pytest.mark.case(5)
@pytest.mark.parametrize(
    ("drawn", "orientation"),
    [
        *((pictures.oriented_jpeg, way) for way in range(1, 9)),
        *((pictures.oriented_tiff, way) for way in (3, 6)),
        *((pictures.late_exif_png, way) for way in (3, 6)),
    ],
)
def test_it_stands_upright(take, drawn, orientation):
    taken = take(drawn(orientation, 80, 40))
    assert (taken.image.width, taken.image.height) == taken.file("resize").picture.size == (80, 40)
    assert taken.file("thumbnail").picture.size == (40, 40)
    for file in taken.files:
        assert_near(file, map(colour, CORNERS))


def adobe_jpeg():
    data = pictures.encoded(
        in_corners(VIVID), "JPEG", quality=95, subsampling=0, icc_profile=profiles.adobe_rgb()
    )
    return data, [colour(one, "a98-rgb") for one in VIVID]


def p3(kind):
    data = pictures.encoded(in_corners(VIVID), kind, quality=95, icc_profile=profiles.display_p3())
    return data, [colour(one, "display-p3") for one in VIVID]


def inks_jpeg():
    mixes = [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
    picture = in_corners([[255 * ink for ink in mix] for mix in mixes], "CMYK")
    data = pictures.encoded(picture, "JPEG", quality=95, icc_profile=profiles.inks())
    return data, [lab(*profiles.INKS[mix]) for mix in mixes]


def lab_tiff():
    parts = [(60, 40, 30), (70, -40, 30), (40, 20, -50), (90, 0, 0)]
    stored = [(round(lightness * 2.55), a + 128, b + 128) for lightness, a, b in parts]
    return pictures.encoded(in_corners(stored, "LAB"), "TIFF"), [lab(*one) for one in parts]


def grey(kind):
    return pictures.grey16(kind), [colour((127, 127, 127))] * 4


@pytest.mark.case(6)
@pytest.mark.case(9)
@pytest.mark.parametrize(
    ("data", "right"),
    [
        pytest.param(*adobe_jpeg(), id="AdobeRGB"),
        pytest.param(*p3("PNG"), id="Display P3, PNG"),
        pytest.param(*p3("HEIF"), id="Display P3, HEIC"),
        pytest.param(*p3("AVIF"), id="Display P3, AVIF"),
        pytest.param(*inks_jpeg(), id="CMYK by its profile"),
        pytest.param(*lab_tiff(), id="Lab"),
        pytest.param(*grey("PNG"), id="16-bit grey, PNG"),
        pytest.param(*grey("TIFF"), id="16-bit grey, TIFF"),
    ],
)
def test_colours_come_out_as_they_are_meant(take, data, right):
    for file in take(data).files:
        assert_near(file, right)


@pytest.mark.case(6)
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_the_transparent_is_never_black(take, mode):
    for file in take(pictures.transparent_png(mode)).files:
        if file.preset == "resize":
            assert_near(file, [colour((255, 255, 255))] * 4)


@pytest.mark.case(7)
@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_moves_on_or_shows_its_first_frame(take, kind):
    for file in take(pictures.animated(kind)).files:
        frames = getattr(file.picture, "n_frames", 1)
        assert frames in (1, 3)
        for number, one in zip(range(frames), (RED, GREEN, BLUE), strict=False):
            file.picture.seek(number)
            assert_near(file, [colour(one)] * 4)


@pytest.mark.case(8)
def test_malformed_exif_leaves_the_picture_as_it_lies(take):
    taken = take(pictures.malformed_exif_jpeg())
    assert (taken.image.width, taken.image.height) == (64, 48)
    assert_near(taken.file("resize"), map(colour, CORNERS))


@pytest.mark.case(9)
def test_a_telephones_picture_is_offered_taken_and_upright(take, client):
    page = client.get("/admin/image/").text
    assert "image/heic" in page
    assert ".heic" in page
    taken = take(pictures.rotated_heic(80, 40), "IMG_0001.HEIC")
    assert taken.file("resize").picture.size == (80, 40)
    assert_near(taken.file("resize"), map(colour, CORNERS))


# What it tells

SECRETS = (b"Camera X", b"serial 12345", b"48,8.5N", b"secret comment")
OWNER = "© 2026 Exämple"


def tale():
    """EXIF and XMP that tell where, when, by which camera and by whom."""
    exif = piexif.load(pictures.gps_jpeg())
    exif["thumbnail"] = pictures.jpeg(16, 12)
    exif["1st"] = {piexif.ImageIFD.Compression: 6}
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>48,8.5N</exif:GPSLatitude>'
    return {"exif": piexif.dump(exif), "xmp": xmp + b"</x:xmpmeta>"}


@pytest.mark.case(11)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_no_public_file_tells_a_place_and_all_tell_the_owner(take, kind, mode):
    picture = pictures.corners(64, 48)
    if mode == "RGBA" and kind != "JPEG":
        picture.putalpha(Pillow.linear_gradient("L").resize((64, 48)))
    data = pictures.encoded(picture, kind, quality=95, **tale())
    assert tells_a_place(data)
    for file in take(data).files:
        assert not tells_a_place(file.data)
        assert set(told(file.data)) <= {"Image Copyright", "Image Artist"}
        assert OWNER.encode() in file.data
        assert [secret for secret in SECRETS if secret in file.data] == []


# At the same time, in between, and after


@pytest.mark.case(13)
def test_two_renditions_that_are_ready_at_once_are_both_recorded(each_ctx):
    image = make_picture(pictures.jpeg(640, 480))
    image_id = image.id
    for width in (100, 200):
        process_image.submit(image_id, [{"type": "resize", "width": width, "height": width}])
    db.session.commit()
    huey.dequeue()  # the upload's own
    tasks, start = [huey.dequeue() for _ in range(2)], Barrier(2)

    def work(task):
        start.wait()
        huey.execute(task)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, tasks))

    db.session.expire_all()
    image = db.session.get(Image, image_id)
    assert {(r.width, r.height) for r in image.renditions} >= {(100, 75), (200, 150)}
    assert image.status == ImageStatus.READY


@pytest.mark.case(15)
def test_what_a_worker_left_that_died_is_made_by_another(ctx, run_jobs):
    image = make_picture()
    db.session.commit()
    message = huey.dequeue()
    assert ledger.claim(message.id, huey.holder())
    image.status = ImageStatus.PROCESSING
    db.session.commit()

    with clock.stopped_at(clock.now() + timedelta(seconds=31)):
        assert sweep(huey).lost == 1
        run_jobs()

    assert image.status == ImageStatus.READY
    assert db.session.get(Job, message.id).state == JobState.SUCCEEDED


@pytest.mark.case(16)
def test_what_an_upload_left_that_died_is_removed_after_a_day(ctx, run_jobs):
    folder = ctx.config["CMS_SETTINGS"].data_dir / "files" / INCOMING
    folder.mkdir(parents=True, exist_ok=True)
    for name, days in (("old", 2), ("new", 0)):
        (folder / name).write_bytes(b"half a picture")
        stamp = clock.now().timestamp() - days * 86_400
        os.utime(folder / name, (stamp, stamp))
    clear_incoming.submit()
    db.session.commit()
    run_jobs()
    assert [path.name for path in folder.iterdir()] == ["new"]
