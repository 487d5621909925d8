"""Editing without leaving a list, with the pointer and with the keyboard."""

import re

import pytest
from playwright.sync_api import expect

from cms.extensions import db
from cms.media import presets
from cms.media.models import Image, ImagePreset
from cms.webhooks.models import WebhookEndpoint
from tests import pictures
from tests.factories import make_picture
from tests.processes import Site, wait_for

pytestmark = pytest.mark.e2e

MANY = 500


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of its own, with five hundred pictures that are called alike, and three others."""
    site = Site(tmp_path_factory.mktemp("editing"))
    site.prepare("administrator", "editor")
    site.start_web()
    site.start_consumer()
    with site.inside():
        image = make_picture(pictures.jpeg(90, 60), "harbour.jpg")
        db.session.commit()
        number = image.id
    wait_for(lambda: is_ready(site, number), "the picture to be ready")
    with site.inside():
        image = db.session.get_one(Image, number)
        columns = [c.key for c in Image.__table__.columns if c.key not in ("id", "key")]
        same = {name: getattr(image, name) for name in columns} | {"mime": "image/tiff"}
        db.session.add_all(
            Image(**same | {"title": f"Mole {n}", "filename": "mole.jpg"}, key=f"copy {n}")
            for n in range(MANY)
        )
        db.session.add_all(
            Image(**same | {"title": name}, key=name) for name in ("Pier", "Quay", "Beacon")
        )
        db.session.commit()
    yield site
    site.close()


def is_ready(site, number):
    with site.inside():
        return db.session.get_one(Image, number).processed_at


@pytest.fixture
def stored(site):
    """What the database holds in one column of a picture of that title."""

    def go(title, column="alt_text"):
        with site.inside():
            found = db.session.query(getattr(Image, column)).filter_by(title=title)
            return [value for (value,) in found]

    return go


@pytest.fixture
def refused(page):
    """Say that answers of that code are expected; Chromium complains of each."""

    def go(code):
        heard = [words for words in page.troubles if f"status of {code}" in words]
        assert heard
        page.troubles[:] = [words for words in page.troubles if words not in heard]

    return go


@pytest.fixture
def row(page):
    """The row of that name in the list."""
    return lambda name: page.locator(f'tr[data-name="{name}"]')


def cell(row, column):
    return row.locator("td", has=row.page.locator(f"[data-edit={column}]"))


def field(row, column):
    return row.locator(f"[data-field-of={column}]")


# In place


def test_a_cell_is_edited_by_pointer_and_undone(page, site, log_in, axe, row, stored):
    log_in()
    page.goto(f"{site.url}/admin/image/")
    pier = row("Pier")
    cell(pier, "alt_text").click()
    expect(field(pier, "alt_text")).to_be_focused()
    axe()
    field(pier, "alt_text").fill("A pier in the morning")
    pier.get_by_role("button", name="Save").click()

    toast = page.locator("[data-toasts]")
    expect(toast).to_contain_text("Saved: Alternative text of “Pier”.")
    expect(cell(pier, "alt_text")).to_contain_text("A pier in the morning")
    assert stored("Pier") == ["A pier in the morning"]
    axe()
    page.evaluate("scrollTo(0, 300)")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".notice-success")).to_contain_text("Undone: 1 row.")
    expect(page).to_have_url(f"{site.url}/admin/image/")
    expect(page.locator("html")).to_have_js_property("scrollTop", 300)
    assert stored("Pier") == [""]


def test_cells_are_edited_by_keyboard_alone(page, site, log_in, row, stored):
    log_in()
    page.goto(f"{site.url}/admin/image/")
    quay, pier = row("Quay"), row("Pier")
    pencil = quay.get_by_role("button", name="Edit: Title: Quay")
    pencil.focus()
    page.keyboard.press("Enter")
    expect(field(quay, "title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(field(quay, "title")).to_have_count(0)
    expect(pencil).to_be_focused()

    page.keyboard.press("Enter")
    page.keyboard.type("Long quay")
    page.keyboard.press("Tab")
    expect(field(row("Long quay"), "alt_text")).to_be_focused()
    page.keyboard.type("A long quay")
    page.keyboard.press("Tab")
    expect(field(pier, "title")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(field(row("Long quay"), "alt_text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(cell(row("Long quay"), "alt_text")).to_contain_text("A long quay")
    assert stored("Long quay") == ["A long quay"]
    expect(row("Long quay").get_by_role("button", name="Edit: Title: Long quay")).to_have_count(1)


def test_what_is_wrong_is_said_at_the_cell_and_the_text_kept(
    page, site, log_in, axe, row, stored, refused
):
    log_in()
    page.goto(f"{site.url}/admin/image/")
    beacon = row("Beacon")
    beacon.get_by_role("button", name="Edit: Title: Beacon").press("Enter")
    title = field(beacon, "title")
    title.fill("")
    title.press("Enter")
    expect(beacon.get_by_role("alert")).to_have_text("This field is required.")
    expect(title).to_have_attribute("aria-invalid", "true")
    expect(title).to_have_accessible_description("This field is required.")
    axe()
    title.press("Escape")
    expect(beacon.locator(".row-name")).to_have_text("Beacon")
    refused(422)

    page.route("**/ajax/update/", lambda route: route.abort())
    cell(beacon, "alt_text").click()
    field(beacon, "alt_text").fill("A beacon")
    field(beacon, "alt_text").press("Enter")
    expect(beacon.get_by_role("alert")).to_contain_text("could not be saved")
    page.unroute("**/ajax/update/")
    expect(field(beacon, "alt_text")).to_have_value("A beacon")
    field(beacon, "alt_text").press("Enter")
    expect(field(beacon, "alt_text")).to_have_count(0)
    assert stored("Beacon") == ["A beacon"]
    page.troubles.clear()  # the request that was cut


@pytest.mark.parametrize(("choice", "kept"), [("Keep theirs", "Theirs"), ("Save mine", "Mine")])
def test_who_comes_second_sees_both_values_and_chooses(
    page, site, log_in, axe, row, stored, refused, choice, kept
):
    log_in()
    page.goto(f"{site.url}/admin/image/")
    pier = row("Pier")
    with site.inside():
        db.session.query(Image).filter_by(title="Pier").update({"alt_text": "Theirs"})
        db.session.commit()
    cell(pier, "alt_text").click()
    field(pier, "alt_text").fill("Mine")
    field(pier, "alt_text").press("Enter")
    conflict = pier.locator("[data-cell-conflict]")
    expect(conflict).to_contain_text("Somebody else changed this meanwhile.")
    expect(conflict.locator("[data-theirs]")).to_have_text("Theirs")
    expect(conflict.locator("[data-yours]")).to_have_text("Mine")
    axe()
    conflict.get_by_role("button", name=choice).press("Enter")
    expect(conflict).to_have_count(0)
    expect(cell(pier, "alt_text")).to_contain_text(kept)
    assert stored("Pier") == [kept]
    refused(409)
    with site.inside():
        db.session.query(Image).filter_by(title="Pier").update({"alt_text": ""})
        db.session.commit()


def test_a_row_that_changes_by_itself_leaves_an_open_field_alone(page, site, log_in, row):
    log_in()
    page.goto(f"{site.url}/admin/image/")
    cell(row("Pier"), "alt_text").click()
    page.keyboard.type("Half a sen")
    with site.inside():
        make_picture(pictures.jpeg(91, 60), "new.jpg")
        db.session.commit()
    page.evaluate("document.dispatchEvent(new Event('list:refresh'))")
    expect(row("new")).to_have_count(1)
    expect(field(row("Pier"), "alt_text")).to_be_focused()
    expect(field(row("Pier"), "alt_text")).to_have_value("Half a sen")
    page.keyboard.press("Escape")


@pytest.fixture
def shop(site):
    with site.inside():
        endpoint = WebhookEndpoint(name="Shop", url="https://shop.example/", events=[])
        db.session.add(endpoint)
        db.session.commit()
        number = endpoint.id
    yield number
    with site.inside():
        db.session.delete(db.session.get_one(WebhookEndpoint, number))
        db.session.commit()


def is_enabled(site, number):
    with site.inside():
        return db.session.get_one(WebhookEndpoint, number).enabled


def test_a_switch_is_one_click_or_one_key(page, site, log_in, axe, shop):
    log_in("administrator")
    page.goto(f"{site.url}/admin/webhook/")
    switch = page.get_by_role("switch", name="Switched on: Shop")
    expect(switch).to_be_checked()
    switch.click()
    expect(page.locator("[data-toasts]")).to_contain_text("Saved: Switched on of “Shop”.")
    assert not is_enabled(site, shop)
    axe()
    switch.press("Space")
    expect(switch).to_have_attribute("data-value", "1")
    assert is_enabled(site, shop)
    page.locator("[data-toasts]").get_by_role("button", name="Undo").click()
    expect(switch).not_to_be_checked()


def test_rows_are_disabled_and_enabled_by_buttons(page, site, log_in, shop):
    log_in("administrator")
    page.goto(f"{site.url}/admin/webhook/")
    page.get_by_role("button", name="Disable: Shop").click()
    expect(page.get_by_role("switch")).not_to_be_checked()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("switch")).to_be_checked()
    page.get_by_label("Tick: Shop").check()
    page.locator("#bulk").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("switch")).not_to_be_checked()
    assert not is_enabled(site, shop)


# Many at once


def test_ticked_rows_are_edited_together_and_that_is_undone(page, site, log_in, axe, row, stored):
    log_in()
    page.goto(f"{site.url}/admin/image/?search=harbour+pier")
    page.goto(f"{site.url}/admin/image/")
    for name in ("Beacon", "Pier"):
        page.get_by_label(f"Tick: {name}").check()
    page.locator("#bulk").get_by_role("button", name="Edit").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit 2 rows")
    axe()
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator(".notice-warning")).to_contain_text("Tick what is to be changed.")
    page.troubles.clear()  # Chromium complains of an answer that says what is wrong
    page.get_by_label("Alternative text", exact=True).fill("By the sea")
    expect(page.get_by_label("Change Alternative text")).to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notice-success")).to_contain_text("2 rows done.")
    assert (stored("Beacon"), stored("Pier")) == (["By the sea"], ["By the sea"])
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".notice-success")).to_contain_text("Undone: 2 rows.")
    assert stored("Pier") == [""]


def test_alternative_text_over_a_filter_of_500(page, site, log_in, axe):
    log_in()
    page.goto(f"{site.url}/admin/image/?search=mole")
    page.get_by_label("Tick all rows on this page").check()
    page.get_by_role("button", name="Tick all 500 that match").click()
    page.locator("#bulk").get_by_role("button", name="Edit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit 500 rows")
    expect(page.locator("form.form-panel")).to_contain_text("A job does it")
    page.get_by_label("Alternative text", exact=True).fill("The mole")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="See how far it is").click()
    expect(page.get_by_text("500 of 500")).to_be_visible(timeout=30_000)
    axe()
    with site.inside():
        assert db.session.query(Image).filter_by(alt_text="The mole").count() == MANY


# By hand-made order


@pytest.fixture
def order(page):
    """Wait until the rows stand in that order, and so are stored."""

    def go(site, *names):
        shown = page.locator("tr[data-id]")
        for place, name in enumerate(names):
            expect(shown.nth(place)).to_have_attribute("data-id", name)
        expect(page.locator("tr[aria-busy=true]")).to_have_count(0)
        with site.inside():
            assert tuple(row.name for row in presets.every())[: len(names)] == names

    return go


@pytest.fixture
def as_shipped(site):
    yield
    with site.inside():
        db.session.query(ImagePreset).delete()
        db.session.commit()


def test_a_row_is_dragged(page, site, log_in, axe, order, as_shipped):
    log_in("administrator")
    page.goto(f"{site.url}/admin/image_preset/")
    axe()
    handles = page.locator("[data-handle]")
    handles.nth(2).drag_to(handles.nth(0), target_position={"x": 5, "y": 2})
    expect(page.locator("[data-live-news]")).to_have_text("“width-320” is now number 1 of 7.")
    order(site, "width-320", "resize", "thumbnail")
    page.reload()
    order(site, "width-320", "resize", "thumbnail")


def test_a_row_is_moved_by_keys_and_that_is_said(page, site, log_in, order, as_shipped):
    log_in("administrator")
    page.goto(f"{site.url}/admin/image_preset/")
    handle = page.get_by_role("button", name="Move: resize")
    handle.focus()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("[data-live-news]")).to_have_text("“resize” is now number 3 of 7.")
    expect(handle).to_be_focused()
    order(site, "thumbnail", "width-320", "resize")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("[data-live-news]")).to_have_text("“resize” is now number 2 of 7.")
    order(site, "thumbnail", "resize", "width-320")


def test_a_row_is_moved_to_a_place(page, site, log_in, axe, order, as_shipped):
    log_in("administrator")
    page.goto(f"{site.url}/admin/image_preset/")
    page.get_by_role("button", name="Move: width-320").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Where to move “width-320”?")
    axe()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Move: width-320").click()
    page.get_by_label("To a place").fill("2")
    page.get_by_label("To a place").press("Enter")
    expect(page.locator(".notice-success")).to_contain_text("number 2 of 7")
    page.wait_for_load_state()
    order(site, "resize", "width-320", "thumbnail")
    page.get_by_role("button", name="Move: thumbnail").click()
    page.get_by_role("button", name="To the top").click()
    expect(page.locator(".notice-success")).to_contain_text("number 1 of 7")
    order(site, "thumbnail", "resize", "width-320")


def test_who_saw_another_order_is_shown_it(page, site, log_in, order, as_shipped, refused):
    log_in("administrator")
    page.goto(f"{site.url}/admin/image_preset/")
    with site.inside():
        moved = presets.find("width-1920")
        moved.position = presets.find("resize").position + 1
        db.session.add(moved)
        db.session.commit()
    page.get_by_role("button", name="Move: width-320").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".notice-warning")).to_contain_text("Somebody else moved rows meanwhile")
    order(site, "resize", "width-1920", "thumbnail", "width-320")
    refused(409)


# And back


def test_saving_leads_back_to_page_filter_and_place(page, site, log_in, row):
    log_in()
    address = f"{site.url}/admin/image/?search=mole&sort=1&page=2"
    page.goto(address)
    mole = page.locator("tr[data-id]").nth(12)
    name = mole.get_attribute("data-name")
    mole.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 0
    mole.get_by_role("link", name=f"Edit: {name}").click()
    page.locator("#alt_text").fill("Stones")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(row(name)).to_have_class(re.compile("is-saved"))
    assert set(page.url.partition("?")[2].split("&")) == {"search=mole", "sort=1", "page=2"}
    expect(page.locator("html")).to_have_js_property("scrollTop", before)
    expect(row(name)).to_be_in_viewport()
