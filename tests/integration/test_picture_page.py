"""A picture's own page: what matters in it, other files in its place, where it is used."""

from pathlib import Path

import PIL.Image
import pytest
from flask_babel import force_locale
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.editorial import content, trash
from cms.editorial import pictures as acts
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media import files, usage, verdict
from cms.media import services as media
from cms.media.models import Image, ImageStatus, ImageVersion
from tests import pictures
from tests.factories import form_file, make_article, make_picture, make_upload, make_user

EDIT = "/admin/image/edit/?id={}"
JSON = {"Accept": "application/json"}


@pytest.fixture
def image(ctx, run_jobs):
    """A picture that is ready."""
    made = make_picture(pictures.jpeg(400, 300), "harbour.jpg")
    made.alt_text = "A harbour"
    db.session.commit()
    run_jobs()
    return made


@pytest.fixture
def used(image):
    """A home page that shows the picture."""

    @usage.of("toy", keys=lambda: select(Image.id).where(Image.id == image.id))
    def _pages(image_ids, _most):
        yield from ((key, 1, "Home", None, True) for key in image_ids if key == image.id)

    yield
    usage.forget("toy")


def on_disk(app):
    folder = Path(app.config["CMS_SETTINGS"].data_dir, "files")
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def save(client, image, **fields):
    return client.post(EDIT.format(image.id), data={"title": image.title, **fields})


def keys_of(image):
    return {rendition.key for rendition in image.renditions}


def put_on_home(image):
    content.take(make_article(cover_id=image.id), "publish", make_user("editor"))
    db.session.commit()


def on_home(client, keys):
    """Tell whether the front page shows any of these files."""
    page = client.get("/").text
    return any(f"/media/{key}" in page for key in keys)


def jobs():
    return db.session.query(Job).count()


def last_entry():
    return db.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()


# Focal point and crop


def test_focal_point_and_crop_are_kept_and_make_the_renditions_again(
    client, log_in, image, run_jobs
):
    log_in("editor")
    put_on_home(image)
    served, old = image.rendition("resize").key, keys_of(image)
    answer = save(client, image, focal_x="71.5", focal_y="36", crop=["30", "0", "90", "80"])

    assert answer.status_code == 302
    db.session.refresh(image)
    assert (image.focal_x, image.focal_y, image.crop) == (0.715, 0.36, [0.3, 0, 0.9, 0.8])
    entry = last_entry()
    assert (entry.action, entry.changes["focal_x"]) == ("edit", [0.5, 0.715])
    assert "crop" in entry.changes
    with client.get(f"/media/{served}") as answer:
        assert answer.status_code == 200, "it serves meanwhile"
    assert on_home(client, old)
    run_jobs()
    assert image.status is ImageStatus.READY
    assert image.rendition("resize").key != served


def test_what_is_left_is_what_is_made(client, log_in, image, run_jobs):
    log_in("editor")
    save(client, image, focal_x="100", focal_y="100", crop=["50", "0", "100", "50"])
    run_jobs()

    assert (image.focal_x, image.focal_y) == (1, 0.5)
    made = image.rendition("resize")
    assert (made.width, made.height) == (200, 150)
    with files.storage().path(made.key) as path, PIL.Image.open(path) as picture:
        assert picture.getpixel((100, 75)) == pytest.approx(pictures.GREEN, abs=4)
    page = client.get(EDIT.format(image.id)).text
    assert f'<img src="/admin/image/original?id={image.id}"' in page, "the whole, to crop anew"


def test_what_was_set_is_taken_back_by_empty_fields(client, log_in, image):
    log_in("editor")
    image.focal_x, image.crop = 0.2, [0.1, 0.1, 0.5, 0.5]
    db.session.commit()
    save(client, image, focal_x="", focal_y="", crop=["", "", "", ""])

    db.session.refresh(image)
    assert (image.focal_x, image.focal_y, image.crop) == (0.5, 0.5, None)


