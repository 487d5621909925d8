"""A whole site leaves in one file, and comes back the same."""

import json
import zipfile

import pytest
from sqlalchemy import select

from cms import clock, trash
from cms.accounts.models import User
from cms.audit.models import AuditEntry
from cms.content import addresses, categories, menus, redirects
from cms.content.models import Article, Page
from cms.editorial import content
from cms.editorial import documents as document_acts
from cms.editorial import pictures as picture_acts
from cms.editorial import trash as picture_trash
from cms.editorial.moving import begin_archive
from cms.exchange.models import Export, ExportState
from cms.extensions import db
from cms.imaging.presets import Preset, Shape
from cms.jobs import pauses
from cms.jobs.models import Job, JobState
from cms.media import files, presets
from cms.media.models import Image, ImageStatus
from cms.moving import archive
from cms.tasks import archives as archive_jobs
from cms.tasks import exports as export_jobs
from cms.tasks import huey
from tests import pictures
from tests.factories import make_article, make_page, make_picture, make_upload, make_user
from tests.sites import damaged


@pytest.fixture
def cms(ctx, runner):
    return lambda *command: runner.invoke(ctx.cli, ["cms", *command], prog_name="flask")


def fill(run_jobs):
    """A site with one of everything."""
    editor = make_user("editor", "ed@example.com")
    admin = make_user("administrator", "root@example.com")
    boat, gone = make_picture(owner=editor), make_picture(pictures.jpeg(70, 50), owner=editor)
    picture_acts.replace_file(boat, make_upload(pictures.jpeg(80, 60)), editor)
    picture_trash.delete_picture(gone, editor)
    travel = categories.create("Travel")
    asia = categories.create("Asia", parent=travel)
    body = f'<p>“Sea”</p><p><img data-picture="{boat.id}"></p>'
    article = make_article(editor, title="茶馆", body=body, cover_id=boat.id, category_id=asia.id,
                           tags=["tea", "河"])  # fmt: skip
    db.session.commit()
    run_jobs()
    content.take(article, "publish", editor, comment="Fine.")
    content.save(article, editor, slug="tea-house")
    content.delete(make_article(editor, title="Deleted"), editor)
    about = make_page(editor, title="About")
    make_page(editor, title="Team", parent_id=about.id)
    menus.put(menus.get("main", "en"), [
        {"label": "Us", "page_id": about.id, "items": [{"article_id": article.id}]},
    ])  # fmt: skip
    redirects.add("/old", "https://example.org/")
    content.set_site(admin, title={"en": "Quay"}, articles_per_page=7)
    document_acts.upload([make_upload(b"Tides.\n", "tides.txt")], editor)
    db.session.add(presets.as_row(Preset("card", Shape.CROP, 40, 30)))
    db.session.commit()


def last_entry():
    """What the audit trail has last, by what it was done, and with which file."""
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    return entry.action, entry.face, entry.changes["file"]


def rows(path):
    with zipfile.ZipFile(path) as pack:
        names = [name for name in pack.namelist() if name.startswith("rows/")]
        return {name: pack.read(name).decode() for name in names}


def without_states(found):
    """Rows without what jobs change, that make the renditions again."""
    kept = {}
    for name, text in found.items():
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            for of_a_job in ("status", "processed_at", "look_id", "preview_key"):
                line.pop(of_a_job, None)
        kept[name] = lines
    return kept


def test_a_site_comes_back_as_it_was(each_ctx, tmp_path, run_jobs, start_afresh):
    fill(run_jobs)
    run_jobs()
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    writing = archive.write(first)
    next(writing)
    make_article(title="Too late")  # it is of one moment
    db.session.commit()
    for _written in writing:
        pass
    originals = {image.key: files.storage().size(image.key) for image in _all_pictures()}
    text = "".join(rows(first).values())
    assert ("ed@example.com" in text, "Too late" in text) == (True, False)
    assert db.session.query(User).first().password not in text

    start_afresh()
    done = each_ctx.test_cli_runner().invoke(args=["cms", "site", "restore", str(first)])
    assert (done.exit_code, "2  article\n" in done.output) == (0, True), done.output
    assert last_entry() == ("restore site", "command", str(first))
    run_jobs()

    assert {image.key: files.storage().size(image.key) for image in _all_pictures()} == originals
    boat = db.session.scalars(select(Image)).one()
    assert (boat.status, len(boat.versions), bool(boat.renditions)) == (ImageStatus.READY, 1, True)
    article = db.session.scalars(select(Article)).one()
    assert addresses.of(article) == "/en/articles/tea-house"
    assert redirects.find("/en/articles/茶馆") == "/en/articles/tea-house"
    assert (article.owner.email, article.owner.active) == ("ed@example.com", False)
    for _written in archive.write(second):
        pass
    assert without_states(rows(second)) == without_states(rows(first))

    # Ids count on from where they were; who wrote can be let in again.
    make_page(make_user("editor"), title="New")
    assert make_user("editor", "ed@example.com") is article.owner
    assert (article.owner.active, bool(article.owner.password)) == (True, True)
    make_article(title="New")
    db.session.commit()


