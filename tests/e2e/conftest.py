"""Browser tests: a real Chromium against a real web server and consumer."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import CHROMIUM, QUIET
from tests.processes import PASSWORD, Site


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    if CHROMIUM is None:
        pytest.fail("no Chromium on this machine; `make test` installs it where it may")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(QUIET)}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A running QsCMS on the embedded default, failed jobs retried after a second."""
    site = Site(tmp_path_factory.mktemp("site"), CMS_JOB_RETRY_DELAY="1")
    site.prepare("administrator", "editor", "author", "viewer")
    site.start_web()
    site.start_consumer()
    yield site
    site.close()


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
    def go(role="editor", locale=None):
        page.goto(f"{site.url}/login")
        page.get_by_label("Email").or_(page.get_by_label("电子邮件")).fill(f"{role}@example.com")
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("form button[type=submit], form input[type=submit]").last.click()
        page.wait_for_url("**/admin/")

    return go


@pytest.fixture
def axe(page):
    """Assert that the page as it is now has no accessibility finding."""

    def check():
        page.wait_for_load_state()  # or what is seen may not have its colours yet
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()

    return check


@pytest.fixture
def shot(page, request):
    """Keep a screenshot in the folder that `--output` names, to be looked at."""

    def take(name):
        folder = Path(request.config.getoption("--output"))
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)

    return take
