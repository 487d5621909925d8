"""An editor's day, from twenty pictures that are dropped to a file that comes back with
mistakes: in English, light and wide; in Chinese, dark and narrow; and by the keyboard alone.

On the way no page has an accessibility finding or is wider than the screen, and `page` fails
on any console error or CSP violation. With `SCREENSHOTS=folder` the pages are kept there.
"""

import csv
import io
import os
import re
from base64 import b64encode
from gettext import NullTranslations, translation
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select, update

from cms.accounts.models import User
from cms.extensions import db
from cms.media import presets
from cms.media.models import Image, ImagePreset, ImageStatus
from tests import pictures
from tests.e2e.test_exchange import as_csv
from tests.e2e.test_finding import picture
from tests.e2e.test_two_editors import enter
from tests.e2e.test_two_editors import save as save_in_english
from tests.e2e.test_uploads import SEND, jpeg
from tests.factories import make_picture
from tests.processes import PASSWORD, TOP, Site, wait_for

pytestmark = pytest.mark.e2e

LONG = {"timeout": 60_000}  # for what jobs do
MANY, QUAYS = 500, 10
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS = {
    "en": {"locale": "en-US", "color_scheme": "light", "viewport": WIDE},
    "zh_Hans_CN": {"locale": "zh-CN", "color_scheme": "dark", "viewport": NARROW},
}
ROW = "[data-rows] > [data-id]"


@pytest.fixture(params=LOOKS)
def look(request):
    return request.param


