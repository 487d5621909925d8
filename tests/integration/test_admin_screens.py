"""The real screens: complete, in both languages, inert, and quick at any length."""

import re

import pytest

from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus, Rendition
from cms.notifications import services as notifications
from cms.notifications.models import AdminNotification
from tests import pictures
from tests.factories import form_file, make_picture
from tests.queries import statements
from tests.toy_tasks import ToyError

EVIL = '"><img src=x onerror=alert(1)>'
LISTS = ("/admin/", "/admin/image/", "/admin/job/", "/admin/notification/?tab=all")
CHINESE = {"Accept-Language": "zh-CN"}


@pytest.fixture
def filled(ctx):
    """Add pictures in every state, each with a failed job and its notification."""

    def go(number, title="Harbour", error=None):
        for index in range(number):
            image = make_picture(filename=f"{title[:200]}.jpg")
            image.title = image.alt_text = title
            image.status = [*ImageStatus][index % len(ImageStatus)]
            image.renditions = [
                rendition(image, "resize"),
                rendition(image, "thumbnail"),
            ]
            job = db.session.query(Job).filter_by(subject_id=str(image.id)).one()
            job.state = JobState.FAILED
            # Of a class of its own, so that each has a notification of its own.
            why = error or type(f"Toy{image.id}", (ToyError,), {})(name=title)
            for thing in (image, job):
                thing.sentence, thing.facts = why.sentence, why.facts
            notifications.job_failed(job, why)
        db.session.commit()
        return image

    return go


def rendition(image, name):
    return Rendition(
        preset=name,
        format="jpeg",
        recipe="",
        key=f"{image.key}-{name}",
        mime="image/jpeg",
        width=8,
        height=6,
        size=1,
    )


@pytest.fixture
def queries(ctx):
    """Collect the SQL of what is done inside: `with queries() as sql: …`."""
    return statements


# Quick


def test_the_queries_of_a_screen_do_not_grow_with_its_rows(client, log_in, filled, queries):
    log_in("administrator")
    paths = ["/", *LISTS, "/admin/image/?tab=failed", "/admin/image/?part=rows"]
    paths = [path + ("&" if "?" in path else "?") + "page_size=100" for path in paths]

    def measure():
        found = {}
        for path in paths:
            client.get(path)  # what is asked once a process is asked now
            with queries() as sql:
                answer = client.get(path)
            assert answer.status_code == 200
            found[path] = len(sql), answer.text.count(" data-id=")
        return found

    filled(10)
    short = measure()
    filled(90)
    long = measure()

    assert {path: count for path, (count, _rows) in long.items()} == {
        path: count for path, (count, _rows) in short.items()
    }
    assert max(count for count, _rows in long.values()) <= 17
    assert [long[path][1] for path in paths] == [0, 0, 100, 100, 100, 24, 100]


def test_a_list_shows_nothing_but_what_is_in_the_database(client, log_in, filled, ctx):
    log_in("administrator")
    filled(4)
    for path in ctx.config["CMS_SETTINGS"].data_dir.glob("files/originals/**/*.jpg"):
        path.unlink()

    for path in LISTS:
        assert client.get(path).status_code == 200


# Inert


@pytest.mark.case(36)
@pytest.mark.parametrize(
    "path",
    ["/admin/", "/admin/image/", "/admin/image/?part=rows", "/admin/image/edit/?id={image}",
     "/admin/job/", "/admin/job/details/?id={job}", "/admin/notification/",
     "/admin/image/?search=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
     "/admin/image/?tab=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
     "/login?next=/%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"],
)  # fmt: skip
def test_markup_is_shown_and_never_run(client, log_in, filled, path):
    image = filled(4, title=EVIL, error=ToyError(name=EVIL))
    ready = db.session.query(Image).filter_by(status=ImageStatus.READY).one()
    ready.filename = f"{EVIL}.jpg"
    job = db.session.query(Job).filter_by(subject_id=str(image.id)).one()
    db.session.commit()
    if not path.startswith("/login"):
        log_in("administrator")
    answer = client.get(path.format(image=image.id, job=job.id))

    assert answer.status_code == 200
    assert "<img src=x" not in answer.text
    if "tab=" not in path and "next=" not in path:
        assert "&lt;img src=x" in answer.text


