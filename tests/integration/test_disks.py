"""A disk that is full, or can only be read, on a file system of its own."""

import io
import subprocess
from contextlib import suppress

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from cms.storage.base import StorageAway, StorageFull
from cms.storage.local import LocalStorage
from tests import pictures


@pytest.fixture
def disk(ctx, monkeypatch, tmp_path):
    """A small disk that holds the files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root mounts a disk")
    monkeypatch.setitem(ctx.extensions, "cms.storage", LocalStorage(folder / "files"))
    yield folder
    subprocess.run(["umount", folder], check=True)


def mounted(folder, how):
    subprocess.run(["mount", "-o", f"remount,{how}", folder], check=True)


@pytest.fixture
def upload(client, log_in):
    log_in("editor")

    def go(width):
        file = FileStorage(io.BytesIO(pictures.jpeg(width, 900)), "harbour.jpg")
        answer = client.post(
            "/admin/image/upload",
            data=MultiDict([("file", file)]),
            headers={"Accept": "application/json"},
        )
        return answer.status_code, answer.json.get("error")

    return go


def fill(disk):
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"x" * 4096):
            pass


def test_a_full_disk_loses_nothing(disk, upload, run_jobs):
    assert upload(1200)[0] == 202
    fill(disk)
    assert upload(1000) == (422, StorageFull.sentence)
    run_jobs()
    job = db.session.scalars(select(Job)).one()
    assert (job.state, job.sentence) == (JobState.RETRYING, StorageFull.sentence)
    (disk / "filler").unlink()
    run_jobs(hours=1)
    assert db.session.scalars(select(Image)).one().status == ImageStatus.READY


def test_an_upload_that_finds_no_room_is_read_to_its_end(disk, log_in, client):
    """A browser that still sends would be cut off, and hear no answer."""
    log_in("editor")
    fill(disk)
    file = FileStorage(io.BytesIO(pictures.jpeg(1000, 900) + bytes(1_000_000)), "harbour.jpg")
    boundary, body = encode_multipart({"file": file})
    sent = io.BytesIO(body)
    answer = client.post(
        "/admin/image/upload",
        input_stream=sent,
        content_length=len(body),
        content_type=f'multipart/form-data; boundary="{boundary}"',
        headers={"Accept": "application/json"},
    )
    assert (answer.status_code, answer.json["error"]) == (422, StorageFull.sentence)
    assert sent.read() == b""


def test_a_disk_that_can_only_be_read_is_told_in_words(disk, upload, run_jobs, client):
    upload(1200)
    run_jobs()
    key = db.session.scalars(select(Image)).one().rendition("resize").key
    mounted(disk, "ro")

    assert upload(1000) == (503, StorageAway.sentence)
    with client.get(f"/media/{key}") as answer:
        assert answer.status_code == 200
    mounted(disk, "rw")
    assert upload(1000)[0] == 202
