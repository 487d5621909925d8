"""Dropping files: each good one is taken, each bad one refused in words, and
nothing of a refused one stays behind."""

import io
from pathlib import Path

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from cms.audit.models import AuditEntry
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from cms.tasks import huey
from tests import pictures

JSON = {"Accept": "application/json"}


@pytest.fixture
def upload(client, log_in):
    log_in("editor")

    def post(*files, **kwargs):
        parts = [("file", FileStorage(io.BytesIO(data), name)) for name, data in files]
        boundary, body = encode_multipart(MultiDict(parts))
        return client.post(
            "/admin/image/upload",
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
            **{"headers": JSON, **kwargs},
        )

    return post


@pytest.fixture
def stored(ctx):
    """What is on disk, temporary files included."""

    def files():
        folder = Path(ctx.config["CMS_SETTINGS"].data_dir, "files")
        return [path for path in folder.rglob("*") if path.is_file()]

    return files


def test_a_picture_is_taken_with_its_job(upload, stored):
    answer = upload(("sunset_by_the_sea.jpg", pictures.jpeg(640, 480)))

    assert answer.status_code == 202
    image = db.session.query(Image).one()
    job = db.session.query(Job).one()
    assert answer.json == {
        "images": [{"id": image.id, "status": "pending", "job_id": job.id}],
        "errors": [],
    }
    assert (image.title, image.filename) == ("sunset by the sea", "sunset_by_the_sea.jpg")
    assert (image.width, image.height, image.mime) == (640, 480, "image/jpeg")
    assert image.size == len(pictures.jpeg(640, 480))
    assert image.owner.email.startswith("editor")
    assert (job.task, job.subject_kind, job.subject_id) == ("process_image", "image", str(image.id))
    assert [entry.action for entry in db.session.query(AuditEntry)] == ["upload"]
    assert len(stored()) == 1
    assert len(huey) == 1


def test_the_worker_makes_it_ready(upload, run_jobs, client):
    upload(("sunset.jpg", pictures.jpeg(1600, 1200)))
    run_jobs()

    image = db.session.query(Image).one()
    assert image.status == ImageStatus.READY
    assert image.processed_at is not None
    assert {r.preset: (r.width, r.height) for r in image.renditions} == {
        "resize": (800, 600),
        "thumbnail": (200, 200),
        "width-320": (320, 240),
        "width-640": (640, 480),
        "width-960": (960, 720),
        "width-1280": (1280, 960),
        "width-1920": (1600, 1200),
    }
    for rendition in image.renditions:
        answer = client.get(f"/media/{rendition.key}")
        assert answer.status_code == 200
        assert answer.mimetype == rendition.mime
        assert len(answer.data) == rendition.size
        answer.close()


def test_the_status_address_tells_when_it_is_ready(upload, run_jobs, client):
    image_id = upload(("a.jpg", pictures.jpeg(900, 600))).json["images"][0]["id"]
    before = client.get(f"/admin/image/status?ids={image_id}").json
    run_jobs()
    after = client.get(f"/admin/image/status?ids={image_id}").json

    assert before == {"images": [{"id": image_id, "status": "pending", "renditions": []}]}
    (image,) = after["images"]
    assert image["status"] == "ready"
    assert {r["name"] for r in image["renditions"]} >= {"resize", "thumbnail", "width-640"}


def test_a_form_without_script_is_told_by_a_message(upload, client):
    answer = upload(("a.jpg", pictures.jpeg(64, 48)), headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 302

    page = client.get(answer.location, headers={"Accept-Language": "zh-CN"}).text
    assert "上传成功，正在处理中..." in page


@pytest.mark.case(19)
@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.jpg", b"", "empty"),
        ("letter.jpg", pictures.text_file(), "not a picture"),
        ("logo.svg", pictures.svg(), "SVG"),
        ("logo.png", pictures.svg(), "SVG"),
        ("bomb.png", pictures.bomb_png(), "pixels"),
    ],
)
def test_a_bad_file_is_refused_in_words_and_leaves_nothing(upload, stored, name, data, words):
    answer = upload((name, data))

    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["filename"] == name
    assert words in error["error"]
    assert stored() == []
    assert db.session.query(Image).count() == db.session.query(Job).count() == 0


def test_the_good_files_of_a_drop_are_taken_with_bad_ones_among_them(upload, stored):
    answer = upload(
        ("good.jpg", pictures.jpeg(64, 48)),
        ("bad.jpg", pictures.text_file()),
        ("照片.jpg", pictures.jpeg(65, 48)),
    )

    assert answer.status_code == 202
    assert len(answer.json["images"]) == 2
    assert [error["filename"] for error in answer.json["errors"]] == ["bad.jpg"]
    assert len(stored()) == 2