@pytest.mark.case(36)
def test_markup_in_what_is_flashed_is_inert(client, log_in, filled):
    log_in("administrator")
    image = filled(4, title=EVIL)
    image.status = ImageStatus.FAILED
    db.session.commit()
    retried = client.post("/admin/image/retry", data={"id": image.id}, follow_redirects=True)
    form = {"file": form_file(pictures.text_file(), "<img src=x onerror=alert(1)>.jpg")}
    refused = client.post("/admin/image/upload", data=form, follow_redirects=True)
    ignored = client.get("/admin/image/?flt0_created_at_since=<img src=x onerror=alert(1)>")

    for answer in (retried, refused, ignored):
        assert "<img src=x" not in answer.text
    assert "&lt;img src=x onerror=alert(1)&gt;.jpg: " in refused.text


@pytest.mark.case(36)
def test_markup_in_an_answer_to_a_script_is_a_string(client, log_in):
    log_in("administrator")
    form = {"file": form_file(pictures.text_file(), "<img src=x onerror=alert(1)>.jpg")}
    answer = client.post("/admin/image/upload", data=form, headers={"Accept": "application/json"})

    assert answer.mimetype == "application/json"
    assert answer.json["errors"][0]["filename"] == "<img src=x onerror=alert(1)>.jpg"


# In both languages


@pytest.mark.parametrize("path", [*LISTS, "/admin/image/edit/?id={image}", "/login", "/change"])
def test_every_screen_is_there_in_both_languages(client, log_in, filled, path):
    image = filled(4)
    if path != "/login":
        log_in("administrator")
    english = client.get(path.format(image=image.id))
    chinese = client.get(path.format(image=image.id), headers=CHINESE)

    for answer, language in ((english, "en"), (chinese, "zh-Hans-CN")):
        assert answer.status_code == 200
        assert f'<html lang="{language}"' in answer.text
        assert answer.text.count("<h1") == 1
        assert "<main" in answer.text
    heading = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
    assert not re.search("[\u4e00-\u9fff]", heading.search(english.text)[1])
    if "edit" not in path:
        assert re.search("[\u4e00-\u9fff]", heading.search(chinese.text)[1])


@pytest.mark.parametrize(
    ("path", "whence"),
    [
        ("/admin/image/trash/", "image"),
        ("/admin/alt-text/", "library"),
        ("/admin/selection/", "job"),
    ],
)
def test_the_menu_marks_whence_a_page_is_reached_that_it_does_not_offer(
    client, log_in, path, whence
):
    log_in("administrator")
    marked = re.findall(r'side-link is-here" href="([^"]+)"', client.get(path).text)
    assert marked == [f"/admin/{whence}/"]


def test_why_something_failed_is_told_in_the_readers_language(client, log_in, run_jobs, ctx):
    log_in("administrator")
    image = make_picture(pictures.truncated_jpeg())
    db.session.commit()
    run_jobs(hours=1)
    db.session.refresh(image)
    told = db.session.query(AdminNotification).one()
    assert told.message == image.sentence % (image.facts or {})

    for path in ("/admin/image/", "/admin/job/", "/admin/notification/"):
        assert told.message in client.get(path).text
        assert told.message not in client.get(path, headers=CHINESE).text


# Two editors


@pytest.mark.case(39)
def test_the_second_to_save_sees_the_difference_and_chooses(client, log_in, ctx):
    log_in("editor")
    image = make_picture()
    db.session.commit()
    path = f"/admin/image/edit/?id={image.id}"
    seen = re.search(r'name="_seen" value="([0-9a-f]+)"', client.get(path).text)[1]
    client.post(path, data={"title": "Hers", "_seen": seen})
    answer = client.post(path, data={"title": "His", "_seen": seen})

    assert answer.status_code == 422
    assert "Somebody else saved this in the meantime." in answer.text
    assert 'value="His"' in answer.text
    assert "Hers" in answer.text
    db.session.refresh(image)
    assert image.title == "Hers"
    seen = re.search(r'name="_seen" value="([0-9a-f]+)"', answer.text)[1]
    assert client.post(path, data={"title": "His", "_seen": seen}).status_code == 302
    db.session.refresh(image)
    assert image.title == "His"


