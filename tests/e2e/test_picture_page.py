"""An editor says on the picture what matters in it, and puts another file in its place."""

import re

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.e2e.test_pictures import drop, row

pytestmark = pytest.mark.e2e

READY = {"timeout": 20_000}


@pytest.fixture
def open_picture(page, site, log_in):
    def go(name):
        log_in("editor")
        page.goto(f"{site.url}/admin/image/")
        drop(page, pictures.jpeg(1200, 800, comment=name.encode()), f"{name}.jpg")
        expect(row(page, name)).to_have_attribute("data-state", "ready", **READY)
        row(page, name).locator("a.row-name").click()
        expect(page.locator("[data-look-stage]")).to_be_visible()
        page.wait_for_load_state()  # its scripts, too

    return go


@pytest.fixture
def numbers(page):
    """What the number fields hold."""

    def read():
        names = ("x", "y", "left", "top", "right", "bottom")
        return [page.locator(f"[data-look-part={name}]").input_value() for name in names]

    return read


def place(page, across, down):
    box = page.locator("[data-look-stage]").bounding_box()
    return box["x"] + box["width"] * across, box["y"] + box["height"] * down


def drag(page, start, end):
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *end), steps=3)
    page.mouse.up()


def test_focal_point_and_crop_are_set_on_the_picture(page, open_picture, numbers, axe):
    open_picture("promenade")
    preview = page.locator("[data-preview=crop] img").first
    before = preview.get_attribute("style")
    page.mouse.click(*place(page, 0.8, 0.5))
    assert float(numbers()[0]) == pytest.approx(80, abs=0.5)
    assert preview.get_attribute("style") != before, "the preview follows at once"
    page.mouse.click(*place(page, 0.3, 0.5), button="middle")
    assert float(numbers()[0]) == pytest.approx(80, abs=0.5), "another button sets nothing"

    drag(page, (0.004, 0.3), (0.25, 0.3))
    drag(page, (0.995, 0.995), (0.9, 0.75))
    left, top, right, bottom = map(float, numbers()[2:])
    assert (left, top, right, bottom) == pytest.approx((25, 0, 90, 75), abs=0.5)
    page.get_by_role("button", name="Focal point", exact=True).press("Shift+ArrowLeft")
    page.get_by_role("button", name="Upper edge of the crop").press("ArrowDown")
    x, y, _left, top, *_rest = map(float, numbers())
    assert (x, y, top) == pytest.approx((75, 50, 1), abs=0.5)
    axe()

    kept = numbers()
    page.get_by_role("button", name="Save and go on editing").click()
    expect(page.locator("[data-live=panel]").get_by_text("Ready")).to_be_visible(**READY)
    assert numbers() == kept
    page.get_by_role("button", name="Take back").click()
    assert numbers() == ["50", "50", "", "", "", ""]


def test_another_file_takes_the_place_and_goes_again(page, open_picture, axe):
    open_picture("bandstand")
    shown = page.locator("[data-live=panel] img.preview")
    first = shown.get_attribute("src")
    square = {"name": "square.jpg", "mimeType": "image/jpeg", "buffer": pictures.jpeg(500, 500)}
    page.get_by_label("File", exact=True).set_input_files([square])
    page.get_by_role("button", name="Replace").click()
    expect(shown).to_have_attribute("height", "500", **READY)
    assert shown.get_attribute("src") != first
    expect(page.get_by_role("link", name="bandstand.jpg")).to_be_visible()
    page.get_by_text("Before and after").click()
    original = page.get_by_alt_text("The picture as it was uploaded")
    expect(original).to_have_js_property("naturalWidth", 500)
    axe()

    page.get_by_role("button", name="Put back: bandstand.jpg").click()
    expect(shown).to_have_attribute("width", "800", **READY)
    page.get_by_role("button", name="Delete: square.jpg").click()
    page.locator("dialog[open] [data-confirm-yes]").click()
    expect(page.get_by_text("The older file has been removed.")).to_be_visible()


def test_without_script_the_numbers_are_saved(browser, site, open_picture, page):
    open_picture("pergola")
    address = page.url
    state = page.context.storage_state()
    with browser.new_context(java_script_enabled=False, storage_state=state) as context:
        plain = context.new_page()
        plain.goto(address)
        expect(plain.locator("[data-look-stage]")).to_be_hidden()
        plain.get_by_text("In numbers").click()
        plain.get_by_label("Focal point from the left, %").fill("12.5")
        plain.get_by_role("button", name="Save", exact=True).click()
        expect(plain).to_have_url(re.compile("/admin/image/"))
        plain.goto(address)
        plain.get_by_text("In numbers").click()
        expect(plain.get_by_label("Focal point from the left, %")).to_have_value("12.5")
