"""An author writes, an editor reviews and schedules, the public reads; what fails is mended."""

import base64
import os
import re
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cms import clock
from cms.content import addresses
from cms.content.models import Article, State
from cms.extensions import db
from cms.mail.models import MailMessage
from cms.media.models import Image
from cms.tasks.content import publish_due
from tests import pictures
from tests.accessibility import findings
from tests.e2e.test_pictures import DROP
from tests.processes import PASSWORD, running, wait_for

pytestmark = pytest.mark.e2e

SOON = {"timeout": 20_000}
LOOKS = [
    (width, height, theme)
    for width, height in ((1440, 900), (390, 844))
    for theme in ("light", "dark")
]


VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""
LOADED = """[...document.querySelectorAll("figure picture img")].every(
  ({ complete, naturalWidth }) => complete && naturalWidth)"""
# Each kind of file that a picture names, with the address of each.
PICTURES = """pictures => pictures.map((picture) => {
  const img = picture.querySelector("img");
  const files = [...picture.querySelectorAll("source")].flatMap(({ type, srcset }) =>
    srcset.split(", ").map((one) => [type, one.split(" ")[0]]));
  const [alt, placeholder] = ["alt", "data-placeholder"].map((name) => img.getAttribute(name));
  return { alt, placeholder, files, width: img.width, height: img.height };
})"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of its own, whose worker is stopped for a while."""
    roles = ("administrator", "editor", "author", "viewer")
    with running(tmp_path_factory.mktemp("writing"), *roles, CMS_JOB_RETRY_DELAY="1") as site:
        yield site


