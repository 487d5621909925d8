"""A file that is here already is named, and not stored a second time."""

import io
from contextlib import closing
from threading import Barrier, Thread

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from cms.accounts.models import User
from cms.editorial.uploads import upload_pictures
from cms.extensions import db
from cms.jobs.models import Job
from cms.media.models import Image, ImageStatus
from tests import pictures
from tests.factories import make_picture, make_upload, make_user

JSON = {"Accept": "application/json"}
SEA = pictures.jpeg(640, 480)


@pytest.fixture
def upload(client, log_in):
    log_in("author")

    def post(*files, headers=JSON, **fields):
        parts = [("file", FileStorage(io.BytesIO(data), name)) for name, data in files]
        boundary, body = encode_multipart(MultiDict([*parts, *fields.items()]))
        kind = f"multipart/form-data; boundary={boundary}"
        return client.post("/admin/image/upload", data=body, content_type=kind, headers=headers)

    return post


@pytest.mark.case(21)
def test_the_second_says_which_picture_it_is(upload, client):
    (first,) = upload(("sea.jpg", SEA)).json["images"]
    answer = upload(("copy of sea.jpg", SEA))

    assert answer.status_code == 200
    assert answer.json["images"] == answer.json["errors"] == []
    (here,) = answer.json["duplicates"]
    assert (here["filename"], here["id"], here["title"]) == ("copy of sea.jpg", first["id"], "sea")
    assert client.get(here["url"]).status_code == 200
    assert db.session.query(Image).count() == db.session.query(Job).count() == 1


@pytest.mark.case(21)
def test_it_is_taken_all_the_same_where_that_is_asked_for(upload):
    upload(("sea.jpg", SEA))
    answer = upload(("sea.jpg", SEA), again="1")

    assert answer.status_code == 202
    assert "duplicates" not in answer.json
    assert db.session.query(Image).count() == 2


def test_the_same_file_twice_in_one_request_is_found(upload):
    answer = upload(("a.jpg", SEA), ("letter.jpg", pictures.text_file()), ("b.jpg", SEA))

    assert answer.status_code == 202
    assert len(answer.json["images"]) == 1
    assert [error["filename"] for error in answer.json["errors"]] == ["letter.jpg"]
    (here,) = answer.json["duplicates"]
    assert (here["filename"], here["id"]) == ("b.jpg", answer.json["images"][0]["id"])


def test_a_form_without_script_is_told_with_a_link(upload, client):
    upload(("sea.jpg", SEA))
    answer = upload(("copy.jpg", SEA), headers={})

    page = client.get(answer.location).text
    assert "“copy.jpg” is already here: “sea”." in page
    assert f"/admin/image/details/?id={db.session.query(Image).one().id}" in page


def test_a_picture_that_failed_may_be_uploaded_again(upload):
    upload(("sea.jpg", SEA))
    db.session.query(Image).one().status = ImageStatus.FAILED
    db.session.commit()

    assert upload(("sea.jpg", SEA)).status_code == 202


def test_the_same_file_in_two_requests_at_once_is_found(each_ctx):
    user = make_user()
    db.session.commit()
    together, found = Barrier(2, timeout=30), []

    def take(number, user_id=user.id):
        with each_ctx.app_context():
            owner = db.session.get(User, user_id)
            upload = make_upload(SEA, f"{number}.jpg")
            together.wait()
            with closing(upload):
                result = upload_pictures([upload], owner)
            db.session.commit()
            found.append((len(result.taken), len(result.duplicates)))

    threads = [Thread(target=take, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [(0, 1), (1, 0)]
    assert db.session.query(Image).count() == 1


def test_nobody_in_particular_is_told_of_nothing(ctx):
    make_picture(SEA)
    result = upload_pictures([make_upload(SEA)], None)
    assert len(result.taken) == 1
