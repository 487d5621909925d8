"""The command palette by keyboard: go to a screen, a picture, or do something."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e


def test_one_goes_anywhere_by_keyboard(page, site, log_in, axe, shot):
    log_in("administrator")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="A screen, a picture")
    expect(field).to_be_focused()
    expect(page.get_by_role("option", name="Pictures", exact=True)).to_be_visible()
    axe()
    shot("palette")

    page.keyboard.type("failed pict")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_text(
        re.compile("Pictures.*Failed")
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/image/?tab=failed")


def test_the_arrows_choose_and_escape_leaves(page, log_in):
    log_in("editor")
    button = page.get_by_role("button", name="Go to, find or do")
    button.click()
    options = page.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("combobox")).to_have_attribute("aria-activedescendant", "palette-0-1")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_what_is_done_from_it_is_done(page, log_in):
    log_in("editor")
    page.keyboard.press("Control+k")
    page.keyboard.type("count the lib")
    expect(page.get_by_role("option")).to_have_text(["Count the library"])
    page.keyboard.press("Enter")
    expect(page.locator(".notice", has_text="Everything is being counted.")).to_be_visible()


def test_nothing_found_is_said(page, log_in, axe):
    log_in("editor")
    page.keyboard.press("Control+k")
    page.keyboard.type("zzzz")
    expect(page.get_by_role("status").filter(has_text="Nothing is found.")).to_be_visible()
    axe()
