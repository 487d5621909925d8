"""What becomes of a file, from the upload to the public addresses."""

import io
from dataclasses import dataclass, field

import pytest
from PIL import Image as Pillow
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from cms.accounts.tokens import offered_to
from cms.editorial.tokens import make
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from cms.tasks import huey
from tests.clients import Program
from tests.factories import make_picture, make_user


@dataclass
class Public:
    """A file that anybody may fetch: its bytes, and the picture in them."""

    preset: str
    data: bytes
    picture: Pillow.Image


@dataclass
class Taken:
    """The answer to one upload: refused, failed or ready; why, or what was made of it."""

    answer: str
    reason: str
    image: Image | None = None
    files: list[Public] = field(default_factory=list)

    def file(self, preset: str) -> Public:
        return next(file for file in self.files if file.preset == preset)


@pytest.fixture
def send(client, log_in):
    """Upload one file as an editor; the answer."""
    log_in("editor")

    def go(data, name="picture.jpg"):
        form = MultiDict([("file", FileStorage(io.BytesIO(data), name))])
        boundary, body = encode_multipart(form)
        return client.post(
            "/admin/image/upload",
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
            headers={"Accept": "application/json"},
        )

    return go


@pytest.fixture
def take(client, send, run_jobs):
    """Upload one file as an editor and run its job; what becomes of it."""

    def go(data, name="picture.jpg"):
        answer = send(data, name)
        if answer.status_code == 422:
            return Taken("refused", answer.json["errors"][0]["error"])
        assert answer.status_code == 202, answer.text
        (taken,) = answer.json["images"]
        run_jobs(hours=1)
        return outcome(client, db.session.get(Image, taken["id"]), taken["job_id"])

    return go


def outcome(client, image, job_id):
    job = db.session.get(Job, job_id)
    if image.status == ImageStatus.FAILED:
        assert (job.state, image.renditions) == (JobState.FAILED, [])
        return Taken("failed", (image.sentence or "") % (image.facts or {}), image)
    assert (image.status, job.state) == (ImageStatus.READY, JobState.SUCCEEDED)
    files = [fetched(client, rendition) for rendition in image.renditions]
    made = ", ".join(
        f"{file.preset} {file.picture.format} {file.picture.width}x{file.picture.height}"
        for file in files
    )
    return Taken("ready", f"{image.width}x{image.height}: {made}", image, files)


def fetched(client, rendition):
    with client.get(f"/media/{rendition.key}") as answer:
        assert answer.status_code == 200
        data = answer.data
    picture = Pillow.open(io.BytesIO(data))
    picture.load()
    # An MPO is a camera's photo with others behind it.
    mime = "image/jpeg" if picture.format == "MPO" else Pillow.MIME[picture.format]
    assert mime == rendition.mime == answer.mimetype
    assert picture.size == (rendition.width, rendition.height)
    assert len(data) == rendition.size
    return Public(rendition.preset, data, picture)


# The API


@pytest.fixture
def program(ctx):
    """A program of somebody with a role; its token has all scopes that they can give."""

    def go(role="administrator", scopes=None, user=None, ends=None):
        user = user or make_user(role)
        _token, text = make(user, "Newsletter", scopes or list(offered_to(user)), ends)
        db.session.commit()
        return Program(ctx, user, text)

    return go


@pytest.fixture
def failed(ctx):
    """A picture that has failed, its job, and what administrators are told of it."""
    image = make_picture()
    db.session.commit()
    job = db.session.scalars(select(Job)).one()
    job.attempts_allowed = 1
    db.session.flush()
    ledger.claim(job.id, huey.holder())
    huey.record_failure(job.id, 1, RuntimeError("broken"))
    db.session.commit()
    image.status = ImageStatus.FAILED
    db.session.commit()
    return image


@pytest.fixture
def five(ctx):
    made = [make_picture(filename=f"{name}.jpg") for name in ("cat", "dog", "cow", "hen", "ewe")]
    for image, alt in zip(made, ("A cat", "", "A cow at sea", "", ""), strict=True):
        image.alt_text = alt
    db.session.commit()
    return [image.id for image in made]
