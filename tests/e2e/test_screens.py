"""Every screen, as each role sees it: both languages, both themes, wide and narrow.

With `SCREENSHOTS=folder` the screens are kept there as pictures.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.e2e.test_pictures import drop, row

pytestmark = pytest.mark.e2e

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS = {
    "wide": {"locale": "en-US", "color_scheme": "light", "viewport": WIDE},
    "dark": {"locale": "zh-CN", "color_scheme": "dark", "viewport": WIDE},
    "narrow": {"locale": "zh-CN", "color_scheme": "light", "viewport": NARROW},
}

SCREENS = {
    "dashboard": "/admin/",
    "pictures": "/admin/image/",
    "pictures-failed": "/admin/image/?tab=failed",
    "picture": "/admin/image/edit/?id=1",
    "jobs": "/admin/job/",
    "notifications": "/admin/notification/",
    "notifications-resolved": "/admin/notification/?tab=resolved",
    "notification": "/admin/notification/details/?id=1",
    "queue": "/admin/queue/",
    "workers": "/admin/worker/",
    "mail": "/admin/mail/",
    "webhooks": "/admin/webhook/",
    "webhook-new": "/admin/webhook/new/",
    "webhook-calls": "/admin/webhook_delivery/",
    "password": "/change",
    "home": "/",
}


@pytest.fixture
def browser_context_args(browser_context_args, request):
    look = getattr(request, "param", "wide")
    return {**browser_context_args, **LOOKS[look]}


def seen(*looks):
    """Show the pages of a test in these looks, rather than wide, light and in English."""
    return pytest.mark.parametrize("browser_context_args", looks, indirect=True)


@pytest.fixture(scope="module")
def furnished(site):
    """The demo pictures, ready, and one that has failed."""
    site.flask("demo")
    return site


@pytest.fixture
def keep(page, request):
    def screenshot(name):
        if folder := os.environ.get("SCREENSHOTS"):
            look = request.node.callspec.params["browser_context_args"]
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder, f"{name}-{look}.png"), full_page=look == "narrow")

    return screenshot


@seen(*LOOKS)
def test_every_screen_is_sound_and_accessible(page, furnished, log_in, axe, keep):
    page.goto(f"{furnished.url}/login")
    axe()
    keep("login")
    log_in("administrator")
    page.goto(f"{furnished.url}/admin/image/")
    drop(page, pictures.truncated_jpeg(), "Regatta.jpg")
    expect(row(page, "Regatta").first).to_have_attribute("data-state", "failed", timeout=30_000)
    for name, address in SCREENS.items():
        page.goto(furnished.url + address)
        expect(page.locator("h1")).to_have_count(1)
        axe()
        keep(name)
    page.goto(f"{furnished.url}/admin/job/?tab=failed")
    page.locator("tr[data-id] a.row-name").first.click()
    axe()
    keep("job")


@seen("narrow")
def test_nothing_is_wider_than_the_screen(page, furnished, log_in):
    log_in("administrator")
    for address in SCREENS.values():
        page.goto(furnished.url + address)
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), address


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
    row(page, "Harbour at dawn").first.locator("a.row-name").click()
    expect(page.locator("img.preview")).to_be_visible()
    expect(page.locator("nav a[href*='/admin/job/']")).to_have_count(0)
