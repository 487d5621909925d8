"""An editor drops a picture, a worker makes it ready, a failure reaches the administrator."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import pictures

pytestmark = pytest.mark.e2e

DROP = """async ({ data, name, type }) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector("main").dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""


def drop(page, data, name, mime="image/jpeg"):
    page.wait_for_load_state()  # until then nobody listens
    page.evaluate(DROP, {"data": base64.b64encode(data).decode(), "name": name, "type": mime})


@pytest.fixture
def pictures_page(page, site, log_in):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    return page


def row(page, name):
    return page.locator("tr[data-id]", has_text=name)


def test_a_dropped_picture_turns_ready_while_one_watches(pictures_page, axe):
    page = pictures_page
    drop(page, pictures.jpeg(1600, 1200), "Herbstwald.jpg")

    expect(row(page, "Herbstwald")).to_have_attribute("data-state", "ready", timeout=20_000)
    expect(row(page, "Herbstwald").locator("img")).to_be_visible()
    axe()


def test_a_mixed_drop_takes_the_good_and_says_why_of_each_bad_one(pictures_page, axe):
    page = pictures_page
    page.get_by_role("button", name="Upload").click()
    page.locator("input.uppy-Dashboard-input").first.set_input_files(
        [
            {"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": pictures.jpeg(900, 600)},
            {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": pictures.text_file()},
            {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": pictures.svg()},
        ]
    )
    expect(row(page, "照片")).to_have_attribute("data-state", "ready", timeout=20_000)
    for words in (
        "Upload successful, processing...",
        "letter.jpg: This is not a picture of a kind that is accepted.",
        "logo.svg: SVG drawings are not accepted; save it as PNG or WebP instead.",
    ):
        expect(page.locator(".notice", has_text=words)).to_be_visible()
    expect(page.locator(".uppy-Dashboard-inner")).to_be_hidden()
    expect(row(page, "letter")).to_have_count(0)
    axe()
    # The browser itself logs the status of a refusal; what is plainly no picture is not sent.
    refusals = [words for words in page.troubles if "422 (UNPROCESSABLE ENTITY)" in words]
    assert len(refusals) == 1
    page.troubles[:] = [words for words in page.troubles if words not in refusals]


def test_a_failed_attempt_is_told_before_the_last_one(pictures_page):
    page = pictures_page
    drop(page, pictures.truncated_jpeg(403, 300), "patience.jpg")

    expect(row(page, "patience").get_by_text("Will be retried")).to_be_visible(timeout=20_000)
    expect(row(page, "patience").locator(".reason[title]")).not_to_be_empty()
    expect(row(page, "patience")).to_have_attribute("data-state", "failed", timeout=30_000)


def test_a_picture_that_cannot_be_made_says_why_and_tells_the_administrator(
    pictures_page, site, log_in, axe
):
    page = pictures_page
    drop(page, pictures.truncated_jpeg(404, 300), "halb.jpg")

    expect(row(page, "halb")).to_have_attribute("data-state", "failed", timeout=30_000)
    expect(row(page, "halb").locator(".reason[title]")).not_to_be_empty()

    page.context.clear_cookies()
    log_in("administrator")
    page.goto(f"{site.url}/admin/notification/")
    expect(page.get_by_text("Tried 4 times.").first).to_be_visible()
    axe()

    page.locator("tr[data-id] a.row-name").click()
    expect(page.get_by_text("It happened")).to_be_visible()
    axe()

    page.locator("[data-occurrence] a[href*='/admin/job/details/']").first.click()
    expect(page.locator("ol.attempts > li")).to_have_count(4)
    axe()


def test_a_mended_picture_is_retried_and_its_notification_closes(page, site, log_in):
    log_in("administrator")
    page.goto(f"{site.url}/admin/image/")
    drop(page, pictures.truncated_jpeg()[:-7], "mended.jpg")
    expect(row(page, "mended")).to_have_attribute("data-state", "failed", timeout=30_000)

    newest = max(
        Path(site.folder, "files", "originals").rglob("*.jpg"), key=lambda p: p.stat().st_mtime_ns
    )
    newest.write_bytes(pictures.jpeg(900, 600))
    page.goto(f"{site.url}/admin/notification/")
    page.locator("tr[data-id] a.row-name").first.click()
    address = page.url
    still_open = page.locator("[data-occurrence]", has_text="Open")
    open_before = still_open.count()
    page.get_by_role("button", name="Retry one").click()

    page.goto(f"{site.url}/admin/image/")
    expect(row(page, "mended")).to_have_attribute("data-state", "ready", timeout=20_000)
    page.goto(address)
    expect(still_open).to_have_count(open_before - 1)


def test_title_and_alternative_text_are_edited(pictures_page, axe):
    page = pictures_page
    drop(page, pictures.jpeg(600, 400), "brücke.jpg")
    expect(row(page, "brücke")).to_have_attribute("data-state", "ready", timeout=20_000)
    row(page, "brücke").locator("a.row-name").click()
    axe()
    page.get_by_label("Title").fill("Old bridge")
    page.get_by_label("Alternative text").fill("A stone bridge over a river")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(row(page, "Old bridge")).to_be_visible()


def test_deleting_asks_first(pictures_page):
    page = pictures_page
    drop(page, pictures.jpeg(600, 402), "unwanted.jpg")
    expect(row(page, "unwanted")).to_have_attribute("data-state", "ready", timeout=20_000)

    row(page, "unwanted").get_by_role("button", name="Delete").click()
    page.locator("dialog[open]").get_by_role("button", name="Cancel").click()
    expect(row(page, "unwanted")).to_be_visible()

    row(page, "unwanted").get_by_role("button", name="Delete").click()
    page.locator("dialog[open] [data-confirm-yes]").click()
    expect(row(page, "unwanted")).to_have_count(0)
