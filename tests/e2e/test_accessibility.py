"""Every screen, in both languages, light and dark, wide and narrow: WCAG 2.2 AA.

Axe finds nothing, the console stays empty, nothing moves while a page loads, and
nothing is wider than the screen. With `SCREENSHOTS=folder` each is kept there as a picture.
"""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import select

from cms.app import create_app
from cms.extensions import db
from cms.jobs import selections
from cms.jobs.models import Job, JobState
from cms.look import LANGUAGES
from cms.notifications.models import AdminNotification
from cms.tasks.mail import post
from cms.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import pictures
from tests.factories import make_picture
from tests.processes import wait_for

pytestmark = pytest.mark.e2e

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast"]
NOT_THERE = "404 (NOT FOUND)"  # the browser itself says so of a page
MOST_SHIFT = 0.01

SHIFTS = """
window.shifted = 0;
window.movers = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (shift.hadRecentInput) continue;
    window.shifted += shift.value;
    window.movers.push(...shift.sources.map((it) => it.node?.outerHTML?.slice(0, 120)));
  }
}).observe({ type: "layout-shift", buffered: true });
"""

PUBLIC = ("/login", "/", "/no-such-page")
SCREENS = (
    "/change",
    "/admin/",
    "/admin/image/",
    "/admin/image/?tab=failed",
    "/admin/image/?search=nothing+at+all",
    "/admin/image/?look=grid",
    "/admin/image/details/?id=1",
    "/admin/image/details/?id={failed}",
    "/admin/image/edit/?id=1",
    "/admin/image/trash/",
    "/admin/library/",
    "/admin/alt-text/",
    "/admin/image_preset/",
    "/admin/image_preset/new/",
    "/admin/image_preset/edit/?id=thumbnail",
    "/admin/image_preset/regenerate?id=thumbnail",
    "/admin/export/",
    "/admin/export/choose?source=image",
    "/admin/import/",
    "/admin/import/file?source=image",
    "/admin/job/",
    "/admin/job/details/?id={job}",
    "/admin/schedule/",
    "/admin/queue/",
    "/admin/worker/",
    "/admin/notification/",
    "/admin/notification/?tab=resolved",
    "/admin/notification/details/?id={notification}",
    "/admin/selection/",
    "/admin/selection/details/?id={selection}",
    "/admin/token/",
    "/admin/token/new/",
    "/admin/mail/",
    "/admin/mail/details/?id={mail}",
    "/admin/webhook/",
    "/admin/webhook/new/",
    "/admin/webhook/edit/?id={webhook}",
    "/admin/webhook/details/?id={webhook}",
    "/admin/webhook_delivery/",
    "/admin/webhook_delivery/details/?id={call}",
)

WITHOUT_SCREEN = {"/admin/undo/", "/admin/view/"}  # forms are sent there, and lead back


@pytest.fixture(scope="module")
def screens(site):
    """The address of each screen, with something on it: also one thing that has failed."""
    site.flask("demo")
    with site.inside():
        broken = make_picture(pictures.truncated_jpeg(), "regatta.jpg")
        letter = post("ada@example.com", "test")
        hook = WebhookEndpoint(name="Shop", url="https://shop.example/", enabled=False)
        call = WebhookDelivery(endpoint=hook, event="picture.ready", payload={}, state="delivered")
        db.session.add(call)
        act = selections.find("notification", "resolve")
        selection, _count = selections.choose(act, select(AdminNotification.id), None)
        db.session.commit()
        ids = {"mail": letter.id, "webhook": hook.id, "call": call.id}
        ids |= {"selection": selection.id, "failed": broken.id}
        wait_for(lambda: note_of(ids), "the failure to be told")
        wait_for(lambda: not moving(), "all jobs")
    return [address.format(**ids) for address in SCREENS]


def note_of(ids):
    db.session.rollback()
    if job := db.session.scalar(select(Job).where(Job.state == JobState.FAILED)):
        ids["job"] = job.id
    ids["notification"] = db.session.scalar(select(AdminNotification.id))
    return ids["notification"]


def moving():
    db.session.rollback()
    states = (JobState.QUEUED, JobState.RUNNING, JobState.RETRYING)
    return db.session.scalar(select(Job.id).where(Job.state.in_(states)))


def findings(page, rules):
    """What axe finds on the page as it is, with these rules or the rules of these tags."""
    found = page.evaluate(
        "rules => axe.run({ resultTypes: ['violations'], runOnly: rules })", rules
    )
    return [(one["id"], *node["target"]) for one in found["violations"] for node in one["nodes"]]


def look_over(page, address, size, schemes):
    """Return what is wrong with a page of one size: in the first scheme by every rule, in
    the others by those about colours."""
    page.set_viewport_size(size)
    page.goto(address)
    page.evaluate(Axe().axe_script)
    wrong = []
    for scheme, rules in zip(schemes, (RULES, COLOURS), strict=False):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        wrong += [(scheme, *found) for found in findings(page, rules)]
    if (shifted := page.evaluate("window.shifted")) > MOST_SHIFT:
        wrong.append(("layout-shift", shifted, *page.evaluate("window.movers")))
    if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
        wrong.append(("wider than the screen",))
    if folder := os.environ.get("SCREENSHOTS"):
        name = re.sub(r"\W+", "-", f"{urlsplit(address).path} {urlsplit(address).query}").strip("-")
        language = page.locator("html").get_attribute("lang")
        page.screenshot(path=Path(folder, f"{name}-{language}-{size['width']}-{scheme}.png"))
    return wrong


# Colours are those of both languages, so that they are looked at in one only.
LOOKS = {
    "en": ((WIDE, ("light", "dark")), (NARROW, ("dark", "light"))),
    "zh_Hans_CN": ((WIDE, ("dark",)), (NARROW, ("light",))),
}


@pytest.mark.parametrize("language", [code for code, _name in LANGUAGES])
def test_every_screen_meets_wcag_2_2_aa(page, site, screens, log_in, language):
    page.context.add_cookies([{"name": "cms_locale", "value": language, "url": site.url}])
    page.add_init_script(SHIFTS)
    wrong = {}
    for address in (*PUBLIC, *screens):
        if address == screens[0]:
            log_in("administrator")
        for size, schemes in LOOKS[language]:
            if found := look_over(page, site.url + address, size, schemes):
                wrong[address, size["width"]] = found
    assert wrong == {}
    page.troubles[:] = [words for words in page.troubles if NOT_THERE not in words]


def test_no_screen_is_forgotten(tmp_path):
    app = create_app({"CMS_ENV": "testing", "CMS_DATA_DIR": str(tmp_path)})
    (admin,) = app.extensions["admin"]
    shown = {address.partition("?")[0] for address in SCREENS}
    assert {f"{view.url.rstrip('/')}/" for view in admin._views} - shown == WITHOUT_SCREEN
    with app.app_context():
        db.engine.dispose()
