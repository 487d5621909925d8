"""The public face: the newest pictures, and their files, for anybody."""

import re

import pytest

from cms.extensions import db
from cms.media.models import Image
from tests import pictures
from tests.factories import make_picture

A_YEAR = 31_536_000


@pytest.fixture
def ready(ctx, run_jobs):
    """A picture with its renditions."""
    image = make_picture(pictures.jpeg(640, 480), "harbour.jpg")
    image.alt_text = "Boats in the morning"
    db.session.commit()
    run_jobs()
    db.session.refresh(image)
    return image


# The front page


def test_an_empty_site_says_so(client):
    assert "There is nothing here yet." in client.get("/").text


def test_the_front_page_shows_what_is_ready(client, ready):
    make_picture(filename="still waiting.jpg")
    db.session.commit()
    text = client.get("/").text
    shown = ready.rendition("width-640")

    assert f'src="/media/{shown.key}" width="{shown.width}" height="{shown.height}"' in text
    assert 'alt="Boats in the morning"' in text
    assert "<figcaption>harbour</figcaption>" in text
    assert "still waiting" not in text


def test_the_newest_come_first(client, ready, run_jobs):
    make_picture(filename="newer.jpg")
    db.session.commit()
    run_jobs()

    titles = re.findall("<figcaption>(.*?)</figcaption>", client.get("/").text)
    assert titles == ["newer", "harbour"]


def test_nothing_is_rendered_or_written_to_show_a_page(client, ready, ctx):
    def files():
        return sorted(ctx.config["CMS_SETTINGS"].data_dir.glob("files/**/*"))

    before = files()
    client.get("/")
    assert files() == before


# Files


def test_a_rendition_is_sent_whole_and_may_be_kept_for_ever(client, ready):
    for rendition in ready.renditions:
        answer = client.get(f"/media/{rendition.key}")
        assert answer.status_code == 200
        assert answer.mimetype == rendition.mime
        assert len(answer.data) == rendition.size
        assert answer.cache_control.public
        assert answer.cache_control.immutable
        assert answer.cache_control.max_age == A_YEAR
        assert not answer.headers.getlist("Set-Cookie")
        answer.close()


def test_a_rendition_can_do_nothing_in_the_browser(client, ready):
    answer = client.get(f"/media/{ready.renditions[0].key}")
    policy = [part.strip() for part in answer.headers["Content-Security-Policy"].split(";")]

    assert policy == ["default-src 'none'", "sandbox"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()


def test_a_browser_that_has_it_is_not_sent_it_again(client, ready):
    path = f"/media/{ready.renditions[0].key}"
    with client.get(path) as first:
        tag = first.headers["ETag"]
    with client.get(path, headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304
        assert again.data == b""


@pytest.mark.case(11)
def test_originals_are_sent_to_nobody(client, ready, log_in):
    log_in("administrator")
    assert client.get(f"/media/{ready.key}").status_code == 404
    name = ready.key.removeprefix("originals/")
    assert client.get(f"/media/renditions/{name}").status_code == 404
    assert client.get(f"/media/renditions/../{ready.key}").status_code == 404


@pytest.mark.parametrize(
    "key", ["", "renditions/", "renditions/x", "renditions/aa/../../secret_key", "renditions/%00",
            "renditions/aa/aa" + "a" * 30 + ".jpg", "secret_key", "../secret_key", "/etc/passwd"]
)  # fmt: skip
def test_what_is_no_rendition_is_not_found(client, key):
    assert client.get(f"/media/{key}").status_code in (308, 404)


@pytest.mark.case(12)
def test_the_files_of_a_deleted_picture_go_with_it(client, ready, log_in):
    log_in("editor")
    paths = [f"/media/{rendition.key}" for rendition in ready.renditions]
    client.post("/admin/image/delete/", data={"id": ready.id})

    assert db.session.query(Image).count() == 0
    assert [client.get(path).status_code for path in paths] == [404] * len(paths)


def test_the_icon_of_the_site_is_where_browsers_look(client):
    assert client.get("/favicon.ico").location == "/static/favicon.svg"
    with client.get("/static/favicon.svg") as answer:
        assert answer.mimetype == "image/svg+xml"
