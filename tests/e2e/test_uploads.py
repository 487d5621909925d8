"""Uploading from the browser: many at once, pasted, refused unsent, broken off, tried again."""

import base64

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.e2e.test_pictures import row

pytestmark = pytest.mark.e2e

READY = {"timeout": 40_000}
UPLOAD = "**/admin/image/upload"
SEND = """({ kind, files }) => {
  const transfer = new DataTransfer();
  for (const { data, name, type, size } of files) {
    const bytes = size ? new Uint8Array(size) : Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  const given = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent(kind, { ...given, clipboardData: transfer })
    : new DragEvent(kind, { ...given, dataTransfer: transfer });
  document.querySelector("main").dispatchEvent(event);
}"""

# How many uploads there were, and how many at the same time at the most, by the browser's clock.
AT_ONCE = """() => {
  const sent = performance.getEntriesByType("resource").filter((it) => it.name.endsWith("/upload"));
  const during = (one) => sent.filter(
    (it) => it.startTime <= one.startTime && one.startTime < it.responseEnd);
  return { all: sent.length, most: Math.max(...sent.map((one) => during(one).length)) };
}"""

ENDED = "it => Promise.all(it.getAnimations({ subtree: true }).map((one) => one.finished))"


@pytest.fixture
def page(page, site, log_in):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    return page


@pytest.fixture
def send(page):
    """Drag over, drop or paste files: each a name, its bytes or how many, and its kind."""

    def go(kind, *files):
        as_text = [
            {"name": name, "type": mime}
            | (
                {"size": data}
                if isinstance(data, int)
                else {"data": base64.b64encode(data).decode()}
            )
            for name, data, mime in files
        ]
        page.wait_for_load_state()
        page.evaluate(SEND, {"kind": kind, "files": as_text})

    return go


def jpeg(name, width):
    return name, pictures.jpeg(width, 301), "image/jpeg"


def notice(page, words):
    return page.locator(".notice", has_text=words)


def forgive(page, words):
    """The browser itself logs what goes wrong on its way."""
    page.troubles[:] = [trouble for trouble in page.troubles if words not in trouble]


def test_twenty_pictures_dropped_at_once_arrive_three_at_a_time(page, send, axe, shot):
    send("drop", *(jpeg(f"regatta {number}.jpg", 400 + number) for number in range(20)))

    expect(page.locator("tr[data-id][data-state=ready]", has_text="regatta")).to_have_count(
        20, **READY
    )
    expect(notice(page, "Upload successful")).to_have_count(1)
    expect(page.locator("body > [role=status]")).to_have_text("20 of 20 uploaded")
    assert page.evaluate(AT_ONCE) == {"all": 20, "most": 3}
    axe()
    shot("twenty")


def test_a_drag_over_the_page_says_where_to_drop(page, send, shot):
    send("dragover", jpeg("a.jpg", 300))
    words = "getComputedStyle(document.body, '::after').content"
    assert "Drop pictures or folders here" in page.evaluate(words)
    shot("dragged")
    send("dragleave", jpeg("a.jpg", 300))
    assert "Drop" not in page.evaluate(words)


def test_a_picture_is_pasted(page, send):
    send("paste", jpeg("clipping.jpg", 333))
    expect(row(page, "clipping")).to_have_attribute("data-state", "ready", **READY)


def test_what_would_be_refused_is_not_sent(page, send, axe, shot):
    sent = []
    page.on("request", lambda request: "/upload" in request.url and sent.append(request))
    huge = ("huge.png", 51_000_000, "image/png")
    send(
        "drop",
        ("notes.txt", b"words", "text/plain"),
        ("plan.svg", pictures.svg(), "image/svg+xml"),
        huge,
    )

    told = notice(page, "These were not uploaded:").locator("li")
    expect(told).to_have_text(
        [
            "notes.txt: This is not a picture of a kind that is accepted.",
            "plan.svg: SVG drawings are not accepted; save it as PNG or WebP instead.",
            "huge.png: This file is larger than 50 MB, the most that is accepted.",
        ]
    )
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent == []
    axe()
    shot("refused")


def test_what_a_broken_connection_stopped_is_tried_again(page, send):
    page.route(UPLOAD, lambda route: route.abort())
    send("drop", jpeg("storm.jpg", 345))
    told = notice(page, "storm.jpg: The connection broke before it had arrived.")
    expect(told).to_be_visible(timeout=15_000)
    page.unroute(UPLOAD)
    told.get_by_role("button", name="Try again").click()

    expect(row(page, "storm")).to_have_attribute("data-state", "ready", **READY)
    expect(told).to_have_count(0)
    forgive(page, "net::ERR_FAILED")


def test_what_is_dropped_meanwhile_leaves_the_rest_under_way(page, send):
    held = []

    def hold(route):
        held.append(route)

    page.route(UPLOAD, hold, times=1)
    with page.expect_request(UPLOAD):
        send("drop", jpeg("slow.jpg", 352))
    send("drop", jpeg("quick.jpg", 353))
    expect(row(page, "quick")).to_be_visible(**READY)
    expect(page.locator("body > [role=status]")).to_have_text("1 of 2 uploaded")
    expect(page.get_by_role("dialog")).to_be_visible()

    held[0].continue_()
    expect(row(page, "slow")).to_be_visible(**READY)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(notice(page, "Upload successful")).to_have_count(1)


def test_an_upload_is_cancelled(page, send):
    page.route(UPLOAD, lambda _route: None)  # it never ends
    send("drop", jpeg("regret.jpg", 346))
    page.locator(".uppy-DashboardContent-back").click()  # Cancel
    expect(page.locator(".uppy-Dashboard-Item")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(row(page, "regret")).to_have_count(0)


def test_all_is_reached_with_the_keyboard(page, axe, shot):
    page.get_by_role("button", name="Upload", exact=True).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="browse folders")).to_be_visible()
    page.locator(".uppy-Dashboard").evaluate(ENDED)  # it fades in
    axe()
    shot("uploader")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_focused()


def test_the_command_palette_opens_it(page, site):
    page.goto(f"{site.url}/admin/")
    page.keyboard.press("Control+k")
    page.keyboard.type("upload")
    expect(page.get_by_role("option", name="Upload pictures")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name="Upload pictures").click()
    dialog = page.locator(".uppy-Dashboard-inner")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_focused()
    expect(dialog).to_be_hidden()

    page.keyboard.press("Control+k")  # and again, from where it leads to
    page.keyboard.type("upload")
    page.get_by_role("option", name="Upload pictures").click()
    expect(dialog).to_be_visible()


def test_the_uploader_closes_where_nothing_may_move(page):
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.get_by_role("button", name="Upload", exact=True).click()
    name, data, mime = jpeg("still.jpg", 351)
    files = [{"name": name, "mimeType": mime, "buffer": data}]
    page.locator("input.uppy-Dashboard-input").first.set_input_files(files)
    expect(row(page, "still")).to_have_attribute("data-state", "ready", **READY)
    expect(page.locator(".uppy-Dashboard-inner")).to_be_hidden()
