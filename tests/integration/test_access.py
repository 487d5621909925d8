"""Who may ask for what: every address, with every role."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from sqlalchemy import func, select

from cms import clock
from cms.accounts.policy import ROLES
from cms.accounts.sessions import LoginSession
from cms.admin.audit import REFUSALS
from cms.audit.models import AuditEntry
from cms.editorial import moving, queue, trash
from cms.editorial import presets as preset_acts
from cms.editorial import schedules as acts
from cms.editorial.exchange import begin_export, begin_import
from cms.editorial.pictures import replace_file
from cms.editorial.tokens import make as make_token
from cms.exchange import sources
from cms.exchange.models import Format
from cms.exchange.sources import Scope
from cms.extensions import db
from cms.imaging.presets import Preset, Shape
from cms.jobs import ledger, schedules, selections
from cms.jobs.consumer import Heart
from cms.jobs.models import Job
from cms.media import presets
from cms.media.models import Image
from cms.moving.models import Origin
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from cms.tasks.mail import post
from cms.tasks.webhooks import announce
from cms.views.models import SavedView
from cms.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import pictures, snapshots
from tests.factories import form_file, make_picture, make_upload, make_user
from tests.integration import test_shelf_access, test_writing_screens
from tests.processes import PASSWORD
from tests.queries import statements
from tests.sites import WordPress
from tests.toy_tasks import write_toy

TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
JSON = {"Accept": "application/json"}
PUBLIC = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/",
    "/login",
    "/reset",
    "/reset/<token>",
    "/language",
    "/media/<path:key>",
    "/document/<int(max=2147483647):document_id>/<path:name>",
    "/preview/<token>",
    "/robots.txt",
    "/.well-known/security.txt",
    "/sitemap.xml",
    "/sitemap/pages.xml",
    "/sitemap/articles-<int(max=1000000):part>.xml",
    "/<language:language>/",
    "/<language:language>/<path:rest>",
    "/<language:language>/articles",
    "/<language:language>/search",
    "/<language:language>/feed",
    "/<language:language>/feed/categories/<path:path>",
    "/static/<mark>/<path:filename>",
}
PUBLIC |= {"/favicon.ico", "/healthz", "/readyz", "/api/v1/", "/api/v1/openapi.json"}
NOWHERE = ("https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
           "https:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example",
           "///evil.example", "evil.example", " //evil.example", "@evil.example")  # fmt: skip


@pytest.fixture
def world(once, run_jobs):
    made = once(make_world, run_jobs)
    Heart(huey, threads=3).beat()  # or it would be told, after a while, that none is left
    db.session.commit()
    return made


def make_world(run_jobs):
    """A ready picture, and a failed one with its job and notification, of somebody else."""
    other = make_user("editor", "other@example.com")
    switched_off = make_user("editor", "off@example.com")
    switched_off.active = False
    log_in = LoginSession(user_id=other.id, digest="0" * 64, address="192.0.2.7")
    db.session.add(log_in)
    ready, failed = make_picture(owner=other), make_picture(owner=other)
    deleted = make_picture(owner=other, filename="deleted.jpg")
    replace_file(ready, make_upload(pictures.jpeg(80, 60)), other)
    failed_job = db.session.query(Job).filter_by(subject_id=str(failed.id)).one()
    db.session.commit()
    fail(failed_job)
    run_jobs()
    trash.delete_picture(deleted, other)
    notification = db.session.query(AdminNotification).one()
    letter = post("ada@example.com", "test")
    endpoint = WebhookEndpoint(name="Shop", url="https://shop.example/", events=["picture.ready"])
    off = WebhookEndpoint(name="Till", url="https://till.example/", events=[], enabled=False)
    db.session.add_all([endpoint, off])
    db.session.flush()
    announce("picture.ready", {"id": ready.id})
    call = db.session.query(WebhookDelivery).one()
    Heart(huey, threads=3).beat()
    schedules.submit_due(huey)
    acts.pause(acts.find("clear_incoming"))
    db.session.commit()
    huey.flush()  # nothing is sent
    fail(job_for("mail", letter))
    fail(job_for("webhook_delivery", call))
    early = write_toy.submit("early", at=clock.now() + timedelta(hours=1))
    resolve = selections.find("notification", "resolve")
    selection, _count = selections.choose(resolve, select(AdminNotification.id), other)
    db.session.add(presets.as_row(Preset("card", Shape.CROP, 40, 30)))
    db.session.add(presets.as_row(Preset("tall", Shape.CROP, 30, 40)))
    db.session.flush()
    preset_acts.switch(presets.find("tall"), on=False)
    queue.pause(["retry_group"], other)
    views = [
        SavedView(list="image", name=name, owner_id=other.id, shared=name == "Shared", query={})
        for name in ("Shared", "Private")
    ]
    db.session.add_all(views)
    pictures_list = sources.find("image")
    export = begin_export(pictures_list, other, Scope("all"), ["id"], Format.CSV)
    taken_in = begin_import(pictures_list, other, make_upload(b"ID,Title\n1,x\n", "x.csv"))
    site = moving.begin(Origin.WORDPRESS, other, make_upload(WordPress().xml(), "x.xml"))
    token, _text = make_token(other, "Other's", ["pictures:read"], None)
    db.session.commit()
    return {
        "other": other.id,
        "switched_off": switched_off.id,
        "other_log_in": log_in.id,
        "id": ready.id,
        "failed": failed.id,
        "deleted": deleted.id,
        "job": failed_job.id,
        "notification": notification.id,
        "mail": letter.id,
        "webhook": endpoint.id,
        "off": off.id,
        "call": call.id,
        "worker": huey.consumer_id,
        "early": early.id,
        "selection": selection.id,
        "shared": views[0].id,
        "private": views[1].id,
        "export": export.id,
        "token": token.id,
        "trail": db.session.scalar(select(func.min(AuditEntry.id))),
        "import": taken_in.id,
        "site_import": site.id,
        "key": ready.renditions[0].key,
    }


def fail(job):
    """Let a job fail for good, as its last attempt would."""
    job.attempts_allowed = 1
    db.session.flush()
    ledger.claim(job.id, huey.holder())
    huey.record_failure(job.id, 1, RuntimeError("broken"))
    db.session.commit()


def job_for(kind, thing):
    return db.session.query(Job).filter_by(subject_kind=kind, subject_id=str(thing.id)).one()


def everything():
    """All that the database holds, to be compared with what it held before; but not that
    somebody was refused, has logged in, or has forgotten a password."""
    db.session.rollback()
    trail = AuditEntry.__table__
    others = trail.c.action.not_in((*REFUSALS, "log in", "forgot password"))
    known = {trail.name: trail.select().where(others)}
    return {
        table.name: sorted(map(repr, db.session.execute(known.get(table.name, table.select()))))
        for table in db.metadata.sorted_tables
    }


@pytest.fixture
def addresses(ctx, world):
    """Every rule with its address, arguments filled in, and its methods."""
    filled = {"mark": "x", "filename": "css/cms.css", "export_type": "csv", "key": world["key"]}
    filled |= {"document_id": 1, "name": "x"}
    filled |= {"language": "en", "rest": "x", "path": "x", "part": 0, "token": "x"}
    adapter = ctx.url_map.bind("localhost")
    found = {}
    for rule in ctx.url_map.iter_rules():
        if rule.rule.startswith("/api/") and rule.rule not in PUBLIC:
            continue  # tests/integration/test_api_tokens.py tells of these
        arguments = {name: filled[name] for name in rule.arguments}
        method = "GET" if "GET" in rule.methods else "POST"
        path = urlsplit(adapter.build(rule.endpoint, arguments, method=method)).path
        found[rule.rule] = (path, rule.methods & {"GET", "POST"})
    return found


# Strangers


def test_strangers_are_sent_to_log_in_from_everywhere_but_the_public_pages(client, addresses):
    before = everything()
    assert set(addresses) >= PUBLIC
    for rule, (path, methods) in addresses.items():
        for method in ("GET", "POST"):
            answer = client.open(path, method=method)
            if method not in methods:
                assert answer.status_code == 405, (method, path)
            elif rule not in PUBLIC:
                assert answer.status_code == 302, (method, path)
                assert answer.location.startswith("/login"), (method, path)
            else:
                assert answer.status_code in (200, 301, 302, 400, 404, 429, 503), (
                    method,
                    path,
                )
            answer.close()
    assert everything() == before


def test_programs_of_strangers_are_told_so(client, addresses):
    for rule, (path, methods) in addresses.items():
        for method in methods if rule not in PUBLIC else ():
            answer = client.open(path, method=method, headers=JSON)
            assert answer.status_code == 401, (method, path)
            assert answer.json == {"error": "Please log in first."}


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/person/", "/admin/static/x.js", "/fs-static/js/webauthn.js",
             "/register", "/confirm", "/console", "/.env", "/api/v2/", "/media/../secret_key"]
)  # fmt: skip
def test_what_is_not_there_is_not_there(client, path):
    assert client.get(path).status_code in (308, 404)


def test_public_pages_tell_strangers_nothing_of_the_admin(client, world):
    text = client.get("/").text
    assert "other@example.com" not in text
    assert "/admin/image" not in text


# Roles

V, A, E, D = ROLES
ALL = dict.fromkeys(ROLES, 200)
EDITORS = {V: 403, A: 403, E: 200, D: 200}
ADMINISTRATORS = {V: 403, A: 403, E: 403, D: 200}
NOT_THERE = dict.fromkeys(ROLES, 404)
NOBODY = dict.fromkeys(ROLES, 403)
INSIDE_ALREADY = dict.fromkeys(ROLES, 302)
OTHERS = {V: 403, A: 403, E: 404, D: 404}
AUTHORS = {V: 403, A: 200, E: 200, D: 200}
AUTHORS_NOT_THERE = {V: 403, A: 404, E: 404, D: 404}

PAGES = {
    "/": ALL,
    "/admin/": ALL,
    "/change": ALL,
    "/verify": ALL,
    "/admin/log-in/": ALL,
    "/admin/log-in/details/?id={other_log_in}": NOT_THERE,
    "/admin/log-in/edit/?id={other_log_in}": NOT_THERE,
    "/admin/log-in/new/": NOT_THERE,
    "/admin/log-in/export/csv/": NOT_THERE,
    "/admin/log-in/ajax/lookup/?name=x": NOBODY,
    "/admin/log-in/choices/?name=x": NOT_THERE,
    "/admin/user/": ADMINISTRATORS,
    "/admin/user/?tab=invited&part=rows": ADMINISTRATORS,
    "/admin/user/details/?id={other}": ADMINISTRATORS,
    "/admin/user/edit/?id={other}": ADMINISTRATORS,
    "/admin/user/edit/?id=999999": {V: 403, A: 403, E: 403, D: 404},
    "/admin/user/new/": ADMINISTRATORS,
    "/admin/user/export/csv/": NOT_THERE,
    "/admin/user/ajax/lookup/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/user/choices/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/role/": ADMINISTRATORS,
    "/second-factor": ALL,
    "/second-factor/passkey": ALL,
    "/second-factor/recovery-codes": ALL,
    "/second-factor/remove-passkey": INSIDE_ALREADY,
    "/login/choose": INSIDE_ALREADY,
    "/login/code": INSIDE_ALREADY,
    "/login/passkey": INSIDE_ALREADY,
    "/login/recovery-code": INSIDE_ALREADY,
    "/login/rescue": NOT_THERE,
    "/admin/image/": ALL,
    "/admin/image/?part=rows": ALL,
    "/admin/image/status?ids={id},{failed}": ALL,
    "/admin/image/edit/?id={own}": {V: 403, A: 200, E: 200, D: 200},
    "/admin/image/edit/?id={id}": EDITORS,
    "/admin/image/edit/?id=999": {V: 403, A: 404, E: 404, D: 404},
    "/admin/image/details/?id={id}": ALL,
    "/admin/image/original?id={id}": EDITORS,
    "/admin/image/original?id={own}": {V: 403, A: 200, E: 200, D: 200},
    "/admin/image/original?id={id}&version=1": EDITORS,
    "/admin/image/original?id={id}&version=2": {V: 403, A: 403, E: 404, D: 404},
    "/admin/image/new/": NOT_THERE,
    "/admin/image/trash/": EDITORS,
    "/admin/image/trash/?part=rows": EDITORS,
    "/admin/image/trash/preview?id={deleted}": EDITORS,
    "/admin/image/trash/preview?id={id}": {V: 403, A: 403, E: 404, D: 404},
    "/admin/image/edit/?id={deleted}": {V: 403, A: 404, E: 404, D: 404},
    "/admin/image/details/?id={deleted}": NOT_THERE,
    "/admin/image/trash/details/?id={deleted}": NOT_THERE,
    "/admin/image/trash/edit/?id={deleted}": NOT_THERE,
    "/admin/image/trash/new/": NOT_THERE,
    "/admin/image/trash/export/csv/": NOT_THERE,
    "/admin/image/trash/choices/?name=x": NOT_THERE,
    "/admin/image/trash/ajax/lookup/?name=x": {V: 403, A: 404, E: 404, D: 404},
    "/admin/image/export/csv/": NOT_THERE,
    "/admin/image/ajax/lookup/?name=owner": {V: 403, A: 404, E: 404, D: 404},
    "/admin/image/choices/?name=x": NOT_THERE,
    "/admin/image/choices/?name=owner_of": ALL,
    "/admin/library/": EDITORS,
    "/admin/library/status": EDITORS,
    "/admin/alt-text/": {V: 403, A: 200, E: 200, D: 200},
    "/admin/image_preset/": EDITORS,
    "/admin/image_preset/edit/?id=thumbnail": ADMINISTRATORS,
    "/admin/image_preset/edit/?id=nothing": {V: 403, A: 403, E: 403, D: 404},
    "/admin/image_preset/new/": ADMINISTRATORS,
    "/admin/image_preset/regenerate?id=thumbnail&all=1": ADMINISTRATORS,
    "/admin/image_preset/regenerate?id=nothing": {V: 403, A: 403, E: 403, D: 302},
    "/admin/image_preset/details/?id=thumbnail": NOT_THERE,
    "/admin/image_preset/export/csv/": NOT_THERE,
    "/admin/image_preset/ajax/lookup/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/image_preset/choices/?name=x": {V: 403, A: 403, E: 404, D: 404},
    "/admin/job/": EDITORS,
    "/admin/job/status?ids={job}": EDITORS,
    "/admin/job/details/?id={job}": EDITORS,
    "/admin/job/details/?id=999": {V: 403, A: 403, E: 404, D: 404},
    "/admin/job/edit/?id={job}": NOT_THERE,
    "/admin/job/new/": NOT_THERE,
    "/admin/job/export/csv/": NOT_THERE,
    "/admin/job/ajax/lookup/?name=x": dict.fromkeys(ROLES, 403),
    "/admin/job/choices/?name=x": {V: 403, A: 403, E: 404, D: 404},
    "/admin/notification/": ADMINISTRATORS,
    "/admin/notification/details/?id={notification}": ADMINISTRATORS,
    "/admin/pulse": ALL,
    "/admin/view/?id={shared}": dict.fromkeys(ROLES, 302),
    "/admin/view/?id={private}": NOT_THERE,
    "/admin/session": ALL,
    "/admin/export/": {V: 403, A: 403, E: 200, D: 200},
    "/admin/export/choose?source=image": EDITORS,
    "/admin/export/choose?source=job": {V: 403, A: 403, E: 404, D: 404},
    "/admin/export/status?ids={export}": EDITORS,
    "/admin/export/details/?id={export}": OTHERS,
    "/admin/export/download?id={export}": OTHERS,
    "/admin/export/edit/?id={export}": NOT_THERE,
    "/admin/export/new/": NOT_THERE,
    "/admin/export/export/csv/": NOT_THERE,
    "/admin/export/choices/?name=x": {V: 403, A: 403, E: 404, D: 404},
    "/admin/export/ajax/lookup/?name=x": {V: 403, A: 403, E: 404, D: 404},
    "/admin/import/": AUTHORS,
    "/admin/import/file?source=image": AUTHORS,
    "/admin/import/file?source=job": AUTHORS_NOT_THERE,
    "/admin/import/status?ids={import}": AUTHORS,
    "/admin/import/details/?id={import}": AUTHORS_NOT_THERE,
    "/admin/import/problems?id={import}": AUTHORS_NOT_THERE,
    "/admin/import/edit/?id={import}": NOT_THERE,
    "/admin/import/new/": NOT_THERE,
    "/admin/import/export/csv/": NOT_THERE,
    "/admin/import/choices/?name=x": AUTHORS_NOT_THERE,
    "/admin/import/ajax/lookup/?name=x": AUTHORS_NOT_THERE,
    "/admin/site_import/": EDITORS,
    "/admin/site_import/file": EDITORS,
    "/admin/site_import/status?ids={site_import}": EDITORS,
    "/admin/site_import/details/?id={site_import}": OTHERS,
    "/admin/site_import/report?id={site_import}": OTHERS,
    "/admin/site_import/edit/?id={site_import}": NOT_THERE,
    "/admin/site_import/new/": NOT_THERE,
    "/admin/site_import/export/csv/": NOT_THERE,
    "/admin/site_import/choices/?name=x": {V: 403, A: 403, E: 404, D: 404},
    "/admin/site_import/ajax/lookup/?name=x": {V: 403, A: 403, E: 404, D: 404},
    "/admin/palette": ALL,
    "/admin/selection/": {V: 403, A: 200, E: 200, D: 200},
    "/admin/selection/status?ids={selection}": {V: 403, A: 404, E: 404, D: 200},
    "/admin/selection/details/?id={selection}": {V: 403, A: 404, E: 404, D: 200},
    "/admin/selection/edit/?id={selection}": NOT_THERE,
    "/admin/selection/new/": NOT_THERE,
    "/admin/selection/export/csv/": NOT_THERE,
    "/admin/selection/ajax/lookup/?name=x": NOBODY,
    "/admin/selection/choices/?name=x": {V: 403, A: 404, E: 404, D: 404},
    "/admin/token/": ALL,
    "/admin/token/new/": ALL,
    "/admin/token/details/?id=1": NOT_THERE,
    "/admin/token/edit/?id=1": NOT_THERE,
    "/admin/token/export/csv/": NOT_THERE,
    "/admin/token/ajax/lookup/?name=x": NOT_THERE,
    "/admin/token/choices/?name=x": NOT_THERE,
    "/admin/audit_entry/": ADMINISTRATORS,
    "/admin/audit_entry/details/?id={trail}": ADMINISTRATORS,
    "/admin/audit_entry/edit/?id={trail}": NOT_THERE,
    "/admin/audit_entry/new/": NOT_THERE,
    "/admin/audit_entry/export/csv/": NOT_THERE,
    "/admin/audit_entry/ajax/lookup/?name=x": NOBODY,
    "/admin/audit_entry/choices/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/mail/": ADMINISTRATORS,
    "/admin/mail/status?ids={mail}": ADMINISTRATORS,
    "/admin/mail/details/?id={mail}": ADMINISTRATORS,
    "/admin/mail/edit/?id={mail}": NOT_THERE,
    "/admin/mail/new/": NOT_THERE,
    "/admin/mail/export/csv/": NOT_THERE,
    "/admin/mail/ajax/lookup/?name=x": NOBODY,
    "/admin/mail/choices/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/webhook/": ADMINISTRATORS,
    "/admin/webhook/details/?id={webhook}": ADMINISTRATORS,
    "/admin/webhook/edit/?id={webhook}": ADMINISTRATORS,
    "/admin/webhook/new/": ADMINISTRATORS,
    "/admin/webhook/export/csv/": NOT_THERE,
    "/admin/webhook/ajax/lookup/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/webhook/choices/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/webhook_delivery/": ADMINISTRATORS,
    "/admin/webhook_delivery/status?ids={call}": ADMINISTRATORS,
    "/admin/webhook_delivery/details/?id={call}": ADMINISTRATORS,
    "/admin/webhook_delivery/edit/?id={call}": NOT_THERE,
    "/admin/webhook_delivery/new/": NOT_THERE,
    "/admin/webhook_delivery/export/csv/": NOT_THERE,
    "/admin/webhook_delivery/ajax/lookup/?name=x": NOBODY,
    "/admin/webhook_delivery/choices/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/link/": AUTHORS,
    "/admin/link/?part=rows": AUTHORS,
    "/admin/link/details/?id=1": NOT_THERE,
    "/admin/link/edit/?id=1": NOT_THERE,
    "/admin/link/new/": NOT_THERE,
    "/admin/link/export/csv/": NOT_THERE,
    "/admin/link/ajax/lookup/?name=x": OTHERS,
    "/admin/link/choices/?name=x": AUTHORS_NOT_THERE,
    "/admin/schedule/": ADMINISTRATORS,
    "/admin/schedule/?part=rows": ADMINISTRATORS,
    "/admin/schedule/status?ids=prune": ADMINISTRATORS,
    "/admin/schedule/details/?id=prune": NOT_THERE,
    "/admin/schedule/edit/?id=prune": NOT_THERE,
    "/admin/schedule/new/": NOT_THERE,
    "/admin/schedule/export/csv/": NOT_THERE,
    "/admin/schedule/ajax/lookup/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/schedule/choices/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/queue/": ADMINISTRATORS,
    "/admin/queue/?span=week": ADMINISTRATORS,
    "/admin/queue/?span=year": {V: 403, A: 403, E: 403, D: 404},
    "/admin/queue/figures": ADMINISTRATORS,
    "/admin/worker/": ADMINISTRATORS,
    "/admin/worker/details/?id={worker}": NOT_THERE,
    "/admin/worker/edit/?id={worker}": NOT_THERE,
    "/admin/worker/new/": NOT_THERE,
    "/admin/worker/export/csv/": NOT_THERE,
    "/admin/worker/ajax/lookup/?name=x": NOBODY,
    "/admin/worker/choices/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/notification/edit/?id={notification}": NOT_THERE,
    "/admin/notification/new/": NOT_THERE,
    "/admin/notification/export/csv/": NOT_THERE,
    "/admin/notification/ajax/lookup/?name=x": {V: 403, A: 403, E: 403, D: 404},
    "/admin/notification/choices/?name=x": {V: 403, A: 403, E: 403, D: 404},
}

ANYBODY = dict.fromkeys(ROLES, 302)
SAVED = {V: 403, A: 403, E: 302, D: 302}
TOLD = {V: 403, A: 403, E: 403, D: 302}

_WRITES = ("INSERT", "UPDATE", "DELETE")
ALL_PICTURES = {"source": "image", "which": "all", "format": "csv", "column": "id"}

ACTS = [
    ("/admin/log-in/end", {"id": "{other_log_in}"}, NOT_THERE),
    ("/admin/log-in/end-others", {}, ANYBODY),
    ("/admin/log-in/delete/", {"id": "{other_log_in}"}, NOT_THERE),
    ("/admin/log-in/action/", {"action": "delete", "rowid": "{other_log_in}"}, NOBODY),
    ("/admin/log-in/ajax/update/", {"id": "{other_log_in}"}, NOT_THERE),
    ("/admin/user/new/", {"email": "new@example.com", "roles": "editor"}, TOLD),
    ("/admin/user/edit/?id={other}", {"name": "Ada", "roles": "viewer"}, TOLD),
    ("/admin/user/send-link", {"id": "{other}"}, TOLD),
    ("/admin/user/switch-off", {"id": "{other}"}, TOLD),
    ("/admin/user/switch-on", {"id": "{switched_off}"}, TOLD),
    ("/admin/user/log-out", {"id": "{other}"}, TOLD),
    ("/admin/user/reset-second-factor", {"id": "{other}"}, TOLD),
    ("/admin/user/end", {"log_in": "{other_log_in}"}, TOLD),
    ("/admin/user/end", {"log_in": "999999"}, {V: 403, A: 403, E: 403, D: 404}),
    ("/admin/user/delete/", {"id": "{other}"}, NOT_THERE),
    ("/admin/user/action/", {"action": "delete", "rowid": "{other}"}, NOBODY),
    ("/admin/user/ajax/update/", {"id": "{other}"}, {V: 403, A: 403, E: 403, D: 404}),
    ("/admin/image/edit/?id={own}", {"title": "Mine"}, SAVED | {A: 302}),
    ("/admin/image/edit/?id={id}", {"title": "Mine"}, SAVED),
    ("/admin/image/edit/?id=999", {"title": "Mine"}, {V: 403, A: 404, E: 404, D: 404}),
    (
        "/admin/image/ajax/update/",
        {"id": "{own}", "column": "title", "value": "Mine", "seen": "picture"},
        {V: 403, A: 200, E: 200, D: 200},
    ),
    (
        "/admin/image/ajax/update/",
        {"id": "{id}", "column": "alt_text", "value": "Mine", "seen": ""},
        {V: 403, A: 403, E: 200, D: 200},
    ),
    (
        "/admin/image/action/",
        {"action": "edit", "rowid": "{own}", "save": "1", "set-alt_text": "1", "new-alt_text": "x"},
        SAVED | {A: 302},
    ),
    ("/admin/undo/", {"token": "forged"}, dict.fromkeys(ROLES, 400)),
    ("/admin/image/new/", {"title": "Mine"}, NOT_THERE),
    ("/admin/image/retry", {"id": "{own}"}, SAVED | {A: 302}),
    ("/admin/image/retry", {"id": "{failed}"}, SAVED),
    ("/admin/image/retry", {"id": "999"}, {V: 403, A: 404, E: 404, D: 404}),
    ("/admin/image/restore", {"id": "{id}", "version": "1"}, SAVED),
    ("/admin/image/restore", {"id": "{own}", "version": "1"}, {V: 403, A: 404, E: 404, D: 404}),
    ("/admin/image/remove-version", {"id": "{id}", "version": "1"}, SAVED),
    (
        "/admin/image/remove-version",
        {"id": "{id}", "version": "x"},
        {V: 403, A: 403, E: 404, D: 404},
    ),
    ("/admin/image/action/", {"action": "delete", "rowid": "{id}"}, SAVED),
    ("/admin/image/action/", {"action": "delete", "everything": "1"}, SAVED),
    ("/admin/image/action/", {"action": "retry", "rowid": "{own}"}, SAVED | {A: 302}),
    ("/admin/image/action/", {"action": "retry", "everything": "1"}, SAVED | {A: 302}),
    ("/admin/present", {"screen": "image", "id": "{id}"}, ALL),
    ("/admin/present", {"screen": "image", "id": "999"}, NOT_THERE),
    ("/admin/present", {"screen": "image", "id": "{deleted}"}, NOT_THERE),
    ("/admin/present", {"screen": "webhook", "id": "{webhook}"}, ADMINISTRATORS),
    ("/admin/present", {"screen": "queue", "id": "1"}, NOT_THERE),
    ("/admin/image/delete/", {"id": "{failed}"}, SAVED),
    ("/admin/image/trash/restore", {"id": "{deleted}"}, SAVED),
    ("/admin/image/trash/purge", {"id": "{deleted}"}, TOLD),
    ("/admin/image/trash/empty", {}, TOLD),
    ("/admin/image/trash/action/", {"action": "restore", "rowid": "{deleted}"}, SAVED),
    ("/admin/image/trash/action/", {"action": "restore", "everything": "1"}, SAVED),
    ("/admin/image/trash/action/", {"action": "purge", "rowid": "{deleted}"}, TOLD),
    ("/admin/image/trash/action/", {"action": "purge", "everything": "1"}, TOLD),
    ("/admin/image/trash/action/", {"action": "delete", "rowid": "{deleted}"}, NOBODY),
    ("/admin/image/trash/delete/", {"id": "{deleted}"}, NOT_THERE),
    ("/admin/image/trash/edit/?id={deleted}", {"title": "x"}, NOT_THERE),
    ("/admin/image/trash/ajax/update/", {"list_form_pk": "{deleted}"}, NOT_THERE),
    ("/admin/image/trash/new/", {}, NOT_THERE),
    ("/admin/image/delete/", {"id": "{own}"}, SAVED),
    ("/admin/dismiss-hint", {}, dict.fromkeys(ROLES, 302)),
    ("/admin/library/survey", {}, SAVED),
    ("/admin/library/mend", {"what": "failed"}, SAVED),
    ("/admin/library/mend", {"what": "else"}, {V: 403, A: 403, E: 404, D: 404}),
    ("/admin/alt-text/save", {"text-{own}": "Mine"}, SAVED | {A: 302}),
    ("/admin/alt-text/save", {"text-{id}": "Mine"}, SAVED),
    ("/admin/image/action/", {"action": "regenerate", "rowid": "{id}"}, SAVED),
    ("/admin/image/action/", {"action": "regenerate", "everything": "1"}, SAVED),
    (
        "/admin/image_preset/new/",
        {
            "name": "tile",
            "shape": "crop",
            "width": "400",
            "height": "300",
            "formats": "webp",
            "quality": "80",
            "matte": "#ffffff",
            "motion": "still",
            "enabled": "y",
        },
        TOLD,
    ),
    (
        "/admin/image_preset/edit/?id=thumbnail",
        {
            "shape": "fit",
            "width": "300",
            "height": "300",
            "formats": "original",
            "quality": "80",
            "matte": "#ffffff",
            "motion": "still",
            "enabled": "y",
        },
        TOLD,
    ),
    ("/admin/image_preset/enable", {"id": "tall"}, TOLD),
    ("/admin/image_preset/disable", {"id": "thumbnail"}, TOLD),
    ("/admin/image_preset/move", {"id": "card", "seen": "1000000", "to": "top"}, TOLD),
    ("/admin/image_preset/action/", {"action": "disable", "rowid": "card"}, TOLD),
    (
        "/admin/image_preset/ajax/update/",
        {"id": "card", "column": "enabled", "value": "", "seen": "1"},
        {V: 403, A: 403, E: 403, D: 200},
    ),
    ("/admin/image_preset/reset", {"id": "thumbnail"}, TOLD),
    ("/admin/image_preset/begin", {"id": "thumbnail", "all": "1"}, TOLD),
    ("/admin/image_preset/delete/", {"id": "card"}, {V: 403, A: 403, E: 403, D: 302}),
    ("/admin/image_preset/action/", {"action": "delete", "rowid": "card"}, NOBODY),
    ("/admin/job/retry", {"id": "{job}"}, TOLD),
    ("/admin/job/discard", {"id": "{job}"}, TOLD),
    ("/admin/job/run", {"id": "{early}"}, TOLD),
    ("/admin/job/action/", {"action": "retry", "rowid": "{job}"}, TOLD),
    ("/admin/job/action/", {"action": "discard", "rowid": "{job}"}, TOLD),
    ("/admin/job/action/", {"action": "retry", "everything": "1"}, TOLD),
    ("/admin/job/action/", {"action": "discard", "everything": "1"}, TOLD),
    ("/admin/job/edit/?id={job}", {"task": "x"}, NOT_THERE),
    ("/admin/job/delete/", {"id": "{job}"}, NOT_THERE),
    ("/admin/job/action/", {"action": "delete", "rowid": "{job}"}, dict.fromkeys(ROLES, 403)),
    ("/admin/job/ajax/update/", {"id": "{job}"}, NOT_THERE),
    ("/admin/job/new/", {}, NOT_THERE),
    ("/admin/notification/retry", {"id": "{notification}"}, TOLD),
    ("/admin/notification/resolve", {"id": "{notification}"}, TOLD),
    ("/admin/notification/archive", {"id": "{notification}", "for": "day"}, TOLD),
    ("/admin/notification/assign", {"id": "{notification}"}, TOLD),
    ("/admin/notification/note", {"id": "{notification}", "text": "Seen"}, TOLD),
    (
        "/admin/token/new/",
        {"name": "Mine", "scopes": "pictures:read", "ends": "90"},
        dict.fromkeys(ROLES, 200),
    ),
    ("/admin/token/revoke", {"id": "{token}"}, NOT_THERE),
    ("/admin/token/delete/", {"id": "{token}"}, NOT_THERE),
    ("/admin/token/action/", {"action": "delete", "rowid": "{token}"}, NOBODY),
    ("/admin/token/ajax/update/", {"list_form_pk": "{token}"}, NOT_THERE),
    ("/admin/audit_entry/delete/", {"id": "{trail}"}, NOT_THERE),
    ("/admin/audit_entry/action/", {"action": "delete", "rowid": "{trail}"}, NOBODY),
    ("/admin/audit_entry/ajax/update/", {"id": "{trail}"}, NOT_THERE),
    ("/admin/mail/retry", {"id": "{mail}"}, TOLD),
    ("/admin/mail/delete/", {"id": "{mail}"}, NOT_THERE),
    ("/admin/mail/action/", {"action": "delete", "rowid": "{mail}"}, NOBODY),
    ("/admin/mail/ajax/update/", {"id": "{mail}"}, NOT_THERE),
    (
        "/admin/webhook/edit/?id={webhook}",
        {"name": "Mine", "url": "https://a.example/", "events": "job.failed"},
        TOLD,
    ),
    ("/admin/webhook/try", {"id": "{webhook}"}, TOLD),
    ("/admin/webhook/enable", {"id": "{off}"}, TOLD),
    ("/admin/webhook/disable", {"id": "{webhook}"}, TOLD),
    ("/admin/webhook/action/", {"action": "disable", "rowid": "{webhook}"}, TOLD),
    ("/admin/webhook/secret", {"id": "{webhook}"}, TOLD),
    ("/admin/webhook/action/", {"action": "delete", "rowid": "{webhook}"}, TOLD),
    ("/admin/webhook/delete/", {"id": "{webhook}"}, TOLD),
    (
        "/admin/webhook/ajax/update/",
        {"id": "{webhook}", "column": "name", "value": "Mine", "seen": "Shop"},
        {V: 403, A: 403, E: 403, D: 200},
    ),
    ("/admin/webhook_delivery/retry", {"id": "{call}"}, TOLD),
    ("/admin/webhook_delivery/delete/", {"id": "{call}"}, NOT_THERE),
    ("/admin/webhook_delivery/action/", {"action": "delete", "rowid": "{call}"}, NOBODY),
    ("/admin/webhook_delivery/ajax/update/", {"id": "{call}"}, NOT_THERE),
    ("/admin/link/again", {"id": "999"}, {V: 403, A: 403, E: 404, D: 404}),
    ("/admin/link/delete/", {"id": "1"}, NOT_THERE),
    ("/admin/link/action/", {"action": "delete", "rowid": "1"}, NOBODY),
    ("/admin/link/ajax/update/", {"id": "1"}, NOT_THERE),
    ("/admin/schedule/run", {"id": "prune"}, TOLD),
    ("/admin/schedule/pause", {"id": "prune"}, TOLD),
    ("/admin/schedule/resume", {"id": "clear_incoming"}, TOLD),
    ("/admin/schedule/run", {"id": "no_such"}, {V: 403, A: 403, E: 403, D: 404}),
    ("/admin/schedule/delete/", {"id": "prune"}, NOT_THERE),
    ("/admin/schedule/action/", {"action": "delete", "rowid": "prune"}, NOBODY),
    ("/admin/schedule/ajax/update/", {"id": "prune"}, NOT_THERE),
    ("/admin/export/begin", ALL_PICTURES, SAVED),
    ("/admin/export/begin", ALL_PICTURES | {"source": "job"}, {V: 403, A: 403, E: 404, D: 404}),
    ("/admin/export/stop", {"id": "{export}"}, OTHERS),
    ("/admin/export/delete/", {"id": "{export}"}, OTHERS),
    ("/admin/export/action/", {"action": "delete", "rowid": "{export}"}, NOBODY),
    ("/admin/export/ajax/update/", {"list_form_pk": "{export}"}, NOT_THERE),
    ("/admin/import/check", {"id": "{import}"}, AUTHORS_NOT_THERE),
    ("/admin/import/apply", {"id": "{import}"}, AUTHORS_NOT_THERE),
    ("/admin/import/delete/", {"id": "{import}"}, AUTHORS_NOT_THERE),
    ("/admin/import/action/", {"action": "delete", "rowid": "{import}"}, NOBODY),
    ("/admin/import/ajax/update/", {"list_form_pk": "{import}"}, NOT_THERE),
    ("/admin/site_import/go", {"id": "{site_import}"}, OTHERS),
    ("/admin/site_import/stop", {"id": "{site_import}"}, OTHERS),
    ("/admin/site_import/archive", {}, TOLD),
    ("/admin/site_import/delete/", {"id": "{site_import}"}, OTHERS),
    ("/admin/site_import/action/", {"action": "delete", "rowid": "{site_import}"}, NOBODY),
    ("/admin/site_import/ajax/update/", {"list_form_pk": "{site_import}"}, NOT_THERE),
    ("/admin/selection/stop", {"id": "{selection}"}, {V: 403, A: 404, E: 404, D: 302}),
    ("/admin/selection/delete/", {"id": "{selection}"}, NOT_THERE),
    ("/admin/selection/action/", {"action": "delete", "rowid": "{selection}"}, NOBODY),
    ("/admin/selection/ajax/update/", {"id": "{selection}"}, NOT_THERE),
    ("/admin/view/save?list=image", {"name": "Mine"}, ANYBODY),
    ("/admin/view/save?list=job", {"name": "Mine"}, SAVED),
    ("/admin/view/update", {"id": "{shared}"}, TOLD),
    ("/admin/view/update", {"id": "{private}"}, NOT_THERE),
    ("/admin/view/rename", {"id": "{shared}", "name": "Mine"}, TOLD),
    ("/admin/view/delete", {"id": "{shared}"}, TOLD),
    ("/admin/view/delete", {"id": "{private}"}, NOT_THERE),
    ("/admin/view/default", {"id": "{shared}"}, ANYBODY),
    ("/admin/view/default", {"id": "{private}"}, NOT_THERE),
    ("/admin/view/choose", {"list": "image", "size": "50"}, ANYBODY),
    ("/admin/view/choose", {"list": "webhook", "size": "50"}, TOLD),
    ("/admin/view/keys", {"on": "0"}, ANYBODY),
    ("/admin/queue/pause", {"task": "process_image"}, TOLD),
    ("/admin/queue/pause", {"task": "*"}, TOLD),
    ("/admin/queue/pause", {"task": "nonsense"}, {V: 403, A: 403, E: 403, D: 404}),
    ("/admin/queue/resume", {"task": "retry_group"}, TOLD),
    ("/admin/queue/resume", {"task": "*"}, TOLD),
    ("/admin/worker/delete/", {"id": "{worker}"}, NOT_THERE),
    ("/admin/worker/action/", {"action": "delete", "rowid": "{worker}"}, NOBODY),
    ("/admin/worker/ajax/update/", {"id": "{worker}"}, NOT_THERE),
    ("/admin/notification/action/", {"action": "resolve", "rowid": "{notification}"}, TOLD),
    ("/admin/notification/action/", {"action": "archive", "everything": "1"}, TOLD),
    ("/admin/notification/action/", {"action": "retry", "rowid": "{notification}"}, TOLD),
    ("/admin/notification/delete/", {"id": "{notification}"}, NOT_THERE),
    ("/admin/notification/edit/?id={notification}", {"message": "x"}, NOT_THERE),
    ("/admin/notification/ajax/update/", {"id": "1"}, NOT_THERE),
    ("/admin/notification/new/", {}, NOT_THERE),
]


@pytest.fixture
def somebody(log_in, world):
    """Log in with a role; `own` becomes the id of a failed picture of one's own."""

    def go(role):
        user = log_in(role)
        own = make_picture(owner=user)
        db.session.commit()
        fail(db.session.query(Job).filter_by(subject_id=str(own.id)).one())
        world["own"] = own.id
        return user

    return go


