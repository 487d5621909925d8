"""The frame of every screen: language, theme, and what a viewer is not shown."""

import pytest
from playwright.sync_api import expect

from tests.e2e.test_pictures import row

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def furnished(site):
    """The demo pictures."""
    site.flask("demo")
    return site


def test_the_language_is_chosen_and_remembered(page, furnished, log_in):
    log_in("viewer")
    for choice, heading in (("简体中文", "图片"), ("English", "Pictures")):
        page.goto(f"{furnished.url}/admin/image/")
        page.locator("details:has(button[name=locale]) summary").click()
        page.get_by_role("button", name=choice).click()
        expect(page.locator("h1")).to_have_text(heading)
        page.goto(f"{furnished.url}/admin/image/")
        expect(page.locator("h1")).to_have_text(heading)


def test_the_theme_follows_the_system_until_one_is_chosen(page, furnished):
    page.goto(f"{furnished.url}/login")
    for system in ("dark", "light"):
        page.emulate_media(color_scheme=system)
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", system)
    page.locator("[data-theme-menu] summary").click()
    page.locator("[data-theme-choice=dark]").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_viewer_sees_pictures_and_no_way_to_change_them(page, furnished, log_in):
    log_in("viewer")
    page.goto(f"{furnished.url}/admin/image/")
    expect(page.locator("tr[data-id]").first).to_be_visible()
    expect(page.locator("[data-upload-url], .row-buttons button")).to_have_count(0)
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    row(page, "Hills at dawn").first.locator("a.row-name").click()
    expect(page.locator("img.preview")).to_be_visible()
    expect(page.locator("nav a[href*='/admin/job/']")).to_have_count(0)