@pytest.mark.parametrize("data", [{}, {"file": []}, {"other": "x"}])
def test_a_form_without_a_file_is_told_so(client, log_in, data):
    log_in("editor")
    answer = client.post("/admin/image/upload", data=data, headers=JSON)

    assert answer.status_code == 422
    assert answer.json["errors"] == [{"filename": "", "error": "Choose at least one file."}]


def test_a_second_file_of_the_same_name_is_a_second_picture(upload, stored):
    upload(("a.jpg", pictures.jpeg(64, 48)))
    upload(("a.jpg", pictures.jpeg(48, 64)))

    assert [i.filename for i in db.session.query(Image)] == ["a.jpg", "a.jpg"]
    assert len(stored()) == 2


@pytest.mark.case(10)
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("照片.jpg", "照片.jpg"),
        ("Zürich #1 (neu).jpg", "Zürich #1 (neu).jpg"),
        ("Bildschirmfoto\u202f12.jpg", "Bildschirmfoto\u202f12.jpg"),
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("x" * 300 + ".jpg", "x" * 251 + ".jpg"),
    ],
)
def test_the_name_is_kept_to_be_shown_and_never_used_on_disk(upload, stored, given, shown):
    upload((given, pictures.jpeg(64, 48)))

    image = db.session.query(Image).one()
    assert image.filename == shown
    (path,) = stored()
    assert path.name.isascii()
    assert str(path).endswith(image.key)


@pytest.mark.case(19)
def test_a_file_over_the_limit_is_refused_and_the_others_taken(upload, stored, small_limit):
    big = pictures.jpeg(64, 48) + b"\0" * small_limit
    answer = upload(("big.jpg", big), ("small.jpg", pictures.jpeg(64, 48)))

    assert answer.status_code == 202
    assert len(stored()) == 1
    (error,) = answer.json["errors"]
    assert (error["filename"], "larger than 1 MB" in error["error"]) == ("big.jpg", True)


@pytest.mark.case(19)
def test_one_byte_over_the_limit_is_413(upload, stored, small_limit):
    data = pictures.jpeg(64, 48)
    answer = upload(("big.jpg", data + b"\0" * (small_limit + 1 - len(data))))
    assert answer.status_code == 413
    assert stored() == []

    answer = upload(("fits.jpg", data + b"\0" * (small_limit - len(data))))
    assert answer.status_code == 202


def test_a_half_picture_fails_in_words_and_says_so_once(upload, run_jobs, client):
    upload(("half.jpg", pictures.truncated_jpeg()))
    run_jobs(hours=1)

    image = db.session.query(Image).one()
    assert image.status == ImageStatus.FAILED
    assert image.renditions == []
    assert image.sentence
    assert db.session.query(Job).one().state == JobState.FAILED


@pytest.mark.case(25)
def test_the_queue_being_away_does_not_fail_the_upload(upload, unreachable_queue):
    answer = upload(("a.jpg", pictures.jpeg(64, 48)))

    assert answer.status_code == 202
    assert db.session.query(Job).one().state == JobState.QUEUED


@pytest.mark.case(16)
def test_a_failing_commit_leaves_no_file(upload, stored, monkeypatch):
    def refuse(*_args):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("cms.edge.db.session.commit", refuse)
    answer = upload(("a.jpg", pictures.jpeg(64, 48)))

    assert answer.status_code == 500
    assert "disk" not in answer.text
    assert stored() == []


@pytest.fixture
def small_limit(ctx, monkeypatch):
    """The largest file accepted is 1 MB; return it in bytes."""
    settings = ctx.config["CMS_SETTINGS"]
    monkeypatch.setitem(
        ctx.config, "CMS_SETTINGS", settings.model_copy(update={"upload_max_mb": 1})
    )
    return 1_000_000


@pytest.mark.parametrize("role", [None, "viewer"])
def test_who_may_not_upload_is_refused_before_the_body_is_read(
    ctx, client, log_in, stored, role, monkeypatch
):
    if role:
        log_in(role)
    monkeypatch.setattr(ctx.extensions["cms.storage"], "incoming", pytest.fail)
    answer = client.post(
        "/admin/image/upload",
        data={"file": [(io.BytesIO(pictures.jpeg(64, 48)), "a.jpg")]},
        headers=JSON,
    )
    assert answer.status_code == (403 if role else 401)
    assert stored() == []
