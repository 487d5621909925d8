"""People at their browsers, and what is kept of what they see."""

from __future__ import annotations

import io
from contextlib import contextmanager

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import CHROMIUM, QUIET
from tests.processes import PASSWORD

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
MARGIN = 24
MOST_BYTES = 80_000
# Every picture that is in sight has come; those that are not are fetched when they are.
SHOWN = """() => [...document.images].every((image) =>
  image.complete || !image.checkVisibility() || image.getBoundingClientRect().top > innerHeight)"""
COLOURS = (256, 192, 128, 96, 64)


class People:
    """Each in a browser of their own, logged in when they are first asked for."""

    def __init__(self, browser, site):
        self._browser, self.site = browser, site
        self._pages = {}

    def open(self, path, role="administrator", *, locale="en-US", theme="light", size=WIDE):
        """Open a page of the site as somebody; return the browser's page."""
        look = role, locale, theme, size["width"]
        if look not in self._pages:
            self._pages[look] = self._log_in(role, locale, theme, size)
        page = self._pages[look]
        page.set_viewport_size(size)
        page.goto(self.site.url + path)
        return page

    def _log_in(self, role, locale, theme, size):
        context = self._browser.new_context(
            locale=locale,
            color_scheme=theme,
            viewport=size,
            reduced_motion="reduce",
            timezone_id="UTC",
        )
        page = context.new_page()
        page.goto(f"{self.site.url}/login")
        page.locator("input[name=email]").fill(f"{role}@example.com")
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("form button[type=submit], form input[type=submit]").last.click()
        page.wait_for_url("**/admin/")
        return page


@contextmanager
def people(site):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield People(browser, site)
        browser.close()


def down_to(last, margin=MARGIN):
    """The page from its top to the lower edge of that element."""
    page = last.page
    last.wait_for()
    page.mouse.move(0, 0)
    _grow(page)
    box = last.bounding_box()
    page.set_viewport_size(
        {**page.viewport_size, "height": round(box["y"] + box["height"]) + margin}
    )
    page.evaluate("scrollTo(0, 0)")
    return page, None


def inside(last, margin=MARGIN):
    """What stands between the bars of the page and the lower edge of that element."""
    page = last.page
    last.wait_for()
    page.mouse.move(0, 0)
    _grow(page)
    main, box = page.locator("main").bounding_box(), last.bounding_box()
    height = box["y"] + box["height"] + margin - main["y"]
    return page, {**main, "height": height}


def around(part, margin=16):
    """One element, and a little of what is around it."""
    page = part.page
    part.wait_for()
    page.mouse.move(0, 0)
    _grow(page)
    box = part.bounding_box()
    return page, {
        "x": box["x"] - margin,
        "y": box["y"] - margin,
        "width": box["width"] + 2 * margin,
        "height": box["height"] + 2 * margin,
    }


def _grow(page):
    """Make the window as high as the page, so that nothing scrolls."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({**page.viewport_size, "height": max(height, 700)})


def taken(page, clip):
    """A page, or what lies within `clip` of it, as the bytes of a PNG of few colours."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function(SHOWN)
    page.evaluate("document.fonts.ready")
    seen = page.screenshot(animations="disabled", clip=clip)
    shown = Image.open(io.BytesIO(seen)).convert("RGB")
    for colours in COLOURS:
        file = io.BytesIO()
        shown.quantize(colours, kmeans=1).save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()
