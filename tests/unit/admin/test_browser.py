"""The toy application in a real browser: what only a browser can show."""

import re
import threading
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import expect

from tests.accessibility import COLOURS, findings
from tests.processes import wait_for
from tests.unit.admin import toy

VENDORED = Path(toy.TOP, "static", "vendor", "tabler.min.css")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not VENDORED.is_file(), reason="static/vendor is empty"),
]


class Server(ThreadingMixIn, WSGIServer):
    """Unlike Werkzeug's, it closes what it sends also when the browser has gone away."""


class Quiet(WSGIRequestHandler):
    """Keeps no log of requests."""

    def log_message(self, *words):
        pass


@contextmanager
def served(app):
    """Serve an application; its address."""
    server = make_server("127.0.0.1", 0, app, Server, Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def address(toy_site):
    with served(toy_site) as address:
        yield address


@pytest.fixture
def visit(browser, address, toy_app):
    """Open a path as an editor: `visit("/admin/photo/", width=390)`; nothing may go wrong."""
    contexts, troubles = [], []

    def open_page(path, width=1440, theme="light", language="en"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, base_url=address
        )
        cookies = {"who": "editor", "lang": language}
        context.add_cookies([{"name": n, "value": v, "url": address} for n, v in cookies.items()])
        page = context.new_page()
        page.on("console", lambda m: troubles.append(m.text) if m.type != "log" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(path)
        contexts.append(context)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


OTHER = {"light": "dark", "dark": "light"}
# Colours are those of both languages, and are looked at in one.
looked_at = pytest.mark.parametrize(
    ("width", "theme", "language"),
    [(1440, "light", "en"), (390, "dark", "en"), (390, "light", "zh_Hans_CN")],
)


def look_over(page, paths, width, theme, language):
    for path in paths:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.goto(path)
        assert page.locator("html").get_attribute("data-bs-theme") == theme
        assert findings(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if language == "en":
            page.emulate_media(color_scheme=OTHER[theme], reduced_motion="reduce")
            assert findings(page, COLOURS) == [], path
        else:
            page.set_viewport_size({"width": 1440, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= 1440
            page.set_viewport_size({"width": width, "height": 900})


@looked_at
def test_pages_are_accessible_and_fit(visit, width, theme, language):
    page = visit("/admin/", width, theme, language)
    paths = ("/admin/", "/admin/photo/", "/admin/photo/?search=zzz", "/admin/photo/new/",
             "/admin/photo/edit/?id=1", "/admin/photo/details/?id=1")  # fmt: skip
    look_over(page, paths, width, theme, language)


def test_delete_asks_first(visit, photo):
    page = visit("/admin/photo/")
    page.get_by_role("button", name="Delete: Harbour").click()
    expect(page.get_by_role("dialog")).to_contain_text("Delete “Harbour”?")
    page.keyboard.press("Escape")
    expect(page.locator("tr[data-id]")).to_have_count(3)
    page.get_by_role("button", name="Delete: Harbour").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("tr[data-id]")).to_have_count(2)
    assert photo(1) is None


def test_bulk_actions(visit, photo):
    page = visit("/admin/photo/")
    expect(page.locator("#bulk")).to_be_hidden()
    page.get_by_label("Tick: Broken").check()
    page.get_by_label("Tick: Harbour").click(modifiers=["Shift"])
    expect(page.locator("#bulk")).to_contain_text("3 ticked")
    page.locator("#bulk").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".empty")).to_be_visible()
    assert [photo(n) for n in (1, 2, 3)] == [None] * 3


def test_without_scripts_nothing_is_deleted_unasked(browser, address, toy_app):
    context = browser.new_context(java_script_enabled=False, base_url=address)
    context.add_cookies([{"name": "who", "value": "editor", "url": address}])
    page = context.new_page()
    page.goto("/admin/photo/")
    expect(page.get_by_role("button", name="Delete: Harbour")).to_be_disabled()
    page.get_by_role("button", name="Retry: Broken").click()
    expect(page.locator('tr[data-id="3"]')).to_have_attribute("data-state", "pending")
    context.close()


def test_rows_turn_ready_by_themselves(visit, toy_app):
    def to(status):
        with toy_app.app_context():
            toy.db.session.get(toy.Photo, 1).status = status
            toy.db.session.commit()

    to(toy.Status.PROCESSING)
    page = visit("/admin/photo/")
    page.get_by_label("Tick: Harbour").check()
    page.get_by_role("button", name="Delete: Harbour").focus()
    to(toy.Status.READY)
    expect(page.locator('tr[data-id="1"]')).to_have_attribute("data-state", "ready", timeout=9000)
    expect(page.get_by_label("Tick: Harbour")).to_be_checked()
    expect(page.get_by_role("button", name="Delete: Harbour")).to_be_focused()
    expect(page.locator("[data-live-news]")).to_have_text("Harbour: Ready")
    page.get_by_role("button", name="Delete: Harbour").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_slow_answer_overwrites_no_newer_one(visit, toy_app):
    page, held, rows = visit("/admin/photo/"), [], re.compile("part=rows")
    page.route(rows, lambda route: held.append((route, route.fetch())), times=1)
    news = "document.dispatchEvent(new Event('list:refresh'))"
    page.evaluate(news)
    wait_for(lambda: page.wait_for_timeout(20) or held, "the slow one to be asked for")
    with toy_app.app_context():
        toy.db.session.add(toy.Photo(title="Newest"))
        toy.db.session.commit()
    page.evaluate(news)
    expect(page.locator("tr[data-id]")).to_have_count(4)
    (route, answer), *_ = held
    with page.expect_event("requestfinished"):
        route.fulfill(response=answer)
    page.wait_for_timeout(200)  # for what must not come
    expect(page.locator("tr[data-id]")).to_have_count(4)


def test_new_rows_come_when_another_script_says_so(visit, toy_app):
    page = visit("/admin/photo/")
    with toy_app.app_context():
        toy.db.session.add(toy.Photo(title="Newest", status=toy.Status.PENDING))
        toy.db.session.commit()
    page.evaluate("document.dispatchEvent(new Event('list:refresh'))")
    expect(page.locator("tr[data-id]").first).to_have_attribute("data-name", "Newest")
    expect(page.locator("tr[data-id]")).to_have_count(4)
    expect(page.locator(".tab-count").first).to_have_text("4")
    page.evaluate(
        "detail => document.dispatchEvent(new CustomEvent('list:say', { detail }))",
        {"words": "Taken.", "tone": "success"},
    )
    expect(page.get_by_role("status")).to_have_text("Taken.")


def test_theme_and_menu_are_remembered(visit):
    page = visit("/admin/", theme="dark")
    page.get_by_label("Appearance").click()
    page.get_by_role("button", name="Light").click()
    page.get_by_role("button", name="Collapse menu").click()
    page.reload()
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    expect(root).to_have_attribute("data-menu", "narrow")
    page.get_by_label("Appearance").click()
    page.get_by_role("button", name="Like the system").click()
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_language_stays_on_the_page(visit):
    page = visit("/admin/photo/?tab=failed")
    page.get_by_label("Language").click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans-CN")
    assert page.url.endswith("/admin/photo/?tab=failed")


def test_the_menu_on_a_small_screen(visit):
    page = visit("/admin/photo/", width=390)
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu).to_be_hidden()
    page.get_by_label("Open menu").click()
    expect(menu.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.get_by_label("Open menu")).to_be_focused()
    page.get_by_label("Open menu").click()
    page.set_viewport_size({"width": 1024, "height": 768})  # turned
    page.get_by_label("Appearance").click()
    expect(page.get_by_role("button", name="Light")).to_be_visible()


def test_rows_of_a_related_kind(visit):
    page = visit("/admin/photo/edit/?id=1")
    page.get_by_role("button", name="Add Remarks").click()
    page.get_by_label("Words").fill("fine")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/admin/photo/edit/?id=1")
    expect(page.get_by_label("Words")).to_have_value("fine")


def test_a_relation_is_searched_and_chosen_with_the_keyboard(visit, photo):
    page = visit("/admin/photo/edit/?id=1")
    expect(page.locator("select.tomselected")).to_be_attached()  # until then a plain one
    field = page.get_by_role("combobox", name="Owner")
    field.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type("li@")
    expect(page.locator(".ts-dropdown [role=option]")).to_have_text(["li@example.org"])
    assert findings(page) == []
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("tr[data-id]").first).to_be_visible()
    assert photo(1)["owner_id"] == 2


def test_without_scripts_a_relation_is_a_plain_choice(browser, address, toy_app, photo):
    context = browser.new_context(java_script_enabled=False, base_url=address)
    context.add_cookies([{"name": "who", "value": "editor", "url": address}])
    page = context.new_page()
    page.goto("/admin/photo/edit/?id=1")
    page.get_by_label("Owner").select_option("li@example.org")
    page.get_by_role("button", name="Save", exact=True).click()
    assert photo(1)["owner_id"] == 2
    context.close()
