"""The shop in a real browser: the viewer, explanations, what stands still, on every width."""

import re

import pytest
from playwright.sync_api import expect

from tests.accessibility import findings
from tests.unit.admin import shop
from tests.unit.admin.test_browser import look_over, looked_at, pytestmark, served

__all__ = ["pytestmark"]


@pytest.fixture(scope="session")
def shop_address(shop_site):
    with served(shop_site) as address:
        yield address


@pytest.fixture
def visit(browser, shop_address, shop_app):
    """Open a page of the shop as an editor; nothing may go wrong."""
    contexts, troubles = [], []

    def open_page(path, width=1440, theme="light", language="en", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            base_url=shop_address,
            **options,
        )
        cookies = {"who": "editor", "lang": language}
        context.add_cookies(
            [{"name": n, "value": v, "url": shop_address} for n, v in cookies.items()]
        )
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


@pytest.fixture
def many(shop_app):
    with shop_app.app_context():
        shop.fill(40)


@looked_at
def test_declared_lists_are_accessible_and_fit(visit, many, width, theme, language):
    page = visit("/admin/article/", width, theme, language)
    paths = ("/admin/article/?flt7_find_in=note:three", "/admin/shelf/", "/admin/article/",
             "/admin/article/details/?id=1")  # fmt: skip
    look_over(page, paths, width, theme, language)


def test_the_viewer_turns_by_keyboard_and_gives_the_focus_back(visit):
    page = visit("/admin/article/")
    viewer = page.get_by_role("dialog", name="Pictures")
    second = page.get_by_role("link", name="Look at: 运河边的老茶馆 3, 2")
    second.focus()
    page.keyboard.press("Enter")
    expect(viewer).to_be_visible()
    expect(viewer.locator("[data-viewer-words]")).to_have_text("运河边的老茶馆 3, 2 (2/2)")
    expect(viewer.get_by_role("img")).to_have_attribute("src", re.compile("/picture/900/1.svg$"))
    assert findings(page) == []
    page.keyboard.press("ArrowRight")
    expect(viewer.locator("[data-viewer-words]")).to_have_text("运河边的老茶馆 3, 1 (1/2)")
    viewer.get_by_role("button", name="Next picture").click()
    expect(viewer.locator("[data-viewer-words]")).to_have_text("运河边的老茶馆 3, 2 (2/2)")
    viewer.get_by_role("button", name="Previous picture").click()
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(page.get_by_role("link", name="Look at: 运河边的老茶馆 3, 1")).to_be_focused()


def test_the_viewer_goes_through_the_pictures_of_a_column(visit):
    page = visit("/admin/article/")
    page.get_by_role("link", name="Look at: Desk with two drawers and a lock 2", exact=True).click()
    viewer = page.get_by_role("dialog", name="Pictures")
    expect(viewer.locator("[data-viewer-words]")).to_contain_text("(2/2)")
    viewer.get_by_role("img").click()
    expect(viewer).to_have_class(re.compile("is-whole"))
    viewer.get_by_role("button", name="Close").click()
    expect(viewer).to_be_hidden()


def test_a_picture_that_does_not_come_says_so(visit, shop_app):
    page = visit("/admin/article/")
    page.route("**/picture/900/*", lambda route: route.fulfill(status=200, body="no picture"))
    page.locator("[data-view]").first.click()
    expect(page.get_by_text("This picture cannot be shown.")).to_be_visible()


def test_a_heading_explains_itself_by_keyboard(visit):
    page = visit("/admin/article/")
    page.get_by_role("button", name="What “Stock” means").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("How many are left.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("How many are left.")).to_be_hidden()


def top(locator):
    return round(locator.bounding_box()["y"])


def left(locator):
    return round(locator.bounding_box()["x"])


def test_in_a_wide_table_heading_and_name_stand_still(visit, many):
    page = visit("/admin/article/")
    box = page.locator(".table-box")
    expect(box).to_have_class(re.compile("is-wide"))
    heading = page.get_by_role("columnheader", name="Title")
    name = page.locator("td.cell-name").nth(5)
    row, at = top(name), top(heading)
    box.evaluate("box => box.scrollTo(400, 120)")
    assert left(name) == left(box) == left(heading)
    assert top(heading) == at
    assert top(name) == row - 120
    assert left(page.locator("td.cell-buttons").nth(5)) < 1440


def test_in_a_table_that_fits_the_heading_stands_below_the_bar(visit, shop_app):
    with shop_app.app_context():
        shop.db.session.add_all(shop.Shelf(title=f"Shelf {n}", position=n) for n in range(60))
        shop.db.session.commit()
    page = visit("/admin/shelf/?page_size=100")
    expect(page.locator(".table-box")).not_to_have_class(re.compile("is-wide"))
    heading = page.get_by_role("columnheader", name="Title")
    page.evaluate("scrollTo(0, 900)")
    bar = page.locator(".topbar").bounding_box()
    assert abs(top(heading) - bar["height"]) <= 1
    page.locator('input[name="rowid"]').nth(30).check()
    bulk = page.locator("#bulk").bounding_box()
    expect(page.locator("#bulk")).to_be_visible()
    assert abs(top(heading) - bar["height"] - bulk["height"]) <= 1


def test_a_small_screen_sorts_and_ticks_all_too(visit, many):
    page = visit("/admin/article/", width=390)
    page.get_by_role("link", name="Stock").click()
    expect(page).to_have_url(re.compile("sort=7"))
    page.get_by_label("Tick all rows on this page").check()
    expect(page.locator("#bulk")).to_be_visible()
    assert page.locator('input[name="rowid"]:not(:checked)').count() == 0
    assert page.locator("tbody .cell-tick input[disabled]:checked").count() == 0


def test_the_button_in_a_cell_asks_first(visit):
    page = visit("/admin/article/")
    page.get_by_role("button", name="Check").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Check “Lamp 1”?")
    page.get_by_role("dialog").get_by_role("button", name="Check").click()
    expect(page.get_by_role("status")).to_contain_text("Checked.")