@pytest.fixture
def keep(ctx, tmp_path):
    """Remember all that there is; return what puts it back."""
    folder = ctx.config["CMS_SETTINGS"].data_dir

    def put_back():
        db.session.rollback()
        snapshots.copy(tmp_path, folder)

    def go():
        db.session.commit()
        snapshots.copy(folder, tmp_path)
        return put_back

    return go


def test_the_tables_speak_of_every_address_of_the_admin(addresses):
    spoken_of = {urlsplit(path).path for path in [*PAGES, *(path for path, *_ in ACTS)]}
    # These have tests of their own.
    spoken_of |= {"/admin/image/upload", "/admin/image/replace", "/admin/import/begin"}
    spoken_of |= {"/admin/site_import/begin"}
    spoken_of |= {*ASKED_FOR_IN_VAIN, *test_shelf_access.ADDRESSES}
    spoken_of |= {*test_writing_screens.ADDRESSES}
    assert {path for path, _ in addresses.values() if path.startswith("/admin")} <= spoken_of


@pytest.mark.case(32)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_what_the_policy_says(client, world, somebody, role):
    somebody(role)
    before = everything()
    answered = {}
    for page in PAGES:
        with client.get(page.format(**world)) as answer:
            answered[page] = answer.status_code

    assert answered == {page: codes[role] for page, codes in PAGES.items()}
    assert everything() == before


