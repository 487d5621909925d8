"""Presets in a browser: one is added and its files are made; a picture has a placeholder."""

import pytest
from playwright.sync_api import expect

from cms.content import addresses
from cms.content.models import Article
from cms.editorial import content
from cms.extensions import db
from cms.media.models import Image
from tests import pictures
from tests.factories import make_picture, make_user
from tests.processes import wait_for

pytestmark = pytest.mark.e2e

TINY = "data:image/gif;base64,R0lGODlhAQABAIAAAP8AAAAAACwAAAAAAQABAAACAkQBADs="


@pytest.fixture
def picture(site):
    """The id of a picture that is ready and has a placeholder."""

    def is_ready():
        with site.inside():
            return db.session.get_one(Image, number).processed_at

    with site.inside():
        image = make_picture(pictures.jpeg(900, 600), "harbour.jpg")
        db.session.commit()
        number = image.id
    wait_for(is_ready, "the picture to be ready")
    with site.inside():
        db.session.get_one(Image, number).placeholder = TINY
        db.session.commit()
    return number


def test_a_preset_is_added_and_its_files_are_made(page, site, log_in, axe, picture):
    log_in("administrator")
    page.goto(f"{site.url}/admin/image_preset/")
    axe()
    page.get_by_role("link", name="Add").click()
    axe()
    page.locator("#name").fill("card")
    page.get_by_label("Shape").select_option("Cut around the focal point")
    page.locator("#width").fill("400")
    page.locator("#height").fill("300")
    page.get_by_label("As uploaded").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".notice").get_by_role("link", name="Make files again").click()
    axe()
    expect(page.locator("#preset")).to_have_value("card")
    page.get_by_label("Also what is up to date").check()
    page.wait_for_url("**all=1*")
    page.get_by_role("button", name="Begin").click()

    expect(page.locator(".job-line", has_text="Done")).to_be_visible()
    axe()
    with site.inside():
        assert db.session.get_one(Image, picture).rendition("card").width == 400


def test_a_placeholder_is_shown_until_the_picture_is_there(page, site, picture):
    with site.inside():
        by = make_user("editor")
        shown = f'<p>Calm.</p><figure><img data-picture="{picture}" alt=""></figure>'
        article = content.create(Article, by, title="At the harbour", body=shown)
        content.take(article, "publish", by)
        address = addresses.of(article)
        db.session.commit()
    held = []
    page.route("**/media/**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    page.goto(site.url + address, wait_until="domcontentloaded")
    image = page.locator(f'img[data-placeholder="{TINY}"]').first
    expect(image).to_have_css("background-image", f'url("{TINY}")')
    for route in held:
        route.continue_()
    expect(image).to_have_css("background-image", "none")