def _all_pictures():
    with trash.included():
        return db.session.scalars(select(Image)).all()


def test_what_is_not_whole_or_not_for_here_is_refused(ctx, cms, tmp_path, run_jobs):
    fill(run_jobs)
    whole = tmp_path / "site.zip"
    done = cms("site", "export", str(whole))
    assert done.exit_code == 0, done.output
    assert cms("site", "export", str(whole)).output.endswith("is there already.\n")
    assert last_entry() == ("export", "command", str(whole))

    refused = cms("site", "restore", str(whole))
    assert "There is content here already" in refused.output

    for table in reversed(archive.tables()):
        db.session.execute(
            table.update().values(parent_id=None)
        ) if "parent_id" in table.c else None
    for table in (db.metadata.tables["rendition"], *reversed(archive.tables())):
        db.session.execute(table.delete())
    db.session.commit()
    for damage, words in (
        ({"rows/article.jsonl": b"{}\n"}, "“rows/article.jsonl” in this archive is damaged"),
        ({"manifest.json": b"{}"}, "This is not an archive of a site."),
        ({"manifest.json": _older(whole)}, "This archive is of another version of QsCMS (0001"),
    ):
        broken = tmp_path / "broken.zip"
        _changed(whole, broken, damage)
        refused = cms("site", "restore", str(broken))
        assert (refused.exit_code, words in refused.output) == (1, True), refused.output
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-500])
    assert "This is not a whole ZIP file." in cms("site", "restore", str(cut)).output
    for name, words in (
        ("manifest.json", "This is not a whole ZIP file."),
        ("rows/article.jsonl", "“rows/article.jsonl” in this archive is damaged or missing."),
    ):
        cut.write_bytes(damaged(whole.read_bytes(), name))
        refused = cms("site", "restore", str(cut))
        assert (refused.exit_code, words in refused.output) == (1, True), refused.output
    with trash.included():
        assert (
            db.session.scalars(select(Image)).all() == db.session.scalars(select(Page)).all() == []
        )


def _older(path):
    with zipfile.ZipFile(path) as pack:
        return json.dumps(json.loads(pack.read("manifest.json")) | {"schema": "0001"})


def _changed(path, into, changes):
    with zipfile.ZipFile(path) as pack, zipfile.ZipFile(into, "w") as out:
        for name in pack.namelist():
            out.writestr(name, changes.get(name, pack.read(name)))


def test_an_administrator_has_the_site_written_by_a_job(ctx, client, log_in, run_jobs):
    fill(run_jobs)
    log_in("administrator")
    answer = client.post("/admin/site_import/archive")
    assert answer.status_code == 302
    run_jobs()
    export = db.session.query(Export).one()
    assert (export.state, export.source) == (ExportState.READY, "site")
    data = client.get(f"/admin/export/download?id={export.id}")
    assert (data.status_code, data.mimetype) == (200, "application/zip")
    data.close()


def test_an_archive_begins_anew_after_the_consumer_has_stopped(ctx, run_jobs, monkeypatch):
    export = begin_archive(make_user("administrator"))
    db.session.commit()
    with monkeypatch.context() as consumer:
        consumer.setattr(archive_jobs, "TOLD_EVERY", 0)
        consumer.setattr(huey, "stopping", lambda: True)
        huey.execute(huey.dequeue())
    db.session.expire_all()
    job = db.session.query(Job).one()
    assert (export.state, export.rows) == (ExportState.WAITING, 0)
    assert (job.state, job.attempts_allowed - job.attempts_made) == (JobState.RETRYING, 4)
    run_jobs()
    assert export.state is ExportState.READY


def test_an_archive_waits_while_such_jobs_are_paused(ctx, run_jobs, monkeypatch):
    told = export_jobs.report_progress

    def pause(done, total):
        pauses.pause("make_site_archive", None, clock.now())
        told(done, total)

    monkeypatch.setattr(archive_jobs, "TOLD_EVERY", 0)
    monkeypatch.setattr(export_jobs, "report_progress", pause)
    export = begin_archive(make_user("administrator"))
    db.session.commit()
    run_jobs()
    assert (export.state, export.rows) == (ExportState.WAITING, 0)


def test_each_table_is_in_the_archive_or_is_named_as_left_out():
    known = {*archive.TABLES, *archive.LEFT_OUT}
    assert set(db.metadata.tables) - known == set()
    assert not set(archive.TABLES) & archive.LEFT_OUT