@pytest.mark.case(39)
def test_who_mends_a_mistake_is_still_told_that_somebody_else_has_saved(client, log_in, ctx):
    log_in("editor")
    image = make_picture()
    db.session.commit()
    path = f"/admin/image/edit/?id={image.id}"
    seen = hidden(client.get(path).text)
    client.post(path, data={"title": "Hers", **seen})
    wrong = client.post(path, data={"title": "x" * 5000, **seen})
    assert wrong.status_code == 422
    assert hidden(wrong.text) == seen
    mended = client.post(path, data={"title": "His", **hidden(wrong.text)})
    assert "Somebody else saved this in the meantime." in mended.text
    db.session.refresh(image)
    assert image.title == "Hers"


def hidden(page):
    return dict(re.findall(r'name="(_seen|_seen_fields)" value="([^"]+)"', page))


def taken(page):
    """The side that is taken of each field, unless the editor says otherwise."""
    return dict(re.findall(r'name="_choice-(\w+)" value="(\w+)" checked', page))


@pytest.mark.case(39)
def test_a_side_is_chosen_for_each_field(client, log_in, ctx):
    user = log_in("editor")
    image = make_picture()
    db.session.commit()
    path = f"/admin/image/edit/?id={image.id}"
    seen = hidden(client.get(path).text)
    client.post(path, data={"title": "Hers", "alt_text": "Boats at dawn", **seen})
    mine = {"title": "His", "alt_text": "", "focal_x": "20"}
    page = client.post(path, data={**mine, **seen}).text

    assert taken(page) == {"title": "mine", "alt_text": "theirs"}, "nobody else moved the point"
    assert f"Saved by {user.email}, " in page
    assert "<del>" in page
    assert "<ins>" in page
    chosen = {"_choice-title": "theirs", "_choice-alt_text": "mine"}
    assert client.post(path, data={**mine, **hidden(page), **chosen}).status_code == 302
    db.session.refresh(image)
    assert (image.title, image.alt_text, image.focal_x) == ("Hers", "", 0.2)


def test_where_both_have_changed_it_alike_there_is_nothing_to_choose(client, log_in, ctx):
    log_in("editor")
    image = make_picture()
    db.session.commit()
    path = f"/admin/image/edit/?id={image.id}"
    seen = hidden(client.get(path).text)
    for text in ("", "Boats"):
        form = {"title": "Pier", "alt_text": text, **seen}
        assert client.post(path, data=form).status_code == 302
    db.session.refresh(image)
    assert (image.title, image.alt_text) == ("Pier", "Boats")


# The image list


def test_tabs_count_and_narrow(client, log_in, filled):
    log_in("editor")
    filled(4)
    for status in ImageStatus:
        page = client.get(f"/admin/image/?tab={status.value}").text
        assert page.count("data-id=") == 1
        assert f'data-state="{status.value}"' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [("search=har", 1), ("search=PIER", 1), ("search=nothing", 0), ("search=%25", 0),
     ("search=_", 0), ("search=码头", 1), ("flt0_mime_is=image/gif", 0)],
)  # fmt: skip
def test_searching(client, log_in, filled, query, found):
    log_in("editor")
    for title in ("Harbour", "Pier 码头"):
        filled(1, title=title)

    assert client.get(f"/admin/image/?{query}").text.count("data-id=") == found


def test_a_title_is_wanted_and_not_endless(client, log_in, ctx):
    log_in("editor")
    image = make_picture()
    db.session.commit()
    path = f"/admin/image/edit/?id={image.id}"
    for title in ("", "   ", "x" * 256):
        answer = client.post(path, data={"title": title})
        assert answer.status_code == 422, title
        assert 'aria-invalid="true"' in answer.text

    assert client.post(path, data={"title": "照" * 255, "alt_text": "片" * 500}).status_code == 302
    db.session.refresh(image)
    assert (image.title, image.alt_text) == ("照" * 255, "片" * 500)
