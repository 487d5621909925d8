"""The public face: the newest pictures, for anybody."""

import re

import pytest

from cms.extensions import db
from tests import pictures
from tests.factories import make_picture


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


def test_the_icon_of_the_site_is_where_browsers_look(client):
    assert client.get("/favicon.ico").location == "/static/favicon.svg"
    with client.get("/static/favicon.svg") as answer:
        assert answer.mimetype == "image/svg+xml"