@pytest.fixture
def browser_context_args(browser_context_args, look):
    return {**browser_context_args, **LOOKS[look]}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of its own: ten pictures called Quay, and five hundred more called Mole."""
    site = Site(tmp_path_factory.mktemp("walks"))
    site.prepare("administrator", "editor")
    site.start_web()
    site.start_consumer()
    with site.inside():
        owner = db.session.scalars(select(User).where(User.email == "editor@example.com")).one()
        for number in range(QUAYS):
            make_picture(pictures.jpeg(90 + number, 60), f"Quay {number}.jpg", owner)
        db.session.commit()
        wait_for(lambda: are_ready(QUAYS), "the pictures to be ready")
        moles = [picture(number, owner) for number in range(MANY)]
        for number, mole in enumerate(moles):
            mole.title, mole.status = f"Mole {number}", ImageStatus.READY
        db.session.add_all(moles)
        db.session.commit()
    yield site
    site.close()


def are_ready(count):
    db.session.rollback()
    return db.session.query(Image).filter_by(status=ImageStatus.READY).count() == count


@pytest.fixture
def say(look):
    """How a text of the program is called in the language of the walk."""
    folder = TOP / "cms" / "translations"
    known = (
        NullTranslations() if look == "en" else translation("messages", folder, languages=[look])
    )

    def go(text, many=None, **given):
        found = known.ngettext(text, many, given.get("num", 2)) if many else known.gettext(text)
        return found % given if given else found

    return go


@pytest.fixture
def sound(page, axe, look):
    """Assert that the page as it is now is sound; keep a picture of it."""

    def check(name):
        axe()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= page.viewport_size["width"], name
        if folder := os.environ.get("SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder, f"{name}-{look}.png"), full_page=True)

    return check


@pytest.fixture
def press(page, say):
    """Click the button of that name."""
    return lambda text, **given: page.get_by_role(
        "button", name=say(text, **given), exact=True
    ).first.click()


@pytest.fixture
def stored(site):
    """What the database holds of the picture with that title."""

    def go(title, column="alt_text"):
        with site.inside():
            return db.session.scalars(
                select(getattr(Image, column)).where(Image.title == title)
            ).one()

    return go


def row(page, name):
    return page.locator(f'{ROW}[data-name="{name}"]')


def notice(page):
    return page.locator(".notice-success")


def forgive(page, status):
    """The browser itself logs an answer that says what is wrong."""
    heard = [words for words in page.troubles if f"status of {status}" in words]
    assert len(heard) == 1
    page.troubles.remove(heard[0])


def test_twenty_pictures_are_dropped_and_turn_ready(page, site, log_in, sound, look):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    sound("1-pictures")
    shade = list(LOOKS).index(look)
    files = [
        {"name": name, "data": b64encode(data).decode(), "type": mime}
        for name, data, mime in (jpeg(f"Regatta {n}.jpg", 400 + 20 * shade + n) for n in range(20))
    ]
    page.evaluate(SEND, {"kind": "drop", "files": files})
    ready = page.locator(f"{ROW}[data-state=ready]", has_text="Regatta")
    expect(ready).to_have_count(20, **LONG)
    expect(page.locator(".uppy-Dashboard-inner")).to_be_hidden()
    sound("1-twenty")
    with site.inside():
        db.session.execute(
            update(Image).where(Image.title.contains("Regatta")).values(title="Sail")
        )
        db.session.commit()


def test_a_filter_of_500_is_kept_as_a_view_and_described(page, site, log_in, sound, say, press):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/?search=Mole")
    menu = page.locator("details.views")
    menu.locator("summary").click()
    menu.locator("#view-name").fill("防波堤 Moles")
    sound("2-views")
    menu.get_by_role("button", name=say("Save"), exact=True).click()
    expect(menu.locator("summary")).to_contain_text("防波堤 Moles")

    page.locator("[data-tick-all]:visible").first.check()
    press("Tick all %(count)s that match", count=MANY)
    sound("2-ticked")
    page.locator("#bulk").get_by_role("button", name=say("Edit"), exact=True).click()
    words = say("Edit one row", "Edit %(count)s rows", count=MANY)
    expect(page.get_by_role("heading", level=1)).to_have_text(words)
    text = f"{say('Alternative text')} Mole"
    page.get_by_label(say("Alternative text"), exact=True).fill(text)
    sound("2-edit")
    press("Save")
    page.get_by_role("link", name=say("See how far it is")).click()
    done = page.get_by_text(say("%(done)s of %(total)s", done=MANY, total=MANY))
    expect(done.first).to_be_visible(**LONG)
    sound("2-job")
    with site.inside():
        assert db.session.query(Image).filter_by(alt_text=text).count() == MANY

    page.goto(f"{site.url}/admin/image/")
    menu.locator("summary").click()
    menu.get_by_role("link", name="防波堤 Moles").click()
    expect(page.get_by_text(text).first).to_be_visible()
    menu.locator("summary").click()
    menu.get_by_role("button", name=say("Delete"), exact=True).click()
    sound("2-view-deleted")
    page.locator("[data-confirm-yes]").click()
    expect(menu.locator("summary")).to_contain_text(say("Views"))


@pytest.fixture
def as_shipped(site):
    yield
    with site.inside():
        db.session.execute(delete(ImagePreset))
        db.session.commit()


def order(site):
    with site.inside():
        return [preset.name for preset in presets.every()][:3]


def test_presets_are_dragged(page, site, log_in, sound, say, as_shipped):
    log_in("administrator")
    page.goto(f"{site.url}/admin/image_preset/")
    sound("3-presets")
    handles = page.locator("[data-handle]")
    handles.nth(2).drag_to(handles.nth(0), target_position={"x": 5, "y": 2})
    said = say(
        "“%(name)s” is now number %(place)s of %(count)s.", name="width-320", place=1, count=7
    )
    expect(page.locator("[data-live-news]")).to_have_text(said)
    sound("3-dragged")
    assert order(site) == ["width-320", "resize", "thumbnail"]


def test_a_picture_goes_to_the_trash_and_comes_back(page, site, log_in, sound, say, press):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/?search=Quay")
    row(page, "Quay 9").get_by_role("button", name=say("Delete")).click()
    expect(page.locator("#confirm")).to_contain_text("Quay 9")
    sound("4-delete")
    page.locator("[data-confirm-yes]").click()
    expect(notice(page)).to_contain_text(say("“%(name)s” was moved to the trash.", name="Quay 9"))
    expect(row(page, "Quay 9")).to_have_count(0)
    sound("4-deleted")
    page.get_by_role("link", name=say("Trash"), exact=True).first.click()
    expect(row(page, "Quay 9")).to_be_visible()
    sound("4-trash")
    row(page, "Quay 9").get_by_role("button", name=say("Restore")).click()
    expect(notice(page)).to_contain_text(say("“%(name)s” was restored.", name="Quay 9"))
    expect(row(page, "Quay 9")).to_have_count(0)
    page.goto(f"{site.url}/admin/image/?search=Quay+9")
    expect(row(page, "Quay 9")).to_be_visible()


def test_two_browsers_save_one_picture(
    page, site, log_in, browser, sound, say, press, stored, look
):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/?search=Quay+8")
    row(page, "Quay 8").locator("a.row-name").click()
    with browser.new_context(locale="en-US") as context:
        colleague = context.new_page()
        troubles = []
        colleague.on("console", lambda m: m.type == "error" and troubles.append(m.text))
        enter(colleague, site, "administrator")
        colleague.goto(page.url)
        page.reload()
        expect(page.locator("[data-presence]")).to_contain_text("administrator@example.com")
        sound("5-presence")
        colleague.get_by_label("Alternative text").fill(f"Theirs, {look}")
        colleague.get_by_label("Title").fill("Quay 8")
        save_in_english(colleague)
        expect(colleague).to_have_url(re.compile(r"/admin/image/\?search"))
        assert troubles == []
    page.locator("#alt_text").fill(f"Mine, {look}")
    press("Save")
    heading = page.get_by_role("heading", name=say("Saved meanwhile by somebody else"))
    expect(heading).to_be_visible()
    sides = page.locator("[data-conflict=alt_text]")
    expect(sides).to_contain_text(f"Theirs, {look}")
    expect(sides).to_contain_text(f"Mine, {look}")
    sound("5-conflict")
    sides.get_by_label(say("Take theirs")).check()
    expect(page.locator("#alt_text")).to_have_value(f"Theirs, {look}")
    press("Save")
    expect(notice(page)).to_be_visible()
    assert stored("Quay 8") == f"Theirs, {look}"
    forgive(page, 422)


def test_a_filter_leaves_and_comes_back_with_three_bad_rows(
    page, site, log_in, sound, say, press, stored, look
):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/?search=Quay")
    page.get_by_role("link", name=say("Export"), exact=True).click()
    sound("6-export")
    press("Export")
    expect(page.locator(".facts .state")).to_have_text(say("Ready"), **LONG)
    sound("6-exported")
    with page.expect_download() as caught:
        page.get_by_role("link", name=say("Download")).click()
    data = Path(caught.value.path()).read_text("utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(data, newline=""))
    assert len(rows) == 10

    mended = [[*line[:2], f"{line[1]}, {look}", *line[3:]] for line in rows]
    bad = [[*line] for line in mended]
    bad[0][1], bad[1][0], bad[2][2] = "", "987654", "x" * 501
    for lines, troubled in ((bad, 3), (mended, 0)):
        page.goto(f"{site.url}/admin/image/?search=Quay")
        page.get_by_role("link", name=say("Import"), exact=True).click()
        file = {"name": "图片.csv", "mimeType": "text/csv", "buffer": as_csv([heads, *lines])}
        page.locator("input[type=file]").set_input_files(file)
        if troubled:
            sound("6-import")
        press("Upload")
        if troubled:
            sound("6-columns")
        press("See what would change")
        if troubled:
            told = say("Mend the rows below and import the file again. Nothing has been changed.")
            expect(page.get_by_text(told)).to_be_visible(**LONG)
            wrong = page.get_by_role("region", name=say("Bad rows")).locator("tbody tr")
            expect(wrong).to_have_count(troubled)
            expect(wrong.nth(1)).to_contain_text(
                say("There is none with the ID “%(key)s”.", key="987654")
            )
            sound("6-bad")
    save = page.get_by_role("button", name=say("Save the change", "Save %(num)d changes", num=10))
    expect(save).to_be_visible(**LONG)
    sound("6-checked")
    save.click()
    expect(page.get_by_text(say("All rows are saved."))).to_be_visible(**LONG)
    sound("6-saved")
    assert stored("Quay 0") == f"Quay 0, {look}"


# By the keyboard alone

MOST_TABS = 150


@pytest.fixture
def keys(page):
    return page.keyboard


@pytest.fixture
def reach(page, keys):
    """Press Tab until the focus is on an element, and see that it is in sight; press a key."""

    def go(target, key=None, step="Tab"):
        target = target.first
        target.wait_for()
        for _ in range(MOST_TABS):
            if target.evaluate("it => it === document.activeElement"):
                break
            keys.press(step)
        expect(target).to_be_focused()
        expect(target).to_be_in_viewport()
        if key:
            keys.press(key)

    return go


@pytest.fixture
def shortcut(page, keys):
    """Press single keys, once the list listens to them."""

    def go(*pressed):
        page.locator("input[type=search][aria-keyshortcuts]").wait_for()
        for key in pressed:
            keys.press(key)

    return go


@pytest.fixture
def palette(page, keys):
    """Go where the command palette leads for some words."""

    def go(words):
        page.wait_for_load_state()  # its script listens
        keys.press("Control+k")
        expect(page.get_by_role("combobox")).to_be_focused()
        keys.type(words)
        chosen = page.locator("[role=option][aria-selected=true]")
        expect(chosen).to_contain_text(words)
        keys.press("Enter")

    return go


@pytest.fixture
def hand_over(page, reach):
    """Choose files in the dialog that a button or field opens."""
    page.on("filechooser", lambda _chooser: None)  # from now on, before a key is quicker

    def go(target, *files):
        reach(target)
        with page.expect_file_chooser() as asked:
            page.keyboard.press("Enter")
        asked.value.set_files(
            [{"name": name, "mimeType": mime, "buffer": data} for name, data, mime in files]
        )

    return go


@pytest.mark.parametrize("look", ["en"], indirect=True)  # once: the keys are the same
def test_a_whole_day_by_the_keyboard_alone(  # noqa: PLR0915 - it is one long day
    page, site, keys, reach, shortcut, palette, hand_over, sound, say, as_shipped
):
    def button(text, **given):
        return page.get_by_role("button", name=say(text, **given), exact=True)

    def link(text):
        return page.get_by_role("link", name=say(text), exact=True)

    page.goto(f"{site.url}/login")
    reach(page.locator("input[type=email], #email"))
    keys.type("administrator@example.com")
    reach(page.locator("input[type=password]"))
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url("**/admin/")

    # Two pictures, described together
    name = "Kite"
    palette(say("Upload pictures"))
    two = [jpeg(f"{name} {n}.jpg", 500 + n) for n in range(2)]
    hand_over(page.locator(".uppy-Dashboard-browse"), *two)
    expect(page.locator(f"{ROW}[data-state=ready]", has_text=name)).to_have_count(2, **LONG)
    expect(page.locator(".uppy-Dashboard-inner")).to_be_hidden()
    shortcut(*"jxjx")
    sound("7-ticked")
    reach(page.locator("#bulk").get_by_role("button", name=say("Edit")), "Enter", "Shift+Tab")
    reach(page.get_by_label(say("Alternative text"), exact=True))
    keys.type("A kite")
    reach(button("Save"), "Enter")
    expect(notice(page)).to_contain_text(say("%(num)d row done.", "%(num)d rows done.", num=2))

    # A view of them
    shortcut("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.type(name)
    keys.press("Enter")
    expect(page.locator(ROW)).to_have_count(2)
    menu = page.locator("details.views")
    reach(menu.locator("summary"), "Enter")
    reach(menu.locator("#view-name"))
    keys.type(name)
    keys.press("Enter")
    expect(menu.locator("summary")).to_contain_text(name)
    shortcut("?")
    expect(page.locator("dialog[open]")).to_be_visible()
    sound("7-keys")
    keys.press("Escape")

    # A conflict
    shortcut("j", "e")
    page.locator("#alt_text").wait_for()
    with site.inside():
        image = db.session.scalars(
            select(Image).where(Image.title.startswith(name)).order_by(Image.id.desc())
        ).first()
        title, image.alt_text = image.title, "Theirs"
        db.session.commit()
    reach(page.locator("#alt_text"))
    keys.press("Control+a")
    keys.type("Mine")
    reach(button("Save"), "Enter")
    sides = page.locator("[data-conflict=alt_text]")
    reach(sides.get_by_label(say("Keep mine")), "ArrowUp")
    expect(page.locator("#alt_text")).to_have_value("Theirs")
    reach(button("Save"), "Enter")
    expect(notice(page)).to_be_visible()
    forgive(page, 422)

    # To the trash and back
    reach(row(page, title).get_by_role("button", name=say("Delete")), "Enter")
    reach(page.locator("[data-confirm-yes]"), "Enter")
    expect(notice(page)).to_contain_text(say("“%(name)s” was moved to the trash.", name=title))
    reach(link("Trash"), "Enter")
    reach(row(page, title).get_by_role("button", name=say("Restore")), "Enter")
    expect(notice(page)).to_contain_text(say("“%(name)s” was restored.", name=title))

    # Out, and in with three bad rows
    reach(link("Back to the list"), "Enter")
    reach(link("Export"), "Enter")
    reach(button("Export"), "Enter")
    expect(page.locator(".facts .state")).to_have_text(say("Ready"), **LONG)
    reach(link("Download"))
    with page.expect_download() as caught:
        keys.press("Enter")
    data = Path(caught.value.path()).read_text("utf-8-sig")
    heads, *bad = list(csv.reader(io.StringIO(data, newline="")))[:4]
    bad[0][1], bad[1][0], bad[2][2] = "", "987654", "x" * 501
    palette(say("Pictures"))
    reach(link("Import"), "Enter")
    hand_over(page.locator("input[type=file]"), ("图片.csv", as_csv([heads, *bad]), "text/csv"))
    reach(button("Upload"), "Enter")
    reach(button("See what would change"), "Enter")
    wrong = page.get_by_role("region", name=say("Bad rows")).locator("tbody tr")
    expect(wrong).to_have_count(3, **LONG)

    # The order of the presets
    palette(say("Presets"))
    reach(page.locator("[data-handle]"), "Alt+ArrowDown")
    expect(page.locator("[data-live-news]")).to_have_text(
        say("“%(name)s” is now number %(place)s of %(count)s.", name="resize", place=2, count=7)
    )
    assert order(site)[:2] == ["thumbnail", "resize"]
