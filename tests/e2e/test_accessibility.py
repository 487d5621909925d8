"""Every screen, in both languages, light and dark, wide and narrow: WCAG 2.2 AA.

Axe finds nothing, the console stays empty, nothing moves while a page loads, and
nothing is wider than the screen. With `SCREENSHOTS=folder` each is kept there as a picture.
"""

import pytest
from sqlalchemy import select

from cms.app import create_app
from cms.editorial.documents import upload
from cms.extensions import db
from cms.jobs import selections
from cms.jobs.models import Job, JobState
from cms.look import LANGUAGES
from cms.notifications.models import AdminNotification
from cms.tasks.mail import post
from cms.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import documents, pictures
from tests.factories import make_picture, make_upload, make_user
from tests.looking import NARROW, SHIFTS, WIDE, look_over
from tests.processes import wait_for

pytestmark = pytest.mark.e2e

NOT_THERE = "404 (NOT FOUND)"  # the browser itself says so of a page
PUBLIC = ("/login", "/reset", "/", "/no-such-page")
SCREENS = (
    "/change",
    "/admin/",
    "/admin/article/",
    "/admin/article/new/",
    "/admin/article/edit/?id=1",
    "/admin/article/details/?id=1",
    "/admin/article/revisions?id=1",
    "/admin/article/trash/",
    "/admin/page/",
    "/admin/page/edit/?id=1",
    "/admin/page/trash/",
    "/admin/image/",
    "/admin/image/?tab=failed",
    "/admin/image/?search=nothing+at+all",
    "/admin/image/?look=grid",
    "/admin/image/details/?id=1",
    "/admin/image/details/?id={failed}",
    "/admin/image/edit/?id=1",
    "/admin/image/trash/",
    "/admin/category/",
    "/admin/category/new/",
    "/admin/tag/",
    "/admin/menu/",
    "/admin/menu/edit/?name=main&language=en",
    "/admin/redirect/",
    "/admin/site-settings/",
    "/admin/document/",
    "/admin/document/edit/?id=1",
    "/admin/document/trash/",
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
    "/admin/site_import/",
    "/admin/site_import/file",
    "/admin/job/",
    "/admin/job/details/?id={job}",
    "/admin/link/",
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
    "/admin/audit_entry/",
    "/admin/user/",
    "/admin/user/details/?id=1",
    "/admin/user/new/",
    "/admin/role/",
    "/admin/log-in/",
    "/verify",
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
        upload([make_upload(documents.pdf(), "report.pdf")], make_user("editor"))
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


# Each width in each scheme once, and in the other language whether the words have room.
LOOKS = {
    "en": ((WIDE, ("light", "dark")), (NARROW, ())),
    "zh_Hans_CN": ((NARROW, ("light", "dark")), (WIDE, ())),
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
