"""Whole folders of pictures through the real upload and the real jobs.

`CMS_SAMPLE_IMAGES` names a folder of files; without it, one of each kind is made.
What a name begins with tells the right answer, where there is one:
`orientation-landscape-3.jpg` must look like every other `orientation-landscape-*`,
and what is `broken-*` or a `bomb-*` must not become a picture.
"""

import io
import os
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageChops, ImageStat
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from cms.extensions import db
from cms.imaging.geometry import fit
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from tests import pictures

# Taken out of the environment: the application refuses a setting that it does not know.
NAMED_FOLDER = os.environ.pop("CMS_SAMPLE_IMAGES", None)
NEVER_READY = ("truncated", "broken", "camera-corrupted", "tiff-crash", "bomb-")
TRANSPARENT = ("transparent", "grey-transparent", "avif-transparent")
COPYRIGHT_AND_ARTIST = {0x8298, 0x013B}
ALIKE = 12  # the mean difference, of 255, between the same picture stored in two ways


@pytest.fixture
def folder(tmp_path):
    if NAMED_FOLDER:
        return Path(NAMED_FOLDER)
    for name, data in one_of_each().items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def one_of_each():
    turned = {
        f"orientation-landscape-{way}.jpg": pictures.oriented_jpeg(way) for way in range(1, 9)
    }
    return turned | {
        "gps.jpg": pictures.gps_jpeg(),
        "exif-malformed.jpg": pictures.malformed_exif_jpeg(),
        "cmyk.jpg": pictures.cmyk_jpeg(),
        "icc-srgb.jpg": pictures.profiled_jpeg(pictures.srgb_profile()),
        "icc-broken.jpg": pictures.profiled_jpeg(b"no profile"),
        "palette.png": pictures.palette_png(),
        "transparent.png": pictures.transparent_png(),
        "grey-transparent.png": pictures.transparent_png("LA"),
        "animated.gif": pictures.animated("GIF"),
        "animated.png": pictures.animated("PNG"),
        "animated.webp": pictures.animated("WEBP"),
        "phone.heic": pictures.encoded(pictures.corners(64, 48), "HEIF"),
        "new.avif": pictures.encoded(pictures.corners(64, 48), "AVIF"),
        "print.tif": pictures.encoded(pictures.corners(64, 48), "TIFF"),
        "wide.png": pictures.png(10_000, 3),
        "camera.jpg": pictures.two_pictures_jpeg(),
        "camera-bad-list.jpg": pictures.bad_picture_list_jpeg(),
        "camera-padded.jpg": pictures.padded_jpeg(),
        "orientation-late-6.png": pictures.late_exif_png(6),
        "orientation-late-8.png": pictures.late_exif_png(8),
        "orientation-scan-3.tif": pictures.oriented_tiff(3),
        "orientation-scan-5.tif": pictures.oriented_tiff(5),
        "truncated.jpg": pictures.truncated_jpeg(),
        "broken-middle.jpg": pictures.lost_place_jpeg(),
        "bomb-tile.tif": pictures.bomb_tiff(),
        "bomb-canvas.gif": pictures.bomb_gif(),
        "bomb-canvas.webp": pictures.bomb_webp(),
        "bomb-pixels.avif": pictures.bomb_avif(),
        "bomb-pixels.png": pictures.bomb_png(),
        "bomb-frames.gif": pictures.long_gif(),
        "logo.svg": pictures.svg(),
        "letter.jpg": pictures.text_file(),
        "empty.jpg": b"",
    }


@pytest.mark.case(4)
@pytest.mark.case(5)
@pytest.mark.case(11)
@pytest.mark.case(19)
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of EXIF that is odd on purpose
def test_every_sample_comes_out_right_or_is_refused_in_words(folder, take, capsys):
    answers = {path.name: take(path) for path in sorted(folder.iterdir()) if path.is_file()}

    with capsys.disabled():
        show(answers)

    assert {name for name, (_, reason, _) in answers.items() if not reason} == set()
    ready = {name: made for name, (answer, _, made) in answers.items() if answer == "ready"}
    assert [name for name in ready if name.startswith(NEVER_READY)] == []
    assert [name for name, made in ready.items() if not all(map(tells_nothing, made))] == []
    assert [
        name
        for name, made in ready.items()
        if name.startswith(TRANSPARENT) and not all(map(sees_through, made))
    ] == []
    assert [pair for pair in pairs_of_a_kind(ready) if not alike(*pair, ready)] == []


def show(answers):
    rows = [("file", "answer", "reason, or the picture's size and its renditions'")]
    rows += [(name, answer, reason) for name, (answer, reason, _) in answers.items()]
    sys.stdout.write(
        "\n" + "".join(f"{name:32} {answer:8} {rest}\n" for name, answer, rest in rows)
    )


@pytest.fixture
def take(client, log_in, run_jobs):
    """Upload one file and run its job: the answer, the reason, the renditions."""
    log_in("editor")

    def go(path):
        form = MultiDict([("file", FileStorage(io.BytesIO(path.read_bytes()), path.name))])
        boundary, body = encode_multipart(form)
        answer = client.post(
            "/admin/image/upload",
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
            headers={"Accept": "application/json"},
        )
        if answer.status_code == 422:
            return "refused", answer.json["errors"][0]["error"], []
        assert answer.status_code == 202, path.name
        (taken,) = answer.json["images"]
        run_jobs(hours=1)
        return outcome(client, db.session.get(Image, taken["id"]), taken["job_id"])

    return go


def outcome(client, image, job_id):
    job = db.session.get(Job, job_id)
    if image.status == ImageStatus.FAILED:
        assert (job.state, image.renditions) == (JobState.FAILED, [])
        return "failed", (image.sentence or "") % (image.facts or {}), []
    assert (image.status, job.state) == (ImageStatus.READY, JobState.SUCCEEDED)
    renditions = [fetched(client, rendition) for rendition in image.renditions]
    assert [(r.width, r.height) for r in image.renditions] == [made.size for made in renditions]
    sizes = {r.preset: (r.width, r.height) for r in image.renditions}
    assert sizes["resize"] == fit((image.width, image.height), (800, 600))
    assert sizes["thumbnail"] == (min(200, image.width, image.height),) * 2
    made = ", ".join(f"{made.format} {made.width}x{made.height}" for made in renditions)
    return "ready", f"{image.width}x{image.height}: {made}", renditions


def fetched(client, rendition):
    with client.get(f"/media/{rendition.key}") as answer:
        assert answer.status_code == 200
        made = Pillow.open(io.BytesIO(answer.data))
    made.load()
    return made


def tells_nothing(made):
    """Whether a rendition keeps no more about its maker than a name and a copyright."""
    told = {"comment", "xmp", "icc_profile"} & set(made.info)
    return not told and set(made.getexif()) <= COPYRIGHT_AND_ARTIST


def sees_through(made):
    return made.mode == "RGBA" and made.getchannel("A").getextrema()[0] < 255


def pairs_of_a_kind(ready):
    kinds = defaultdict(list)
    for name in ready:
        if name.startswith("orientation-"):
            kinds[name.rsplit("-", 1)[0]].append(name)
    return [(names[0], other) for names in kinds.values() for other in names[1:]]


def alike(one, other, ready):
    """Whether two samples of one picture have renditions of one size and look."""
    return all(
        a.size == b.size and difference(a, b) < ALIKE
        for a, b in zip(ready[one], ready[other], strict=True)
    )


def difference(a, b):
    small = [picture.convert("L").resize((24, 24), Pillow.Resampling.BOX) for picture in (a, b)]
    return ImageStat.Stat(ImageChops.difference(*small)).mean[0]
