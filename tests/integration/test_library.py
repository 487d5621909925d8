"""The library as a whole: what is counted, what is found wrong, and what mends it."""

import os
import shutil
from pathlib import Path

import pytest

from cms.audit.models import AuditEntry
from cms.editorial import library
from cms.editorial.documents import upload
from cms.extensions import db
from cms.jobs.models import Job, JobState, Selection
from cms.media import files, health, survey, usage
from cms.media.models import Image, ImageStatus, LibrarySurvey
from cms.media.services import make_renditions
from cms.storage.keys import new_key
from cms.tasks import huey
from tests import documents, pictures
from tests.factories import make_picture, make_upload, make_user

LONG_AGO = (1, 1)


def nowhere(_done, _total):
    """Progress that nobody is told of."""


def path_of(key):
    return files.storage().folder / key


@pytest.fixture
def ready(each_ctx):
    """Two pictures with their renditions."""
    made = [make_picture(pictures.jpeg(300, 200), f"{name}.jpg") for name in ("sea", "city")]
    for image in made:
        make_renditions(image)
    db.session.commit()
    huey.flush()
    return made


def stray(prefix="renditions", size=1000, age=LONG_AGO):
    path = path_of(new_key(prefix, "jpg"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    if age:
        os.utime(path, age)
    return path


def taken():
    survey.take(nowhere)
    db.session.commit()
    return survey.figures_of(survey.newest())


def test_everything_is_counted(ready):
    found = taken()

    renditions = [rendition for image in ready for rendition in image.renditions]
    assert (found.pictures, found.renditions) == (2, len(renditions))
    assert found.originals_size == sum(image.size for image in ready)
    assert found.renditions_size == sum(rendition.size for rendition in renditions)
    assert found.files == 2 + len(renditions)
    assert (found.incomplete, found.strays, found.lost_originals, found.lost_renditions) == (
        0,
        0,
        [],
        [],
    )


def test_what_has_no_file_and_what_has_no_row_is_found(ready, monkeypatch):
    monkeypatch.setattr(survey, "AT_ONCE", 2)  # rows and files meet at every border
    sea, city = ready
    path_of(sea.renditions[0].key).unlink()
    path_of(city.key).unlink()
    for prefix in survey.PREFIXES:
        stray(prefix)
    stray(age=None)
    Path(files.storage().folder, "renditions", "readme.txt").write_text("not ours")

    found = taken()
    assert (found.lost_renditions, found.lost_originals) == ([sea.id], [city.id])
    count = len(survey.PREFIXES)
    assert (found.strays, found.strays_size) == (count, count * 1000)


def test_an_empty_store_loses_everything(ready):
    for prefix in survey.PREFIXES:
        shutil.rmtree(files.storage().folder / prefix, ignore_errors=True)

    found = taken()
    assert sorted(found.lost_originals) == sorted(found.lost_renditions)
    assert sorted(found.lost_originals) == sorted(image.id for image in ready)


def test_a_picture_that_lacks_a_rendition_is_named(ready):
    ready[0].renditions.pop()
    db.session.commit()
    found = taken()
    assert (found.incomplete, found.incomplete_ids) == (1, [ready[0].id])


def test_the_newest_survey_takes_the_place_of_the_last(ready):
    taken()
    taken()
    assert db.session.query(LibrarySurvey).count() == 1


def test_strays_are_removed_and_nothing_else(ready):
    old, young = stray(), stray(age=None)
    ((document, _job),) = upload([make_upload(documents.pdf())], make_user()).taken
    db.session.commit()
    os.utime(path_of(document.key), (0, 0))
    taken()
    assert survey.remove_strays(nowhere) == 1

    assert (old.exists(), young.exists()) == (False, True)
    assert path_of(document.key).exists()
    assert survey.figures_of(survey.newest()).strays == 0
    assert taken().lost_originals == taken().lost_renditions == []


def test_files_of_another_database_are_not_removed(ctx, monkeypatch):
    monkeypatch.setattr(survey, "ALWAYS_FEW", 2)
    make_picture()
    kept = [stray() for _ in range(3)]
    taken()

    with pytest.raises(survey.TooManyStrays):
        library.clear_strays()
    with pytest.raises(survey.TooManyStrays):
        survey.remove_strays(nowhere)
    assert all(path.exists() for path in kept)


# What is counted while one waits


def test_what_could_be_better_is_counted(ready):
    ready[0].alt_text = "The sea"
    ready[1].status, ready[1].sentence = ImageStatus.FAILED, "The picture is damaged."
    db.session.commit()

    assert health.counts(10) == {
        "pictures": 2, "failed": 1, "textless": 1, "alike": 2, "unused": 2
    }  # fmt: skip
    assert health.counts(1)["pictures"] == 1
    assert health.reasons(10) == [("The picture is damaged.", 1)]


@pytest.fixture
def used():
    """Let a picture be used somewhere."""

    def go(image):
        query = db.select(Image.id).where(Image.id == image.id)
        usage.of("toy", keys=lambda: query)(lambda _ids, _most: [(image.id, 1, "Toy", None, True)])

    yield go
    usage.forget("toy")


def test_pictures_that_nothing_shows_are_counted(ready, used):
    used(ready[0])
    assert health.counts(10)["unused"] == 1


# The page


@pytest.fixture
def page(client, log_in):
    def get(role="editor", address="/admin/library/"):
        log_in(role)
        answer = client.get(address)
        assert answer.status_code == 200
        return answer.text

    return get


def test_the_page_says_what_is_wrong_and_what_to_do(page):
    make_picture(filename="half.jpg")
    image = db.session.query(Image).one()
    image.status, image.sentence = ImageStatus.FAILED, "It has %(pixels)s pixels."
    db.session.commit()

    text = page()
    assert "have not been counted yet" in text
    assert "It has … pixels." in text
    assert "Retry all" in text
    assert "Write them" in text


def test_counting_is_a_job_that_is_not_doubled(client, log_in, run_jobs):
    log_in("editor")
    for _ in range(2):
        assert client.post("/admin/library/survey").status_code == 302
    assert db.session.query(Job).filter_by(task="survey_library").count() == 1
    assert client.get("/admin/library/status").json["library"] == [{"status": "queued"}]
    assert {entry.action for entry in db.session.query(AuditEntry)} == {"survey"}

    run_jobs()
    assert survey.newest() is not None
    assert client.get("/admin/library/status").json["library"] == [{"status": "idle"}]
    assert "Files that belong to no picture: none" in client.get("/admin/library/").text


def test_what_is_missing_or_lost_is_made_again(client, log_in, run_jobs):
    bare, lost = make_picture(), make_picture()
    db.session.commit()
    run_jobs()
    path_of(lost.renditions[0].key).unlink()
    bare.renditions.clear()
    db.session.commit()
    taken()
    log_in("editor")
    for what in ("incomplete", "lost"):
        answer = client.post("/admin/library/mend", data={"what": what})
        assert "/admin/selection/details/" in answer.location
    assert db.session.query(Selection).count() == 2

    run_jobs()
    found = taken()
    assert (found.incomplete, found.lost_renditions) == (0, [])
    assert {image.status for image in db.session.query(Image)} == {ImageStatus.READY}


def test_nothing_to_mend_is_said(client, log_in):
    log_in("editor")
    answer = client.post("/admin/library/mend", data={"what": "failed"}, follow_redirects=True)
    assert "Nothing matches any more." in answer.text
    assert client.post("/admin/library/mend", data={"what": "else"}).status_code == 404


def test_an_administrator_removes_strays(client, log_in, run_jobs):
    path = stray()
    taken()
    log_in("administrator")
    client.post("/admin/library/clear")
    run_jobs()

    assert not path.exists()
    assert db.session.query(Job).one().state == JobState.SUCCEEDED


# Alternative texts


def test_texts_are_saved_and_the_next_are_shown(client, log_in):
    log_in("editor")
    image, unseen = make_picture(), make_picture()
    make_renditions(image)
    db.session.commit()
    assert f"text-{unseen.id}" not in client.get("/admin/alt-text/").text
    assert f"text-{image.id}" in client.get("/admin/alt-text/").text
    answer = client.post("/admin/alt-text/save", data={f"text-{image.id}": " A bridge "})

    assert client.get(answer.location).status_code == 200
    db.session.refresh(image)
    assert image.alt_text == "A bridge"
    assert [(it.action, it.changes) for it in db.session.query(AuditEntry)][-1] == (
        "edit",
        {"alt_text": ["", "A bridge"]},
    )


def test_who_was_faster_keeps_their_text(client, log_in):
    log_in("editor")
    image = make_picture()
    image.alt_text = "A stone bridge"
    db.session.commit()
    headers = {"Accept": "application/json"}
    answer = client.post(
        "/admin/alt-text/save", data={f"text-{image.id}": "A bridge"}, headers=headers
    )

    assert answer.status_code == 422
    assert "meanwhile" in answer.json["errors"][0]
    db.session.refresh(image)
    assert image.alt_text == "A stone bridge"


def test_authors_write_those_of_their_own(client, log_in):
    mine, other = make_picture(owner=log_in("author")), make_picture(owner=make_user())
    for image in (mine, other):
        make_renditions(image)
    db.session.commit()

    page = client.get("/admin/alt-text/").text
    assert (f"text-{mine.id}" in page, f"text-{other.id}" in page) == (True, False)
    for image, code in ((mine, 302), (other, 403)):
        answer = client.post("/admin/alt-text/save", data={f"text-{image.id}": "x"})
        assert answer.status_code == code
    db.session.expire_all()
    assert (mine.alt_text, other.alt_text) == ("x", "")


# The list


@pytest.mark.parametrize(
    ("where", "titles"),
    [
        ("tab=no-text", {"tall", "square", "wide"}),
        ("tab=alike", set()),
        ("flt0_orientation_is=wide", {"wide", "named"}),
        ("flt0_orientation_is=tall", {"tall"}),
        ("flt0_orientation_is=square", {"square"}),
        ("flt0_mime_is=image/png", {"tall"}),
        ("flt0_bytes_is=small", {"tall", "square", "wide", "named"}),
        ("flt0_bytes_is=large", set()),
        ("flt0_bytes_is=small&flt1_orientation_is=tall", {"tall"}),
        ("flt0_animated_is=1", set()),
        ("flt0_use_is=no", {"square", "wide", "named"}),
    ],
)
def test_the_list_is_narrowed(client, log_in, used, where, titles):
    log_in("viewer")
    tall = make_picture(pictures.png(40, 90), "tall.png")
    make_picture(pictures.jpeg(50, 50), "square.jpg")
    make_picture(pictures.jpeg(90, 40), "wide.jpg")
    make_picture(pictures.jpeg(90, 50), "named.jpg").alt_text = "Named"
    db.session.commit()
    used(tall)

    page = client.get(f"/admin/image/?{where}").text
    shown = {
        title for title in ("tall", "square", "wide", "named") if f'data-name="{title}"' in page
    }
    assert shown == titles


def test_animated_pictures_are_found(client, log_in):
    log_in("viewer")
    make_picture(filename="still.jpg")
    make_picture(pictures.animated_gif(), "moving.gif")
    db.session.commit()

    page = client.get("/admin/image/?flt0_animated_is=1").text
    assert ('data-name="moving"' in page, 'data-name="still"' in page) == (True, False)
