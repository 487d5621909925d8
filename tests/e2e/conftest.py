"""Browser tests: a real Chromium against a real web server and consumer."""

from __future__ import annotations

import os
from functools import wraps
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator

from tests.accessibility import findings
from tests.looking import NARROW, WIDE
from tests.processes import PASSWORD, running

# What a person does, or counts, only once a page is there.
ACTS = [
    "all",
    "all_inner_texts",
    "bounding_box",
    "check",
    "click",
    "count",
    "drag_to",
    "evaluate_all",
    "fill",
    "focus",
    "hover",
    "press",
    "press_sequentially",
    "select_option",
    "set_input_files",
    "uncheck",
]


def _once_loaded(act):
    @wraps(act)
    def go(locator, *args, **options):
        locator.page.wait_for_load_state()
        return act(locator, *args, **options)

    return go


@pytest.fixture(scope="session", autouse=True)
def _acts_wait_for_the_page():
    """Playwright acts on an element as soon as it is seen, which may be before the scripts of
    the page listen, and counts elements while they arrive: nobody is that fast, and a test that
    is fails now and then."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ACTS:
            patch.setattr(Locator, name, _once_loaded(getattr(Locator, name)))
        yield


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A running QsCMS on the embedded default, failed jobs retried after a second."""
    roles = ("administrator", "editor", "author", "viewer")
    with running(tmp_path_factory.mktemp("site"), *roles, CMS_JOB_RETRY_DELAY="1") as site:
        yield site


@pytest.fixture
def page(page):
    """A page that fails the test on any console error or CSP violation."""
    troubles = []
    page.on("console", lambda m: m.type in ("error", "warning") and troubles.append(m.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.troubles = troubles
    yield page
    assert troubles == []


@pytest.fixture
def log_in(page, site):
    """Log in with a role, and see the dashboard. The form is filled in once for each role of a
    site; afterwards its cookie is enough, which saves a page and the hashing of a password."""

    def go(role="editor"):
        page.context.add_cookies(site.cookies.get(role, []))
        page.goto(f"{site.url}/admin/")
        if urlsplit(page.url).path == "/admin/":
            return
        page.get_by_label("Email").or_(page.get_by_label("电子邮件")).fill(f"{role}@example.com")
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("form button[type=submit], form input[type=submit]").last.click()
        page.wait_for_url("**/admin/")
        site.cookies[role] = [it for it in page.context.cookies() if it["name"] == "session"]

    return go


@pytest.fixture
def axe(page):
    """Assert that the page as it is now has no accessibility finding."""

    def check():
        page.wait_for_load_state()  # or what is seen may not have its colours yet
        assert findings(page) == []

    return check


@pytest.fixture
def shot(page, request):
    """Keep a screenshot in the folder that `--output` names, to be looked at."""

    def take(name):
        folder = Path(request.config.getoption("--output"))
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)

    return take


@pytest.fixture
def keep(page):
    """Keep pictures of a page in every look, where `SCREENSHOTS` names a folder."""

    def go(name):
        if folder := os.environ.get("SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            for size, theme in product((WIDE, NARROW), ("light", "dark")):
                page.set_viewport_size(size)
                page.emulate_media(color_scheme=theme)
                path = Path(folder, f"{name}-{size['width']}-{theme}.png")
                page.screenshot(path=path, full_page=True)
            page.set_viewport_size(WIDE)
            page.emulate_media(color_scheme="light")

    return go