def test_a_title_alone_makes_nothing_again(client, log_in, image):
    log_in("editor")
    before = jobs()
    page = client.get(EDIT.format(image.id)).text
    assert 'name="focal_x" value="50"' in page
    save(client, image, title="Port", focal_x="50", focal_y="50", crop=["", "", "", ""])
    save(client, image, title="Quay")

    db.session.refresh(image)
    assert (image.title, image.status, jobs()) == ("Quay", ImageStatus.READY, before)


def test_a_focal_point_that_is_cut_away_comes_back_in(client, log_in, image):
    log_in("editor")
    save(client, image, focal_x="90", focal_y="10", crop=["0", "20", "50", "100"])

    db.session.refresh(image)
    assert (image.focal_x, image.focal_y) == (0.5, 0.2)


@pytest.mark.parametrize(
    "fields",
    [
        {"focal_x": "101"},
        {"focal_x": "nan"},
        {"focal_y": "-1"},
        {"focal_y": "middle"},
        {"crop": ["10", "", "", ""]},
        {"crop": ["10", "10"]},
        {"crop": ["60", "0", "50", "100"]},
        {"crop": ["0", "0", "inf", "100"]},
    ],
    ids=str,
)
def test_nonsense_is_refused_in_words(client, log_in, image, fields):
    log_in("editor")
    before = jobs()
    answer = save(client, image, **fields)

    assert answer.status_code == 422
    assert "field-error" in answer.text
    db.session.refresh(image)
    assert (image.focal_x, image.focal_y, image.crop, jobs()) == (0.5, 0.5, None, before)


# The original


def test_the_original_goes_to_editors_alone_and_as_a_file_only(client, log_in, image):
    log_in("editor")
    with client.get(f"/admin/image/original?id={image.id}") as answer:
        assert answer.mimetype == "image/jpeg"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("inline")
        assert answer.cache_control.private
        assert not answer.cache_control.public
    assert client.get(f"/media/{image.key}").status_code == 404


def test_what_browsers_do_not_show_is_downloaded_under_its_true_ending(client, log_in):
    picture = make_picture(pictures.oriented_tiff(1), "page.html")
    db.session.commit()
    log_in("editor")
    with client.get(f"/admin/image/original?id={picture.id}") as answer:
        assert answer.headers["Content-Disposition"] == "attachment; filename=page.tif"
    page = client.get(EDIT.format(picture.id)).text
    assert "data-look-stage" not in page
    assert 'name="focal_x"' in page


# Another file in its place


@pytest.mark.case(12)
def test_a_new_file_takes_the_place_of_the_old_one(client, log_in, image, run_jobs, ctx):
    user = log_in("editor")
    put_on_home(image)
    old, served = image.key, keys_of(image)
    image.focal_x, image.crop = 0.2, [0.1, 0.1, 0.5, 0.5]
    db.session.commit()
    crest = pictures.corners(60, 90)
    crest.putalpha(90)
    data = {"id": image.id, "file": form_file(pictures.encoded(crest, "PNG"), "crest.png")}
    assert client.post("/admin/image/replace", data=data).status_code == 302

    db.session.refresh(image)
    assert (image.version, image.filename, image.mime) == (2, "crest.png", "image/png")
    assert (image.title, image.alt_text) == ("harbour", "A harbour")
    assert (image.focal_x, image.crop) == (0.5, None), "of a picture of another shape"
    (version,) = image.versions
    assert (version.number, version.key, version.replaced_by_id) == (1, old, user.id)
    assert last_entry().changes["version"] == [1, 2]
    assert on_home(client, served), "the old ones serve meanwhile"

    run_jobs()
    assert [r.preset for r in image.renditions].count("resize") == 1
    assert (image.rendition("resize").width, image.status) == (60, ImageStatus.READY)
    assert on_disk(ctx) == {old, image.key, *keys_of(image)}
    assert on_home(client, keys_of(image))
    assert not on_home(client, served)