@pytest.fixture
def desk(browser, site):
    """Open the administration as somebody; each page is without console errors at the end."""
    contexts, troubles = [], []

    def go(role, locale="en-US"):
        contexts.append(browser.new_context(locale=locale, viewport={"width": 1440, "height": 900}))
        page = contexts[-1].new_page()
        page.on("console", lambda m: m.type in ("error", "warning") and troubles.append(m.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{site.url}/login")
        page.locator("input[type=email], input[name=email]").first.fill(f"{role}@example.com")
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("form button[type=submit], form input[type=submit]").last.click()
        page.wait_for_url("**/admin/")
        return page

    go.troubles = troubles
    yield go
    for context in contexts:
        context.close()
    assert troubles == []


def looked_at(page, name):
    """Axe finds nothing, and nothing is wider than the screen, in any look."""
    page.wait_for_load_state("networkidle")
    for width, height, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        assert findings(page) == [], (name, width, theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        if folder := os.environ.get("SCREENSHOTS"):
            lang = page.evaluate("document.documentElement.lang")
            Path(folder).mkdir(parents=True, exist_ok=True)
            path = Path(folder, f"{name}-{lang}-{width}-{theme}.png")
            page.screenshot(path=path, full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})


def read_by_all(browser, site, title):
    """Return the alternative texts of the pictures in the text of a live article, as somebody
    finds them who is not logged in: each whole, with every file that its markup names."""
    with closing(browser.new_context()) as context:
        context.add_init_script(VIOLATIONS)
        page, troubles = context.new_page(), []
        page.on("console", lambda m: m.type in ("error", "warning") and troubles.append(m.text))
        with site.inside():
            address = site.url + addresses.quoted(addresses.of(at(site, title)))
        assert page.goto(address).status == 200
        expect(page.locator("h1")).to_have_text(title)
        shown = page.locator("figure picture")
        for img in shown.locator("img").all():
            img.scroll_into_view_if_needed()  # it is loaded when it is near
        page.wait_for_function(LOADED)
        found = shown.evaluate_all(PICTURES)
        for picture in found:
            assert len(picture["files"]) >= 2
            assert picture["width"] > 0 < picture["height"]
            assert picture["placeholder"].startswith(("data:image/", "#"))
            for kind, file in picture["files"]:
                answer = page.request.get(site.url + file)
                assert (answer.status, answer.headers["content-type"]) == (200, kind)
                assert len(answer.body()) > 100
        assert troubles == page.evaluate("window.violations") == []
        return [picture["alt"] for picture in found]


def begin(page, site, title):
    page.goto(f"{site.url}/admin/article/new/")
    page.locator("[name=title]").fill(title)
    page.locator("form[data-draft] button.btn-primary").click()
    page.wait_for_url("**/admin/article/edit/**")
    expect(page.locator("[data-editor][data-ready]")).to_be_visible()
    return page.url.partition("&")[0]


def do(page, what):
    """Press a button of the form, and wait for the page that it leads to."""
    with page.expect_navigation():
        page.locator(f'button[name="_do"][value="{what}"]:not([tabindex])').click()
    page.wait_for_load_state()


def tool(page, name):
    page.locator(f'[data-command="{name}"]').click()


def upload(page, *files):
    tool(page, "picture")
    sent = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files]
    page.locator("[data-picture-files]").set_input_files(sent)


def schedule(page):
    """Two minutes ahead, and a bit: the field knows no seconds."""
    page.locator("details:has(#publish_at) > summary").click()
    soon = clock.now() + timedelta(seconds=150)
    page.locator("#publish_at").fill(soon.strftime("%Y-%m-%dT%H:%M"))
    page.locator("#zone").fill("UTC")
    do(page, "step:schedule")


def photo(name):
    unlike = f"{name} {time.time()}".encode()
    return f"{name}.jpg", pictures.jpeg(640, 480, comment=unlike)


def saved(page):
    """Wait until what was typed is saved by itself."""
    form = page.locator("form#writing")
    saving, said = form.get_attribute("data-saving"), page.locator("[data-autosave-state]")
    expect(said).not_to_have_text(re.compile(f"^({re.escape(saving)})?$"), **SOON)
    expect(form).not_to_have_attribute("data-dirty", "", **SOON)


def at(site, title):
    with site.inside():
        return db.session.query(Article).filter_by(title=title).one()


def pass_time(site, **ahead):
    """Let the worker's job run as it will at that time."""
    with site.inside(), clock.stopped_at(clock.now() + timedelta(**ahead)):
        publish_due(clock.now())
        db.session.commit()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_an_article_is_written_reviewed_scheduled_and_goes_live(  # noqa: PLR0915 - one walk
    browser, site, desk, locale
):
    title = {"en-US": "Three boats", "zh-CN": "三艘渔船"}[locale]
    author, editor = desk("author", locale), desk("editor", locale)

    # Written, with pictures that are uploaded in their place
    address = begin(author, site, title)
    text = author.locator("#body-editor")
    text.click()
    author.keyboard.type("At dawn the ")
    author.keyboard.press("Control+b")
    author.keyboard.type("boats")
    author.keyboard.press("Control+b")
    author.keyboard.insert_text("归港。")
    author.keyboard.press("Enter")
    author.locator("[data-block]").select_option("2")
    author.keyboard.type("The catch")
    author.keyboard.press("Enter")
    upload(author, photo("first"), photo("second"))
    expect(author.locator(".placed")).to_have_count(2)
    name, data = photo("third")
    send = {"data": base64.b64encode(data).decode(), "name": name, "type": "image/jpeg"}
    author.evaluate(DROP, send)  # anywhere on the page
    shown = author.locator(".placed img")
    expect(shown).to_have_count(3)
    for number in range(3):
        expect(shown.nth(number)).to_have_attribute("src", re.compile("/media/"), **SOON)
    author.locator(".placed input[type=checkbox]").nth(0).check()
    author.locator(".placed-asks .form-control").nth(1).fill("A boat at the quay")
    expect(author.locator("[data-textless]")).to_contain_text("1")
    author.locator(".placed-caption").nth(2).click()
    author.keyboard.type("The third of them")
    author.locator("[data-cover-choose]").click()
    author.locator(".picker-tile").first.click()
    expect(author.locator("[data-cover-look] img")).to_be_visible()
    saved(author)
    expect(author.locator("[data-lacks]")).to_be_empty(**SOON)
    looked_at(author, "writing")
    author.locator("#comment").fill("Enough pictures?")
    do(author, "step:submit")
    body = at(site, title).body
    assert body.startswith(
        "<p>At dawn the <strong>boats</strong>归港。</p><h2>The catch</h2><figure>"
    )
    assert body.count("data-picture=") == 3
    assert 'alt=""' in body
    assert 'alt="A boat at the quay"' in body
    assert "<figcaption>The third of them</figcaption>" in body

    # Reviewed
    editor.goto(f"{site.url}/admin/article/")
    looked_at(editor, "articles")
    editor.locator("a.row-name", has_text=title).click()
    expect(editor.locator(".said")).to_contain_text("Enough pictures?")
    expect(author.locator("[data-presence]")).to_contain_text("editor@example.com", **SOON)
    editor.locator("#comment").fill("Yes.")
    do(editor, "comment")
    text = editor.locator("#body-editor")
    text.locator("p").first.click()
    editor.keyboard.press("End")
    editor.keyboard.type(" All three.")
    do(editor, "save")
    editor.goto(address.replace("edit/", "revisions"))
    expect(editor.locator(".changed ins")).to_contain_text("All three.")
    looked_at(editor, "revisions")
    editor.locator('input[name="earlier"][value="1"]').check()
    editor.locator("#compare button").click()
    expect(editor.locator(".changed-picture.is-added")).to_have_count(4)  # one is the cover
    editor.locator('input[name="earlier"][value="2"]').check()
    editor.locator("#compare button").click()
    with editor.expect_navigation():
        editor.locator('.restore button[value="2"]').click()
    assert "All three." not in at(site, title).body

    # Scheduled, two minutes ahead
    schedule(editor)
    assert at(site, title).state is State.SCHEDULED
    pass_time(site, minutes=1)
    assert at(site, title).state is State.SCHEDULED
    pass_time(site, minutes=3)
    article = at(site, title)
    assert article.state is State.PUBLISHED

    # Changed beside what is live
    author.goto(address)
    expect(author.locator("[data-editor][data-ready]")).to_be_visible()
    author.locator("#title").fill(f"{title} 2")
    saved(author)
    assert at(site, title).waiting
    editor.goto(address)
    expect(editor.locator("#title")).to_have_value(f"{title} 2")
    looked_at(editor, "waiting")
    do(editor, "publish-changes")
    assert at(site, f"{title} 2").waiting is None
    assert read_by_all(browser, site, f"{title} 2") == ["", "A boat at the quay", ""]


def test_what_was_saved_without_an_answer_is_no_conflict_with_oneself(site, desk):
    page = desk("author")
    begin(page, site, "Harbour at noon")
    summary = page.locator("[name=summary]")

    def type_unanswered(words):
        def lose(route):
            route.fetch()
            route.abort()

        page.route("**/admin/article/autosave", lose, times=1)
        with page.expect_event("requestfailed"):
            summary.fill(words)

    type_unanswered("Calm")
    summary.fill("Calm water")
    saved(page)
    type_unanswered("Rough")
    page.context.set_offline(True)
    page.locator('button[name="_do"][value="save"]:not([tabindex])').click()
    expect(page.get_by_text("No connection. Your text is kept in this browser")).to_be_visible()
    page.context.set_offline(False)
    summary.fill("Rough water")
    do(page, "save")
    expect(page.locator("[data-conflicts]")).to_have_count(0)
    assert at(site, "Harbour at noon").summary == "Rough water"
    desk.troubles[:] = [words for words in desk.troubles if "net::ERR_" not in words]


def test_what_a_proxy_refuses_is_told_and_not_sent_for_ever(site, desk):
    page = desk("author")
    begin(page, site, "Harbour at dusk")
    too_large = {"status": 413, "body": "<h1>Too large</h1>"}
    page.route("**/admin/article/autosave", lambda route: route.fulfill(**too_large), times=1)
    page.locator("[name=summary]").fill("Far too long")
    said = page.locator("[data-autosave-state]")
    expect(said).to_have_text("Not saved by itself yet: 413", **SOON)
    page.locator("[name=summary]").fill("Short")
    expect(said).to_have_text(re.compile("^Saved "), **SOON)
    assert at(site, "Harbour at dusk").summary == "Short"
    desk.troubles[:] = [words for words in desk.troubles if "413" not in words]


def test_what_fails_is_held_told_mended_and_goes_live(browser, site, desk):
    author = desk("author")
    site.stop("consumer")
    address = begin(author, site, "A broken mast")
    author.locator("#body-editor").click()
    upload(author, ("mast.jpg", pictures.truncated_jpeg(507, 300)))
    expect(author.locator(".placed-state")).to_have_text("Waiting", **SOON)
    tool(author, "embed")
    author.locator("#embed-address").fill("https://example.org/film")
    author.keyboard.press("Enter")
    expect(author.locator("[data-embed-wrong]")).to_contain_text("of YouTube, Vimeo, ")
    author.keyboard.press("Escape")
    saved(author)
    do(author, "step:submit")
    editor = desk("editor")
    editor.goto(address)
    schedule(editor)
    site.start_consumer()
    picture = wait_for(lambda: failed(site), "the picture to fail")
    pass_time(site, minutes=3)

    author.goto(address)
    expect(author.locator(".notice-danger")).to_contain_text("The picture “mast” has failed.")
    looked_at(author, "held")
    wait_for(lambda: told(site), "the mail")
    author.goto(f"{site.url}/admin/image/edit/?id={picture}")
    name, data = photo("whole mast")
    author.locator("input[type=file][name=file]").set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": data}
    )
    author.locator("form.replace button, .replace button").first.click()
    wait_for(lambda: ready(site, picture), "the picture")
    pass_time(site, minutes=6)
    assert at(site, "A broken mast").state is State.PUBLISHED
    assert read_by_all(browser, site, "A broken mast") == [""]


def told(site):
    with site.inside():
        return db.session.query(MailMessage).filter_by(recipient="author@example.com").first()


def failed(site):
    with site.inside():
        image = db.session.query(Image).filter_by(title="mast").one()
        return image.id if image.status.value == "failed" else None


def ready(site, picture):
    with site.inside():
        return db.session.get(Image, picture).status.value == "ready"
