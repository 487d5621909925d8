"""What orders the site, in a browser: trees and menus by keyboard and mouse, tags, redirects,
settings, documents; in both languages, and without a finding of axe."""

import io

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select, update

from cms.content import categories, menus
from cms.content.models import Category, Tag
from cms.extensions import db
from tests import documents
from tests.factories import make_article
from tests.processes import wait_for

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def furnished(site):
    """Some categories, tags and articles, and none of the categories of other tests."""
    with site.inside():
        db.session.execute(update(Category).values(parent_id=None))
        db.session.execute(delete(Category))
        menus.put(menus.get("main", "en"), [])
        travel = categories.create("Travel")
        categories.create("Asia", parent=travel)
        categories.create("Food")
        make_article(title="Harbour", tags=["sea", "ocean"])
        db.session.commit()
    return site


def outline(site):
    with site.inside():
        return [one.path for one in categories.in_order("en")]


def in_menu(site):
    with site.inside():
        found = menus.lines(menus.find("main", "en"))
        return [(line.level, line.item.label or str(line.thing)) for line in found]


def test_a_tree_is_put_in_order_by_keyboard_and_mouse(page, furnished, log_in, axe):
    site = furnished
    log_in("editor")
    page.goto(f"{site.url}/admin/category/")
    handle = page.get_by_role("button", name="Move: Food")
    handle.press("Alt+ArrowUp")
    wait_for(lambda: outline(site) == ["food", "travel", "travel/asia"], "Food to be first")
    expect(page.locator("tr[data-id] .row-name").first).to_have_text("Food")
    expect(handle).to_be_focused()
    page.get_by_role("button", name="Move: Travel").press("Alt+ArrowRight")
    wait_for(lambda: outline(site)[-1] == "food/travel/asia", "Travel to be below Food")
    expect(page.locator("tr", has_text="/en/categories/food/travel/asia")).to_be_visible()
    axe()
    box = page.get_by_role("button", name="Move: Asia").bounding_box()
    start = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*start)
    page.mouse.down()
    for part in range(1, 11):  # far to the left: out of all, behind Food
        page.mouse.move(start[0] - 8 * part, start[1] + 2, steps=2)
    page.mouse.up()
    wait_for(lambda: "asia" in outline(site), "Asia to be at the root")
    expect(page.locator("tr", has_text="/en/categories/asia")).to_be_visible()

    # Adding and deleting
    page.goto(f"{site.url}/admin/category/new/?language=en")
    axe()
    page.get_by_label("Title").fill("Europe")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/category/**")
    page.locator("tr", has_text="Europe").get_by_role("link", name="Delete").click()
    page.wait_for_url("**/remove**")
    expect(page.get_by_text("No article stands in it.")).to_be_visible()
    axe()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("“Europe” was deleted.")).to_be_visible()


def test_a_tag_becomes_another(page, furnished, log_in, axe):
    site = furnished
    log_in("editor")
    with site.inside():
        sea = db.session.scalars(select(Tag).where(Tag.slug == "sea")).one().id
    page.goto(f"{site.url}/admin/tag/")
    axe()
    page.goto(f"{site.url}/admin/tag/merge?id={sea}")
    axe()
    page.locator("#into").select_option(label="ocean", force=True)
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("“sea” is now “ocean”.")).to_be_visible()


def test_a_menu_is_put_together_by_keyboard(page, furnished, log_in, axe):
    site = furnished
    log_in("editor")
    page.goto(f"{site.url}/admin/menu/")
    axe()
    page.get_by_role("link", name="Edit: Main menu of the site, English").click()
    page.wait_for_url("**/menu/edit/**")
    page.locator("[data-menu-label]").fill("Shop")
    page.locator("[data-menu-address]").fill("https://shop.example/")
    # An Enter that chooses among the words of an input method adds nothing yet.
    composing = {"key": "Enter", "isComposing": True, "bubbles": True}
    page.locator("[data-menu-address]").dispatch_event("keydown", composing)
    expect(page.locator("li[data-line]")).to_have_count(0)
    page.locator("[data-menu-address]").press("Enter")
    page.locator(".menu-editor .ts-control").click()
    page.keyboard.type("Harb")
    page.get_by_role("option", name="Harbour · Article · Not live").click()
    page.locator('[data-menu-add="thing"]').click()
    page.get_by_role("button", name="Move: Harbour").press("Alt+ArrowRight")
    expect(page.locator("[data-menu-news]")).to_have_text("“Harbour” is line 2 of 2, on level 2.")
    page.get_by_role("button", name="Move: Shop").press("Alt+ArrowDown")
    axe()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The menu is saved.")).to_be_visible()
    expect(page.get_by_text("Not live: readers do not see this line")).to_be_visible()
    assert in_menu(site) == [(1, "Shop"), (2, "Harbour")]


def test_redirects_and_documents_are_added(page, furnished, log_in, axe):
    site = furnished
    log_in("editor")
    page.goto(f"{site.url}/admin/redirect/new/")
    page.get_by_label("Old address").fill("/a")
    page.get_by_label("Leads to").fill("/a")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This leads back to where it began.")).to_be_visible()
    axe()
    page.troubles.clear()  # the browser itself says that it was refused
    page.get_by_label("Leads to").fill("https://example.org/")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/redirect/#row-**")
    expect(page.locator("tr", has_text="https://example.org/")).to_be_visible()
    axe()

    page.goto(f"{site.url}/admin/document/")
    page.get_by_label("Upload as private").check()
    page.locator("[data-upload-url]").click()
    file = {
        "name": "Minutes of March.pdf",
        "mimeType": "application/pdf",
        "buffer": documents.pdf(),
    }
    page.locator(".uppy-Dashboard-input").first.set_input_files(file)
    row = page.locator("tr[data-id]", has_text="Minutes of March")
    expect(row.get_by_text("Ready")).to_be_visible(timeout=30_000)
    expect(row.get_by_text("Private")).to_be_visible()
    axe()
    row.get_by_role("link", name="Edit").click()
    page.wait_for_url("**/edit/**")
    expect(page.locator("img.preview")).to_be_visible()
    axe()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert io.BytesIO(download.value.path().read_bytes()).read(5) == b"%PDF-"


def test_the_same_screens_in_chinese(page, furnished, log_in, axe):
    log_in("administrator")
    page.locator("details:has(button[name=locale]) summary").click()
    page.get_by_role("button", name="简体中文").click()
    page.wait_for_load_state()
    for address, heading in (
        ("category/", "分类"),
        ("tag/", "标签"),
        ("menu/", "菜单"),
        ("menu/edit/?name=footer&language=zh_Hans_CN", "页脚（简体中文）"),
        ("redirect/", "重定向"),
        ("document/", "文档"),
        ("site-settings/", "站点设置"),
    ):
        page.goto(f"{furnished.url}/admin/{address}")
        expect(page.locator("h1")).to_have_text(heading)
        axe()
    page.get_by_label("网站名称（简体中文）").fill("港湾")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("保存成功。")).to_be_visible()
    page.locator("details:has(button[name=locale]) summary").click()
    page.get_by_role("button", name="English").click()
    page.wait_for_load_state()