@pytest.mark.case(12)
def test_an_older_file_is_put_back_with_one_press(client, log_in, image, run_jobs):
    log_in("editor")
    first = image.key
    acts.replace_file(image, make_upload(pictures.jpeg(90, 90), "square.jpg"), None)
    db.session.commit()
    second = image.key
    page = client.get(EDIT.format(image.id)).text
    assert "harbour.jpg" in page
    assert "/admin/image/restore" in page

    data = {"id": image.id, "version": "1"}
    assert client.post("/admin/image/restore", data=data).status_code == 302
    run_jobs()
    assert (image.key, image.version, image.width, image.height) == (first, 3, 400, 300)
    assert [(v.number, v.key) for v in image.versions] == [(2, second)]
    assert image.status is ImageStatus.READY
    assert image.rendition("thumbnail").width == 200


@pytest.mark.case(12)
def test_an_older_file_is_removed_after_the_commit(client, log_in, image, ctx):
    log_in("editor")
    first = image.key
    acts.replace_file(image, make_upload(pictures.jpeg(90, 90)), None)
    db.session.commit()
    acts.remove_version(image, image.versions[0])
    db.session.rollback()
    assert first in on_disk(ctx)

    client.post("/admin/image/remove-version", data={"id": image.id, "version": "1"})
    assert first not in on_disk(ctx)
    assert db.session.query(ImageVersion).count() == 0


@pytest.mark.case(12)
@pytest.mark.parametrize("asked", ["page", "json"])
@pytest.mark.parametrize(
    "data",
    [pictures.text_file(), b"", pictures.svg(), pictures.jpeg(400, 300)],
    ids=["text", "empty", "svg", "same"],
)
def test_a_file_that_is_refused_changes_nothing(client, log_in, image, ctx, data, asked):
    log_in("editor")
    before, disk = jobs(), on_disk(ctx)
    form = {"id": image.id, "file": form_file(data, "other.jpg")}
    answer = client.post("/admin/image/replace", data=form, headers=JSON if asked == "json" else {})

    assert answer.status_code == (422 if asked == "json" else 302)
    db.session.refresh(image)
    assert (image.version, image.filename, image.status) == (1, "harbour.jpg", ImageStatus.READY)
    assert (jobs(), on_disk(ctx), image.versions) == (before, disk, [])


@pytest.mark.case(12)
def test_a_replacement_that_is_rolled_back_leaves_no_file(image, ctx):
    disk = on_disk(ctx)
    acts.replace_file(image, make_upload(pictures.jpeg(90, 90)), None)
    assert on_disk(ctx) != disk
    db.session.rollback()
    assert on_disk(ctx) == disk


@pytest.mark.case(12)
def test_a_new_file_that_cannot_be_made_leaves_the_old_renditions(image, run_jobs):
    served = image.rendition("resize").key
    acts.replace_file(image, make_upload(pictures.truncated_jpeg()), None)
    db.session.commit()
    run_jobs(hours=1)

    assert image.status is ImageStatus.FAILED
    assert image.rendition("resize").key == served
    assert files.storage().exists(served)
    acts.restore_version(image, image.versions[0], None)
    db.session.commit()
    run_jobs()
    assert (image.status, image.version) == (ImageStatus.READY, 3)


@pytest.mark.case(12)
def test_a_job_that_was_overtaken_changes_nothing(each_ctx):
    image = make_picture(pictures.jpeg(400, 300))
    db.session.commit()
    aim = media.aim_of(image)
    media.make_renditions(image)
    assert not media.has_moved_on(image, aim)
    db.session.rollback()

    acts.replace_file(image, make_upload(pictures.jpeg(90, 90)), None)
    db.session.commit()
    assert media.has_moved_on(image, aim)
    db.session.rollback()
    aim = media.aim_of(image)
    image.crop = [0, 0, 1, 0.5]
    db.session.commit()
    assert media.has_moved_on(image, aim)
    assert image.renditions == []


@pytest.mark.case(12)
def test_a_job_that_was_overtaken_and_fails_leaves_the_newer_picture_alone(image, run_jobs):
    acts.replace_file(image, make_upload(pictures.truncated_jpeg()), None)
    acts.replace_file(image, make_upload(pictures.jpeg(90, 90)), None)
    db.session.commit()
    run_jobs()
    assert image.status is ImageStatus.READY

    media.attempt_failed(image.id, TimeoutError(), final=True)
    assert image.status is ImageStatus.READY


