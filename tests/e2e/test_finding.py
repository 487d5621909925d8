"""An editor finds pictures again: views, columns, chips, pages by number, keys, grid, news.

With `SCREENSHOTS=folder` the screens are kept there as pictures.
"""

import os
import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select, update

from cms.accounts.models import User
from cms.extensions import db
from cms.media import files
from cms.media.models import Image, ImageStatus
from cms.storage.keys import new_key
from cms.views.models import ListChoice, SavedView
from tests import pictures
from tests.processes import PASSWORD, Site

pytestmark = pytest.mark.e2e

ROW = "[data-rows] > [data-id]"

# What moves on the page, other than by a person's own doing.
SHIFTS = """window.shifts = [];
new PerformanceObserver((entries) => {
  for (const entry of entries.getEntries())
    if (!entry.hadRecentInput)
      shifts.push(entry.value, ...entry.sources.map((it) => it.node?.outerHTML?.slice(0, 120)));
}).observe({ type: "layout-shift", buffered: false });"""


def picture(number, owner, source=None):
    """A picture without a job: it stays as it is. Its file is `source`, or is missing."""
    title, key = f"Regatta {number:02}", new_key("originals", "jpg")
    if source:
        files.storage().save(key, source)
    kept = {"filename": f"{title}.jpg", "mime": "image/jpeg", "size": 9_000, "sha256": str(number)}
    return Image(title=title, key=key, width=300 + number, height=200, owner=owner, **kept)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of its own with sixty pictures."""
    site = Site(tmp_path_factory.mktemp("finding"))
    site.prepare("administrator", "editor", "viewer")
    source = tmp_path_factory.mktemp("source") / "regatta.jpg"
    source.write_bytes(pictures.jpeg(300, 200))
    with site.inside():
        owner = db.session.scalars(select(User).where(User.email == "editor@example.com")).one()
        db.session.add_all(picture(number, owner, source) for number in range(1, 61))
        db.session.commit()
    site.start_web()
    site.start_consumer()
    yield site
    site.close()


@pytest.fixture
def state(site):
    """Let pictures be in a state: `state("ready")` all, `state("failed", "Regatta 60")` one."""

    def go(value, title=None):
        with site.inside():
            change = update(Image).values(status=ImageStatus(value))
            db.session.execute(change.where(Image.title == title) if title else change)
            db.session.commit()

    return go


@pytest.fixture(autouse=True)
def afresh(site, state):
    """Nobody has chosen anything."""
    state("ready")
    with site.inside():
        for model in (ListChoice, SavedView):
            db.session.execute(delete(model))
        db.session.execute(update(User).values(shortcuts=True, locale=None))
        db.session.commit()


@pytest.fixture
def pictures_page(page, site, log_in):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    return page


@pytest.fixture
def keep(page):
    def go(name):
        if folder := os.environ.get("SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder, f"{name}.png"))

    return go


def asked(page):
    query = parse_qs(urlsplit(page.url).query)
    return {name: values[0] for name, values in query.items()}


def names(page):
    return page.locator(ROW).evaluate_all("rows => rows.map((row) => row.dataset.name)")


def headings(page):
    return [words.strip() for words in page.locator("thead th:not(.cell-tick)").all_inner_texts()]


@pytest.fixture
def in_language(page, site, log_in, request):
    """The list in one of the languages, and how words are called in it."""
    code, words = request.param
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    page.locator("details:has(button[name=locale]) summary").click()
    page.locator(f"button[value={code}]").click()
    expect(page.locator("html")).to_have_attribute("lang", code.replace("_", "-"))
    return page, words


ENGLISH = (
    "en",
    {
        "views": "Views",
        "save": "Save",
        "again": "Update it to what is shown now",
        "default": "Make it my default",
        "delete": "Delete",
        "whole": "The whole list",
        "rename": "Rename",
    },
)
CHINESE = (
    "zh_Hans_CN",
    {
        "views": "视图",
        "save": "保存",
        "again": "更新为当前显示",
        "default": "设为我的默认视图",
        "delete": "删除",
        "whole": "整个列表",
        "rename": "重命名",
    },
)


@pytest.mark.parametrize("in_language", [ENGLISH, CHINESE], indirect=True, ids=["en", "zh"])
def test_a_view_is_saved_changed_and_opened_by_default(in_language, site, axe, keep):
    page, words = in_language
    menu = page.locator("details.views")
    page.locator("input[type=search]").fill("regatta 1")
    page.locator("select[name$=mime_is]").select_option("image/jpeg")
    page.locator("form.search button").last.click()
    menu.locator("summary").click()
    axe()
    menu.locator("#view-name").fill("十 / Tens")
    menu.get_by_role("button", name=words["save"]).click()
    expect(menu.locator("summary")).to_contain_text("十 / Tens")
    expect(menu.locator(".views-changed")).to_have_count(0)

    page.locator(".chip a").last.click()
    expect(page.locator(".chip")).to_have_count(1)
    expect(menu.locator(".views-changed")).to_have_count(1)
    menu.locator("summary").click()
    keep(f"views-{words['views']}")
    axe()
    menu.get_by_role("button", name=words["again"]).click()
    expect(menu.locator(".views-changed")).to_have_count(0)

    menu.locator("summary").click()
    menu.get_by_role("button", name=words["default"]).click()
    page.goto(f"{site.url}/admin/image/")
    expect(menu.locator("summary")).to_contain_text("十 / Tens")
    assert asked(page)["search"] == "regatta 1"
    menu.locator("summary").click()
    menu.get_by_role("link", name=words["whole"]).click()
    expect(menu.locator("summary")).to_contain_text(words["views"])
    expect(page.locator(ROW)).to_have_count(25)

    menu.locator("summary").click()
    menu.get_by_role("link", name="十 / Tens").click()
    menu.locator("summary").click()
    menu.locator("#view-rename").fill("Tens")
    menu.get_by_role("button", name=words["rename"]).click()
    expect(menu.locator("summary")).to_contain_text("Tens")
    menu.locator("summary").click()
    menu.get_by_role("button", name=words["delete"]).click()
    page.locator("[data-confirm-yes]").click()
    expect(menu.locator("summary")).to_contain_text(words["views"])
    assert asked(page)["search"] == "regatta 1"  # what was shown is shown


def test_a_shared_view_is_in_the_menu_of_others(pictures_page, site, log_in):
    page, menu = pictures_page, pictures_page.locator("details.views")
    page.goto(f"{site.url}/admin/image/?search=60")
    menu.locator("summary").click()
    menu.locator("#view-name").fill("Sixty")
    menu.get_by_label("Shared with everybody who sees this list").check()
    menu.get_by_role("button", name="Save").click()
    expect(menu.locator("summary")).to_contain_text("Sixty")

    page.context.clear_cookies()
    log_in("viewer")
    page.goto(f"{site.url}/admin/image/")
    menu.locator("summary").click()
    expect(menu.get_by_label("Shared with everybody")).to_have_count(0)
    menu.get_by_role("link", name="Sixty").click()
    expect(page.locator(ROW)).to_have_count(1)
    menu.locator("summary").click()
    expect(menu.get_by_role("button", name="Delete")).to_have_count(0)


def test_columns_are_moved_by_keyboard_and_by_drag(pictures_page, axe, keep):
    page = pictures_page
    before = headings(page)
    panel = page.locator(".columns-panel")
    page.get_by_text("Columns", exact=True).click()
    axe()
    expect(panel.get_by_role("checkbox", name="Title")).to_be_disabled()
    panel.get_by_role("checkbox", name="Size").uncheck()
    panel.get_by_role("checkbox", name="File name").check()
    up = panel.get_by_role("button", name="Up: Status")
    up.focus()
    page.keyboard.press("Enter")
    expect(panel.locator("[data-columns-news]")).to_have_text("Status: 3 of 12")
    expect(up).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Enter")
    expect(up).to_be_disabled()
    expect(panel.get_by_role("button", name="Down: Status")).to_be_focused()
    grip = panel.locator("[data-column]", has_text="File name").locator("[data-column-grip]")
    grip.hover()
    page.mouse.down()
    panel.locator("[data-column]", has_text="Picture").hover(position={"x": 20, "y": 2})
    page.mouse.up()
    keep("columns")
    panel.get_by_role("button", name="Apply").click()
    wanted = [
        "Status",
        "File name",
        "Picture",
        "Title",
        "Alternative text",
        "Uploaded by",
        "Uploaded",
    ]
    expect(page.locator("thead th:not(.cell-tick)")).to_have_text([*wanted, "Buttons"])

    page.get_by_text("Columns", exact=True).click()
    panel.get_by_role("button", name="Reset").click()
    expect(page.locator("thead th:not(.cell-tick)")).to_have_text(before)


def test_the_page_size_is_remembered(pictures_page, site):
    page = pictures_page
    page.get_by_role("form", name="Rows on a page").get_by_role("button", name="50").click()
    expect(page.locator(ROW)).to_have_count(50)
    page.goto(f"{site.url}/admin/image/")
    expect(page.locator(ROW)).to_have_count(50)


def test_a_page_is_reached_by_its_number(pictures_page):
    page = pictures_page
    number = page.get_by_label("Number of the page")
    number.fill("3")
    number.press("Enter")
    expect(page.locator(ROW)).to_have_count(10)
    expect(number).to_have_value("3")
    number.fill("30")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(
        page.get_by_role("status").filter(has_text="There is no page 30. This is the last one")
    ).to_be_visible()
    expect(number).to_have_value("3")


def test_rows_by_keyboard(pictures_page, axe):
    page = pictures_page
    rows = page.locator(ROW)
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    for _ in range(12):
        page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(11)).to_be_focused()
    expect(rows.nth(11)).to_be_in_viewport(ratio=1)
    assert rows.nth(11).evaluate("row => getComputedStyle(row).outlineStyle") == "solid"
    axe()

    page.keyboard.press("x")
    expect(page.get_by_text("1 ticked")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("X")
    expect(page.get_by_text("4 ticked")).to_be_visible()
    page.get_by_label(f"Tick: {names(page)[17]}").click(modifiers=["Shift"])
    expect(page.get_by_text("7 ticked")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_text("6 ticked")).to_be_visible()

    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(r"/admin/image/edit/\?id="))
    page.go_back()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/admin/image/edit/\?id="))


def test_pages_and_fields_by_keyboard(pictures_page, axe, keep):
    page = pictures_page
    search = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("jjx?gfe")  # is typed, not obeyed
    expect(search).to_have_value("jjx?gfe")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("Escape")
    search.evaluate("it => it.blur()")

    page.keyboard.press("?")
    dialog = page.locator("dialog[open]")
    for words in ("Next row", "Upload", "Failed", "This row: Edit", "Search"):
        expect(dialog.get_by_text(words, exact=True)).to_be_visible()
    page.keyboard.press("j")  # nothing behind the dialog
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    axe()
    keep("keys")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Failed").hover()
    expect(page.locator('[data-keys="g f"]')).to_have_attribute("title", "Failed (g then f)")
    page.locator("[data-row-key=e]").first.hover()
    expect(page.locator("[data-row-key=e]").first).to_have_attribute("title", "Edit (e)")
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.wait_for_url("**tab=failed*")
    expect(page.get_by_text("No picture has failed.")).to_be_visible()
    page.keyboard.press("n")
    expect(page.locator(".uppy-Dashboard-inner")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_text("No picture has failed.")).to_be_attached()


def test_shortcuts_can_be_switched_off(pictures_page, site):
    page = pictures_page
    page.keyboard.press("?")
    page.get_by_role("button", name="Switch shortcuts off").click()
    expect(page.get_by_role("status").filter(has_text="Shortcuts are off.")).to_be_visible()
    for key in ("j", "?", "n", "/"):
        page.keyboard.press(key)
    expect(page.locator(f"{ROW}:focus, dialog[open], input:focus")).to_have_count(0)
    page.get_by_role("button", name="Keyboard").click()
    page.get_by_role("button", name="Switch shortcuts on").click()
    expect(page.get_by_role("status").filter(has_text="Shortcuts are on.")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("j")
    expect(page.locator(ROW).first).to_be_focused()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_grid_has_the_same_rows_ticks_and_buttons(pictures_page, site, axe, keep, width):
    page = pictures_page
    page.set_viewport_size({"width": width, "height": 900})
    before = names(page)
    page.get_by_role("button", name="Grid").click()
    expect(page.locator(".tile")).to_have_count(25)
    assert names(page) == before
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{site.url}/admin/image/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_label(f"Tick: {before[3]}").click(modifiers=["Shift"])
    expect(page.locator("#bulk")).to_contain_text("4 ticked")
    expect(page.locator(".tile").first.get_by_role("link", name="Edit")).to_be_visible()
    axe()
    keep(f"grid-{width}")
    page.get_by_role("link", name="Title", exact=True).click()
    expect(page.locator(".tile").first).to_contain_text("Regatta 01")
    page.get_by_role("button", name="Table").click()
    expect(page.locator("table.rows")).to_be_visible()
    assert asked(page)["sort"] == "1"


def lines(page, selector):
    """On how many lines these stand, by their lower ends."""
    boxes = [it.bounding_box() for it in page.locator(f"{selector}:visible").all()]
    return len({round(box["y"] + box["height"]) for box in boxes})


def test_what_stands_above_a_list_takes_one_line(pictures_page, site):
    page = pictures_page
    page.set_viewport_size({"width": 1440, "height": 900})
    assert lines(page, ".search :is(input, select, .ts-control, .btn)") == 1
    page.set_viewport_size({"width": 390, "height": 844})
    assert lines(page, ".page-buttons .btn") == 1


def test_on_a_small_screen_the_tip_of_a_heading_says_what_it_is(page, site, log_in, axe):
    page.set_viewport_size({"width": 390, "height": 844})
    log_in("editor")
    page.goto(f"{site.url}/admin/image_preset/")
    tip = page.get_by_role("button", name="What “Up to date” means")
    assert tip.bounding_box()["width"] > 100  # the words, not the mark alone
    axe()
    tip.click()
    expect(page.locator(".tip-words:popover-open")).to_be_visible()


@pytest.mark.parametrize("look", ["table", "grid"])
def test_rows_change_in_their_place(page, site, log_in, state, look):
    state("pending")
    log_in("editor")
    page.goto(f"{site.url}/admin/image/?look={look}")
    row = page.locator(ROW, has_text="Regatta 57")
    place, height = row.bounding_box(), page.evaluate("document.documentElement.scrollHeight")
    page.get_by_label("Tick: Regatta 57").check()
    page.get_by_role("link", name="Edit: Regatta 57").focus()
    ticked = row.bounding_box()  # the bar of what is ticked has come
    page.wait_for_load_state("networkidle")
    page.evaluate(SHIFTS)
    state("ready", "Regatta 57")
    expect(row).to_have_attribute("data-state", "ready", timeout=20_000)
    expect(page.locator("[data-live-news]")).to_have_text("Regatta 57: Ready")
    expect(page.get_by_label("Tick: Regatta 57")).to_be_checked()
    expect(page.get_by_role("link", name="Edit: Regatta 57")).to_be_focused()
    state("failed", "Regatta 58")
    expect(page.locator(ROW, has_text="Regatta 58")).to_have_attribute(
        "data-state", "failed", timeout=20_000
    )
    assert row.bounding_box() == ticked
    assert page.evaluate("shifts") == []
    assert place["width"] == ticked["width"]
    assert page.evaluate("document.documentElement.scrollHeight") >= height


# Answers in the server's place, and notes when it was asked and for what.
ASKED = """
window.asked = [];
window.answer = 200;
const ask = window.fetch;
window.fetch = async (address, ...rest) => {
  if (!String(address).includes("/image/status")) return ask(address, ...rest);
  const ids = new URL(address).searchParams.get("ids").split(",");
  asked.push({ at: Date.now(), ids });
  const rows = [...document.querySelectorAll("[data-rows] > [data-id]")];
  const marks = Object.fromEntries(rows.map((row) => [row.dataset.id, row.dataset.mark]));
  return new Response(JSON.stringify({ marks }), { status: answer });
};
Object.defineProperty(document, "hidden", { get: () => window.away === true });"""


def test_news_are_asked_for_less_and_less_and_never_for_a_hidden_page(page, site, log_in, state):
    state("pending")
    log_in("editor")
    page.clock.install()
    page.add_init_script(ASKED)
    page.goto(f"{site.url}/admin/image/")

    def waits(seconds):
        """Let time pass; return how long the page waited before each question, in seconds."""
        page.evaluate("asked.length = 0")
        page.clock.run_for(seconds * 1_000)
        times = [it["at"] for it in page.evaluate("asked")]
        return [round((later - earlier) / 1_000) for earlier, later in pairwise(times)]

    quiet = waits(120)
    assert [len(it["ids"]) for it in page.evaluate("asked")] == [25] * (len(quiet) + 1)
    assert quiet == sorted(quiet)
    assert quiet[0] <= 2
    assert quiet[-1] == 15

    page.evaluate("away = true; document.dispatchEvent(new Event('visibilitychange'))")
    assert waits(120) == []
    page.evaluate("away = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.evaluate("answer = 500")
    failing = waits(60)
    assert failing[0] == 2
    assert failing[-1] == 15
    assert len(failing) < len(quiet)


def test_a_day_is_one_of_the_calendar_that_the_page_shows(browser, site):
    with site.inside():
        change = update(Image).where(Image.title == "Regatta 07")
        db.session.execute(change.values(created_at=datetime(2026, 1, 1, 20, 0, tzinfo=UTC)))
        db.session.commit()
    with browser.new_context(timezone_id="Asia/Shanghai", locale="en-US") as context:
        page = context.new_page()
        page.goto(f"{site.url}/login")
        page.get_by_label("Email").fill("editor@example.com")
        page.locator("input[type=password]").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/admin/")
        for day, count in (("01", 0), ("02", 1)):
            days = f"flt0_created_at_since=2026-01-{day}&flt1_created_at_until=2026-01-{day}"
            page.goto(f"{site.url}/admin/image/?{days}")
            expect(page.locator(ROW)).to_have_count(count)
        expect(page.locator(ROW)).to_contain_text("Jan 2, 2026, 4:00\u202fAM")
