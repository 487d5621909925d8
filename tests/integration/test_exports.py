"""Rows of a list leave as a file: written by a job, for who asked."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from flask import current_app
from sqlalchemy import select

from cms import clock
from cms.accounts.models import Role
from cms.audit.models import AuditEntry
from cms.editorial.exchange import begin_export, stop_export
from cms.exchange import exports, sources
from cms.exchange.models import Export, ExportState, Format
from cms.exchange.sources import Scope
from cms.extensions import db
from cms.jobs import pauses, schedules
from cms.jobs.models import Job, JobState
from cms.media import files
from cms.media.models import Image, ImageStatus
from cms.storage.keys import new_key
from cms.storage.local import LocalStorage
from cms.tasks import exports as export_jobs
from cms.tasks.imports import clear_exchange
from tests.factories import make_picture, make_user

EVERYTHING = Scope("all")
COLUMNS = ["id", "title", "owner.email"]


@pytest.fixture
def add():
    """Add pictures, without files, of these titles; return their ids."""

    def go(*titles, owner=None, **more):
        pattern = make_picture(owner=owner)
        kept = {c.key: getattr(pattern, c.key) for c in Image.__table__.columns if c.key != "id"}
        made = [Image(**kept | {"title": t, "key": f"{pattern.key}{n}"} | more)
                for n, t in enumerate(titles)]  # fmt: skip
        db.session.add_all(made)
        db.session.delete(pattern)
        db.session.query(Job).delete()
        db.session.commit()
        return [image.id for image in made]

    return go


@pytest.fixture
def export(run_jobs):
    """Export pictures as somebody, and run the job; the row."""

    def go(by, scope=EVERYTHING, names=COLUMNS, form=Format.CSV):
        row = begin_export(sources.find("image"), by, scope, names, form)
        db.session.commit()
        run_jobs()
        return row

    return go


def content(row):
    with files.storage().open(row.key) as file:
        return file.read()


def table(row):
    return list(csv.reader(io.StringIO(content(row).decode("utf-8-sig"), newline="")))


def test_all_rows_leave_the_newest_first_in_batches(each_ctx, add, export, monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 3)
    editor = make_user()
    ids = add(*[f"Picture {number}" for number in range(8)], owner=editor)
    row = export(editor)
    assert (row.state, row.rows, row.total) == (ExportState.READY, 8, 8)
    assert row.size == len(content(row))
    expected = [[str(n), f"Picture {ids.index(n)}", editor.email] for n in reversed(ids)]
    assert table(row) == [["ID", "Title", "Uploaded by"], *expected]


def test_the_ticked_rows_or_those_that_the_list_shows_leave(each_ctx, add, export):
    editor = make_user()
    ids = add("Harbour", "Teahouse", "Harbour at night", owner=editor)
    db.session.get(Image, ids[2]).status = ImageStatus.FAILED
    add("Harbour of others")
    db.session.commit()

    def titles(scope):
        return sorted(line[1] for line in table(export(editor, scope))[1:])

    assert titles(Scope("ticked", ids=[str(ids[1])])) == ["Teahouse"]
    assert titles(Scope("shown", "search=harbour")) == [
        "Harbour", "Harbour at night", "Harbour of others"]  # fmt: skip
    assert titles(Scope("shown", "search=harbour&tab=failed")) == ["Harbour at night"]
    args = f"flt0_owner_of={editor.id}&search=harbour"
    assert titles(Scope("shown", args)) == ["Harbour", "Harbour at night"]


def test_a_day_is_that_of_who_asked_in_the_job_too(client, log_in, add, run_jobs):
    log_in("editor")
    add("Evening", created_at=datetime(2026, 1, 1, 20, 0, tzinfo=UTC))
    add("Noon", created_at=datetime(2026, 1, 1, 12, 0, tzinfo=UTC))
    client.set_cookie("cms_zone", "Asia/Shanghai")
    query = "flt0_created_at_since=2026-01-02"
    page = client.get(f"/admin/image/?{query}").text
    assert 'data-name="Evening"' in page
    assert 'data-name="Noon"' not in page

    form = {"source": "image", "which": "shown", "format": "csv", "column": "title"}
    client.post("/admin/export/begin", data=form | {"query": query})
    run_jobs()
    row = db.session.scalars(select(Export)).one()
    assert table(row)[1:] == [["Evening"]]

    row.scope = {"which": "shown", "query": query, "ids": []}  # as an older version kept it
    row.state, row.key = ExportState.WAITING, None
    db.session.commit()
    export_jobs.make_export.submit(row.id)
    db.session.commit()
    run_jobs()
    assert table(row)[1:] == []


def test_a_filter_that_is_gone_takes_no_more_than_was_seen(ctx, add, export):
    add("One")
    row = export(make_user(), Scope("shown", "flt0_size_is=nonsense"))
    assert row.state is ExportState.FAILED
    assert "other filters" in row.sentence
    assert row.key is None
    assert {job.state for job in db.session.scalars(select(Job))} == {JobState.SUCCEEDED}


@pytest.mark.case(38)
def test_formulas_leave_as_text(ctx, add, export):
    add('=HYPERLINK("http://evil.example")', "-1+1")
    assert {line[1] for line in table(export(make_user()))[1:]} == {
        "'=HYPERLINK(\"http://evil.example\")", "'-1+1"}  # fmt: skip


def test_a_workbook_and_json_leave_too(ctx, add, export):
    (number,) = add("=1+1")
    names = ["id", "title", "created_at"]
    data = content(export(make_user(), names=names, form=Format.XLSX))
    head, line = openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)
    assert head == ("ID", "Title", "Uploaded (UTC)")
    assert line[:2] == (number, "=1+1")
    assert line[2].year == clock.now().year
    data = content(export(make_user(), names=names, form=Format.JSON))
    assert json.loads(data)["title"] == "=1+1"


def test_headings_speak_the_language_of_who_asked(ctx, add, client, log_in, run_jobs):
    add("One")
    log_in("editor")
    chinese = {"Accept-Language": "zh-CN"}
    assert (
        "<h1>导出：图片</h1>"
        in client.get("/admin/export/choose?source=image", headers=chinese).text
    )
    form = {"source": "image", "which": "all", "format": "csv", "column": COLUMNS}
    client.post("/admin/export/begin", data=form, headers=chinese)
    run_jobs()
    row = db.session.scalars(select(Export)).one()
    assert table(row)[0] == ["ID", "标题", "上传者"]


def test_no_secret_can_be_taken_out(ctx):
    view = sources.find("image")
    view_columns, view.column_export_list = view.column_export_list, (
        "title", "owner.password", "owner.email", "renditions", "thumbnail")  # fmt: skip
    try:
        names = [column.name for column in view.columns_out(make_user())]
    finally:
        view.column_export_list = view_columns
    assert names == ["id", "title", "owner.email"]


def test_the_permission_is_asked_again_when_the_job_runs(ctx, add, run_jobs):
    add("One")
    editor = make_user()
    row = begin_export(sources.find("image"), editor, Scope("all"), COLUMNS, Format.CSV)
    editor.roles = [db.session.scalars(select(Role).where(Role.name == "viewer")).first()
                    or Role(name="viewer")]  # fmt: skip
    db.session.commit()
    run_jobs()
    assert row.state is ExportState.FAILED
    assert row.sentence == "You may not export this any more."
    assert row.key is None


def test_who_asked_is_in_the_audit_trail(ctx, client, log_in, add):
    add("One")
    editor = log_in("editor")
    form = {"source": "image", "which": "all", "format": "csv", "column": COLUMNS}
    assert client.post("/admin/export/begin", data=form).status_code == 302
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "export")).one()
    assert (entry.user_id, entry.changes["columns"]) == (editor.id, [None, COLUMNS])


# Stopping and pausing


@pytest.fixture
def told_at_once(monkeypatch):
    monkeypatch.setattr(export_jobs, "TOLD_EVERY", 0)
    monkeypatch.setattr(exports, "AT_ONCE", 1)


def test_an_export_that_is_stopped_leaves_no_file(ctx, add, export, told_at_once, monkeypatch):
    add("One", "Two", "Three")
    editor = make_user()
    told = export_jobs.report_progress

    def stop(done, total):
        told(done, total)
        stop_export(db.session.scalars(select(Export)).one())
        told(done, total)

    monkeypatch.setattr(export_jobs, "report_progress", stop)
    row = export(editor)
    assert (row.state, row.rows, row.key) == (ExportState.STOPPED, 1, None)
    assert db.session.scalars(select(Job.state)).all() == [JobState.MOOT]
    assert list(files.storage().walk("exports")) == []


class StoredSlowly(LocalStorage):
    """A storage so slow that whoever exports stops it while the file is being stored."""

    def adopt(self, temporary, key):
        super().adopt(temporary, key)
        with current_app.app_context():  # a session of their own
            stop_export(db.session.scalars(select(Export)).one())
            db.session.commit()


def test_an_export_that_is_stopped_while_it_is_stored_stays_stopped(
    each_ctx, add, export, monkeypatch
):
    add("One")
    monkeypatch.setitem(each_ctx.extensions, "cms.storage", StoredSlowly(files.storage().folder))
    row = export(make_user())
    assert (row.state, row.key) == (ExportState.STOPPED, None)
    assert db.session.scalars(select(Job.state)).all() == [JobState.MOOT]
    assert list(files.storage().walk("exports")) == []


def test_a_paused_export_begins_anew_when_it_is_resumed(
    ctx, add, export, told_at_once, monkeypatch, run_jobs
):
    add("One", "Two", "Three")
    told = export_jobs.report_progress

    def pause(done, total):
        pauses.pause("make_export", None, clock.now())
        told(done, total)

    with monkeypatch.context() as patched:
        patched.setattr(export_jobs, "report_progress", pause)
        row = export(make_user())
    assert (row.state, row.rows) == (ExportState.WAITING, 0)
    pauses.resume(["make_export"])
    job = db.session.scalars(select(Job)).one()
    db.session.commit()
    export_jobs.huey.publish(job)
    run_jobs()
    assert (row.state, row.rows) == (ExportState.READY, 3)


# The screens


def test_a_list_leads_to_its_export(ctx, client, log_in, add):
    add("One")
    log_in("editor")
    page = client.get("/admin/image/?search=One").text
    assert 'href="/admin/export/choose?source=image&amp;query=search%3DOne"' in page
    page = client.get("/admin/export/choose?source=image&query=search%3DOne").text
    assert 'value="shown" checked' in page
    for name in ("title", "owner.email", "created_at"):
        assert f'name="column" value="{name}" checked' in page


def test_ticked_rows_are_asked_about(ctx, client, log_in, add):
    ids = add("One", "Two")
    log_in("editor")
    data = {"action": "export", "rowid": ids}
    page = client.post("/admin/image/action/?search=o", data=data).text
    assert "The 2 ticked rows" in page
    assert page.count('name="rowid"') == 2
    data = {"action": "export", "everything": "1"}
    page = client.post("/admin/image/action/?search=o", data=data).text
    assert 'value="shown" checked' in page


def test_the_file_goes_to_its_owner_alone_under_its_name(ctx, client, log_in, add, run_jobs):
    add("One")
    log_in("editor")
    form = {"source": "image", "which": "all", "format": "csv", "column": COLUMNS}
    answer = client.post("/admin/export/begin", data=form, headers={"Accept-Language": "zh-CN"})
    number = parse_qs(urlsplit(answer.location).query)["id"][0]
    assert client.get(f"/admin/export/download?id={number}").status_code == 404
    run_jobs()
    with client.get(f"/admin/export/download?id={number}") as answer:
        assert answer.status_code == 200
        assert answer.data.startswith(b"\xef\xbb\xbf")
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("attachment; ")
        assert "filename*=UTF-8''%E5%9B%BE%E7%89%87" in disposition
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.cache_control.no_store
    client.post("/logout")
    log_in("administrator")
    for page in ("download", "details/"):
        assert client.get(f"/admin/export/{page}?id={number}").status_code == 404
    assert client.post("/admin/export/delete/", data={"id": number}).status_code == 404


def test_an_export_without_columns_is_refused_in_words(ctx, client, log_in):
    log_in("editor")
    form = {"source": "image", "which": "all", "format": "csv", "column": ["owner.password"]}
    answer = client.post("/admin/export/begin", data=form)
    assert answer.status_code == 422
    assert "Choose at least one column." in answer.text


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "wrong",
    [{"which": "some"}, {"format": "exe"}, {"source": "user"}, {"source": ["a", "b"]},
     {"rowid": "1,2"}, {"rowid": "9" * 40}],
)  # fmt: skip
def test_nonsense_is_refused(ctx, client, log_in, wrong):
    log_in("editor")
    form = {"source": "image", "which": "ticked", "format": "csv", "column": COLUMNS} | wrong
    assert 400 <= client.post("/admin/export/begin", data=form).status_code < 500
    assert db.session.scalars(select(Export)).all() == []


def test_who_may_not_export_is_offered_nothing(ctx, client, log_in, add):
    add("One")
    log_in("author")
    page = client.get("/admin/image/").text
    assert "/admin/export/" not in page
    assert 'value="export"' not in page
    assert client.get("/admin/export/choose?source=image").status_code == 403
    data = {"action": "export", "rowid": "1"}
    assert client.post("/admin/image/action/", data=data).status_code == 403


def test_a_file_is_kept_for_a_day(ctx, add, export, run_jobs):
    add("One")
    row = export(make_user())
    key = row.key
    assert row.ends_at - row.created_at >= timedelta(days=1)
    assert "clear_exchange" in schedules.declared()
    for hours, kept in ((23, True), (25, False)):
        with clock.stopped_at(clock.now() + timedelta(hours=hours)):
            clear_exchange.submit()
            db.session.commit()
            run_jobs()
        assert files.storage().exists(key) is kept
    assert db.session.scalars(select(Export)).all() == []


def test_a_file_that_no_export_knows_is_removed_in_the_end(ctx, run_jobs, tmp_path):
    (tmp_path / "file").write_bytes(b"rows")
    key = new_key("exports", "csv")
    files.storage().save(key, tmp_path / "file")
    for hours, kept in ((47, True), (49, False)):
        with clock.stopped_at(clock.now() + timedelta(hours=hours)):
            clear_exchange.submit()
            db.session.commit()
            run_jobs()
        assert files.storage().exists(key) is kept