def test_versions_go_with_the_picture(image, ctx):
    acts.replace_file(image, make_upload(pictures.jpeg(90, 90)), None)
    db.session.commit()
    trash.delete_picture(image, None)
    trash.purge_picture(image)
    db.session.commit()
    assert on_disk(ctx) == set()


# Where it is used


def test_a_picture_that_is_used_is_not_deleted(client, log_in, image, used):
    log_in("editor")
    words = "“harbour” is used in “Home”, and cannot be deleted."
    listed = client.get("/admin/image/").text
    page = client.get(EDIT.format(image.id)).text
    assert f'data-confirm="{words}"' in listed
    assert "data-confirm-refused" in listed
    assert "<li>Home</li>" in page
    assert "/admin/image/delete/" not in page

    for path, form in (
        ("/admin/image/delete/", {"id": image.id}),
        ("/admin/image/action/", {"action": "delete", "rowid": image.id}),
    ):
        answer = client.post(path, data=form, follow_redirects=True)
        assert words in answer.text
    assert db.session.get(Image, image.id) is not None


def test_what_is_used_can_be_asked_for(image, used):
    other = make_picture()
    assert db.session.scalars(select(Image).where(usage.is_used())).all() == [image]
    assert db.session.scalars(select(Image).where(~usage.is_used())).all() == [other]
    assert usage.uses_of([image.id, other.id]) == {
        image.id: [usage.Use("toy", 1, "Home", live=True)]
    }


def test_without_anybody_who_shows_pictures_none_is_used(client, log_in, image):
    log_in("editor")
    assert db.session.scalars(select(Image).where(usage.is_used())).all() == []
    assert "data-confirm-refused" not in client.get("/admin/image/").text
    client.post("/admin/image/delete/", data={"id": image.id})
    assert db.session.query(Image).count() == 0
    assert db.session.query(Job).filter_by(state=JobState.SUCCEEDED).count() == 1


# The verdict

FACTS = {"turned": 90, "location": True, "from": "AdobeRGB (1998)", "news": "of another version"}


def test_the_verdict_tells_what_was_found_and_done(ctx, image):
    image.findings, image.size, image.alt_text = FACTS, 8_100_000, ""
    image.rendition("resize").size = 212_000
    with ctx.test_request_context(), force_locale("en"):
        assert verdict.in_words(image) == (
            "turned 90°, location removed, AdobeRGB (1998) to sRGB, 8.1 MB → 212 kB;"
            " no alternative text yet"
        )
        image.alt_text = "A harbour"
        assert verdict.lacking(image) == []
        image.status = ImageStatus.PENDING
        assert verdict.in_words(image) == ""


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (None, []),
        ({}, []),
        ({"location": False, "turned": 0}, []),
        ({"credit": True, "frames": None}, ["credit kept"]),
        ({"frames": 12}, ["12 frames kept"]),
        ({"frames": 12, "stilled": True}, ["first of 12 frames shown"]),
        ({"frames": "many"}, ["animated"]),
        ({"flattened": True, "exif_broken": True}, ["damaged camera data left out",
                                                    "transparency filled"]),
    ],
)  # fmt: skip
def test_each_fact_has_its_words(ctx, image, facts, words):
    image.findings, image.size = facts, 1
    with ctx.test_request_context(), force_locale("en"):
        assert verdict.done(image) == words


def test_the_verdict_is_on_the_page_and_in_the_list(client, log_in, image):
    log_in("viewer")
    image.findings, image.alt_text = FACTS | {"from": "<b>"}, ""
    db.session.commit()
    listed = client.get("/admin/image/").text
    assert "location removed, &lt;b&gt; to sRGB" in listed
    assert ">turned 90°</div>" in listed
    assert ">no alternative text yet</div>" not in listed  # a column of its own says it
    page = client.get(f"/admin/image/details/?id={image.id}").text
    assert "location removed</li>" in page
    assert "/admin/image/original" not in page
