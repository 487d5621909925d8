"""What is here already is shown; the library is counted and mended in the browser."""

import re

import pytest
from playwright.sync_api import expect

from tests import pictures

pytestmark = pytest.mark.e2e


def choose(page, *named):
    page.get_by_role("button", name="Upload", exact=True).click()
    files = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in named]
    page.locator("input.uppy-Dashboard-input").first.set_input_files(files)


def row(page, name):
    return page.locator("tr[data-id]", has_text=name)


@pytest.mark.case(21)
def test_what_is_here_already_is_shown_and_uploaded_all_the_same(page, site, log_in, axe, shot):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    meadow = pictures.jpeg(421, 317)
    choose(page, ("meadow.jpg", meadow))
    expect(row(page, "meadow")).to_have_attribute("data-state", "ready", timeout=20_000)
    choose(page, ("the same meadow.jpg", meadow))

    notice = page.locator(".notice-warning", has_text="already here")
    expect(notice.locator("li")).to_have_count(1)
    expect(notice.get_by_role("link")).to_have_attribute("href", re.compile(r"/details/\?id=\d+"))
    expect(row(page, "meadow")).to_have_count(1)
    expect(page.get_by_role("dialog")).to_be_hidden()
    axe()
    shot("already-here")

    notice.get_by_role("button", name="Upload all the same").click()
    expect(row(page, "meadow")).to_have_count(2, timeout=20_000)
    expect(notice).to_have_count(0)


def test_the_library_is_counted_while_one_watches(page, site, log_in, axe, shot):
    log_in("administrator")
    page.goto(f"{site.url}/admin/library/")
    page.get_by_role("button", name=re.compile("Count")).click()

    expect(page.get_by_text("Files that belong to no picture")).to_be_visible(timeout=20_000)
    axe()
    shot("library")


def test_alternative_texts_are_written_with_the_keyboard_alone(page, site, log_in, axe, shot):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    choose(page, ("gate.jpg", pictures.jpeg(411, 300)), ("tower.jpg", pictures.jpeg(300, 411)))
    for name in ("gate", "tower"):
        expect(row(page, name)).to_have_attribute("data-state", "ready", timeout=20_000)

    page.goto(f"{site.url}/admin/alt-text/")
    fields = page.locator("textarea")
    expect(fields.nth(0)).to_be_focused()
    saving = "**/admin/alt-text/save"
    refused = {"status": 422, "json": {"saved": 0, "errors": ["Not now."]}}
    page.route(saving, lambda route: route.fulfill(**refused))
    page.keyboard.type("A town gate")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not now.")).to_be_visible()
    page.unroute(saving)
    page.troubles.clear()  # the browser itself says that it was refused
    with page.expect_event("dialog") as asked:
        page.evaluate("() => void setTimeout(() => location.reload())")
    asked.value.dismiss()  # who leaves is asked while it is not saved
    held = []

    def hold(route):
        held.append(route)

    page.route(saving, hold, times=1)
    with page.expect_request(saving):
        fields.nth(0).press("Enter")  # what was refused is sent again, as it is
    expect(fields.nth(1)).to_be_focused()
    expect(fields.nth(0)).not_to_be_editable()  # while it is being saved
    held[0].continue_()
    page.keyboard.type("A round tower")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved", exact=True)).to_have_count(2)
    axe()
    shot("texts")

    page.reload()
    for words in ("gate", "tower"):
        expect(page.get_by_label(words, exact=True)).to_have_count(0)