@pytest.mark.case(32)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_the_policy_says(client, world, somebody, keep, role):
    somebody(role)
    put_back, before = keep(), everything()

    def code_of(act):
        page, form, _codes = act
        filled = {name.format(**world): value.format(**world) for name, value in form.items()}
        return client.post(page.format(**world), data=filled).status_code

    def is_done(act):
        with statements() as sql:
            code = code_of(act)
        return code == act[2][role] and any(it.startswith(_WRITES) for it in sql)

    refused = [act for act in ACTS if act[2][role] >= 400]
    assert [code_of(act) for act in refused] == [codes[role] for *_act, codes in refused]
    assert everything() == before
    for act in (act for act in ACTS if act not in refused):
        if not is_done(act):  # an earlier one may stand in its way
            put_back()
            assert is_done(act), act


# What the state of things refuses, in words, to those who may ask for it.
ASKED_FOR_IN_VAIN = {
    "/admin/library/clear": "id",
    "/admin/notification/rest": "notification",
    "/admin/webhook_delivery/again": "call",
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", ASKED_FOR_IN_VAIN)
def test_who_may_ask_for_what_is_refused_in_words(client, world, somebody, role, page):
    somebody(role)
    before = everything()
    answer = client.post(page, data={"id": world[ASKED_FOR_IN_VAIN[page]]})

    assert answer.status_code == TOLD[role]
    assert everything() == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("asked", ["page", "json"])
def test_who_may_upload(client, log_in, role, asked):
    log_in(role)
    headers = JSON if asked == "json" else {}
    data = {"file": form_file(pictures.jpeg(64, 48))}
    answer = client.post("/admin/image/upload", data=data, headers=headers)

    taken = 202 if asked == "json" else 302
    assert answer.status_code == (403 if role == "viewer" else taken)
    assert db.session.query(Image).count() == (role != "viewer")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("whose", ["id", "own"])
def test_who_may_replace_a_file(client, world, somebody, role, whose):
    somebody(role)
    data = {"id": world[whose], "file": form_file(pictures.jpeg(99, 66))}
    answer = client.post("/admin/image/replace", data=data)

    allowed = role in (E, D) or (role == A and whose == "own")
    assert answer.status_code == (302 if allowed else 403)
    image = db.session.get(Image, world[whose])
    assert ((image.width, image.height) == (99, 66)) == allowed


def test_an_account_that_is_switched_off_is_out_at_once(client, log_in):
    user = log_in("administrator")
    assert client.get("/admin/").status_code == 200
    user.active = False
    db.session.commit()

    assert client.get("/admin/").status_code == 302
    assert (
        client.post("/login", data={"email": user.email, "password": PASSWORD}).status_code == 200
    )
    assert client.get("/admin/").status_code == 302


def test_a_role_that_was_taken_away_is_gone_at_once(client, log_in):
    user = log_in("administrator")
    user.roles = []
    db.session.commit()

    assert client.get("/admin/").status_code == 403


def test_a_page_offers_nothing_that_would_be_refused(client, world, somebody):
    somebody("author")
    page = client.get("/admin/image/").text
    own, others = world["own"], world["id"]

    assert f"/admin/image/edit/?id={own}" in page
    assert f"/admin/image/edit/?id={others}" not in page
    assert "/admin/image/delete/" not in page
    assert "/admin/job/" not in page
    assert "/admin/notification/" not in page


# Forged requests


@pytest.mark.case(31)
def test_a_post_without_a_token_is_refused_and_changes_nothing(client, addresses, world, log_in):
    log_in("administrator")
    before = everything()
    form = {"id": world["failed"], "rowid": world["id"], "action": "delete", "title": "Forged",
            "list_form_pk": world["id"], "locale": "zh_Hans_CN"}  # fmt: skip
    posts = [path for path, methods in addresses.values() if "POST" in methods]
    assert len(posts) > 20

    for path in posts:
        answer = client.post(f"{path}?id={world['id']}", data=form, token=False)
        assert answer.status_code == 400, path
    assert everything() == before
    assert client.get("/admin/").status_code == 200, "still logged in"


@pytest.mark.case(31)
def test_a_token_of_another_session_is_refused(ctx, client, log_in):
    log_in("administrator")
    theirs = TOKEN.search(ctx.test_client().get("/login").text)[1]
    mine = TOKEN.search(client.get("/admin/").text)[1]

    for token, code in ((theirs, 400), (mine, 302)):
        form = {"locale": "en", "csrf_token": token}
        assert client.post("/language", data=form, token=False).status_code == code


@pytest.mark.case(31)
def test_acts_are_not_for_get(client, addresses, world, log_in):
    log_in("administrator")
    before = everything()
    acts = [path for path, methods in addresses.values() if "GET" not in methods]
    assert {"/admin/image/delete/", "/admin/image/action/", "/logout"} <= set(acts)

    for path in acts:
        answer = client.get(f"{path}?id={world['id']}&action=delete&rowid={world['id']}")
        assert answer.status_code == 405, path
    assert everything() == before


# Redirects


def stays_here(answer):
    """Tell where a browser would go: it drops control signs, and reads a backslash as a slash."""
    location = re.sub(r"[\x00-\x1f]", "", answer.location).strip().replace("\\", "/")
    return urlsplit(urljoin("http://localhost/login", location)).netloc == "localhost"


@pytest.mark.case(34)
@pytest.mark.parametrize("where", ["address", "form"])
def test_logging_in_never_leads_away(ctx, where):
    user = make_user()
    db.session.commit()
    form = {"email": user.email, "password": PASSWORD}
    for target in NOWHERE:
        client = ctx.test_client()
        if where == "address":
            answer = client.post("/login", query_string={"next": target}, data=form)
        else:
            answer = client.post("/login", data=form | {"next": target})
        if answer.status_code == 302:
            assert stays_here(answer), target
        else:
            assert "Redirections outside the domain are forbidden" in answer.text, target


@pytest.mark.case(34)
def test_logging_in_leads_back_to_where_one_was_going(client):
    user = make_user()
    db.session.commit()
    asked = "/admin/image/?tab=failed&search=a%20b"
    to_login = client.get(asked)
    assert parse_qs(urlsplit(to_login.location).query) == {"next": [asked]}

    form = client.get(to_login.location)
    action = form.text.partition('action="/login')[2].partition('"')[0]
    answer = client.post("/login" + action, data={"email": user.email, "password": PASSWORD})
    assert answer.location == asked


@pytest.mark.case(34)
@pytest.mark.parametrize("target", NOWHERE)
def test_no_answer_of_the_admin_leads_away(client, world, somebody, target):
    somebody("administrator")
    posts = [
        ("/admin/image/edit/?id={id}", {"title": "New"}),
        ("/admin/image/retry", {"id": "{failed}"}),
        ("/admin/notification/resolve", {"id": "{notification}"}),
        ("/admin/image/action/", {"action": "delete", "rowid": "{own}"}),
        ("/admin/image/delete/", {"id": "{id}"}),
        ("/language", {"locale": "en", "next": target}),
    ]
    for page, form in posts:
        filled = {name.format(**world): value.format(**world) for name, value in form.items()}
        answer = client.post(page.format(**world), data=filled | {"url": target})
        assert answer.status_code == 302, page
        assert stays_here(answer), page
        assert "evil" not in answer.location, page


@pytest.mark.case(34)
def test_the_language_leads_back_to_where_one_was(client):
    answer = client.post("/language", data={"locale": "en", "next": "/login?next=/admin/"})
    assert answer.location == "/login?next=/admin/"


@pytest.mark.parametrize("kind", ["image", "job", "mail", "webhook_delivery", "schedule"])
def test_a_live_list_is_told_the_marks_that_it_shows(client, world, somebody, kind):
    somebody("administrator")
    page = client.get(f"/admin/{kind}/").text
    shown = dict(re.findall(r'<tr [^>]*data-id="([^"]+)"[^>]* data-mark="([^"]+)"', page))
    address = re.search(r'data-live-url="([^"]+)"', page)[1]
    answer = client.get(address, query_string={"ids": ",".join(shown), "marks": "1"})

    assert shown
    assert answer.json["marks"] == shown
