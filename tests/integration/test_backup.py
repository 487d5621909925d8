"""Everything in one file while the site runs, and back: on each database, to each other."""

import errno
import gzip
import os
import tarfile
import threading
from contextlib import contextmanager

import flask_migrate
import pytest
import sqlalchemy as sa

from cms.accounts.models import Passkey
from cms.app import create_app
from cms.audit import chain, head
from cms.audit.head import Head, Seal
from cms.audit.models import AuditEntry
from cms.audit.services import record
from cms.backup import archive, restoring, rows, taking
from cms.database import snapshot, with_driver
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media import files, services
from cms.media.models import Image, Rendition
from cms.storage.base import KeyTaken
from tests import pictures
from tests.factories import QUICK_TO_HASH, make_article, make_picture, make_user

NEXT = {"sqlite": "postgresql", "postgresql": "mariadb", "mariadb": "sqlite"}
EMPTY = "cms_restored"


@pytest.fixture
def empty(request, tmp_path):
    """Make an empty installation on a database of a kind."""
    dropped = []

    @contextmanager
    def go(kind, name="restored"):
        address = f"sqlite:///{tmp_path}/{name}.db"
        if kind != "sqlite":
            server = request.getfixturevalue(f"{kind}_url")
            _execute(server, f"CREATE DATABASE {EMPTY}")
            dropped.append(server)
            address = server.rpartition("/")[0] + f"/{EMPTY}"
        given = {"CMS_DATABASE_URL": address, "CMS_DATA_DIR": tmp_path / name}
        app = create_app({"CMS_ENV": "testing", **given, **QUICK_TO_HASH})
        with app.app_context():
            try:
                yield app
            finally:
                db.session.remove()
                for engine in db.engines.values():
                    engine.dispose()

    yield go
    for server in dropped:
        _execute(server, f"DROP DATABASE {EMPTY}")


def _execute(server, statement):
    engine = sa.create_engine(with_driver(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def content(backup):
    """What is in a backup: rows as text, files as bytes; jobs apart, which are set back."""
    found = {}
    for about, file in archive.members(backup):
        data = file.read()
        found[about.name] = gzip.decompress(data) if about.name.endswith(".gz") else data
    del found[archive.MANIFEST]
    return found, found.pop("rows/job.jsonl.gz")


def fill():
    user = make_user("administrator")
    every, keeps = bytes(range(256)), {"device_type": "single_device", "usage": "secondary"}
    key = {"credential_id": every * 3, "public_key": every, "lastuse_datetime": user.created_at}
    user.webauthn.append(Passkey(name="手机", backup_state=False, **key, **keeps))
    user.mf_recovery_codes = ["0" * 64]
    for number in range(3):
        image = make_picture(pictures.jpeg(300, 200 + number), f"照片 {number}.jpg", user)
        services.make_renditions(image, None)
        record("upload", image, filename="照片 🌄.jpg", size=1)
    make_article(user, title="海港 & “quotes”\n\\", slug="harbour")
    db.session.flush()
    first, second = db.session.scalars(sa.select(Job).limit(2)).all()
    second.retry_of_id = first.id
    first.state, first.attempts_made, first.worker_id = JobState.RUNNING, 1, "gone"
    db.session.commit()
    chain.seal()
    chain.follow()


@contextmanager
def writing(app):
    """Pictures come and go all the while."""
    stop = threading.Event()

    def go():
        with app.app_context():
            number = 0
            while not stop.is_set():
                number += 1
                image = make_picture(pictures.jpeg(90, 60 + number % 40), f"{number}.jpg")
                services.make_renditions(image, None)
                db.session.commit()
                if number % 2:
                    for it in [image, *image.renditions]:
                        files.replaced(it.key)
                    db.session.delete(image)
                    db.session.commit()

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_backup_under_writes_is_whole_and_comes_back_the_same(each_ctx, empty, tmp_path):
    fill()
    backup, again = tmp_path / "backup.tar", tmp_path / "again.tar"
    with writing(each_ctx):
        taken = taking.take(backup)
    assert taken.lost == []
    assert (backup.stat().st_mode & 0o777, archive.verify(backup)["files"]) == (
        0o600,
        len(taken.copied),
    )

    kind = db.engine.dialect.name
    with empty(NEXT[kind]):
        restoring.restore(backup)
        db.session.commit()
        job = db.session.scalars(sa.select(Job).where(Job.attempts_made == 0)).first()
        assert (job.state, job.worker_id) == (JobState.QUEUED, None)
        assert not db.session.scalar(sa.select(Job).where(Job.state == JobState.RUNNING))
        for key in db.session.scalars(sa.union(sa.select(Image.key), sa.select(Rendition.key))):
            assert files.storage().exists(key)
        assert chain.newest().number > 0
        assert list(chain.faults(head.read())) == []
        assert head.read().newest == chain.newest()
        taking.take(again)
        make_picture()
        db.session.commit()

    (before, jobs), (after, jobs_after) = content(backup), content(again)
    for key in taken.unneeded:
        del before[f"files/{key}"]
    assert {name for name in before if before[name] != after.get(name)} == set()
    assert before.keys() == after.keys()
    assert jobs.count(b"\n") == jobs_after.count(b"\n")


def test_it_is_restored_into_an_empty_installation_alone(ctx, runner, tmp_path, empty):
    fill()
    done = runner.invoke(args=["cms", "backup", str(tmp_path)])
    (backup,) = tmp_path.glob("qscms-*.tar")
    assert done.exit_code == 0, done.output
    assert str(backup) in done.output
    noted = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (noted.action, noted.face, noted.changes["file"]) == ("back up", "command", str(backup))
    assert runner.invoke(args=["cms", "restore", str(backup), "--dry-run"]).exit_code == 0
    assert runner.invoke(args=["cms", "backup", str(backup)]).exit_code == 1

    refused = runner.invoke(args=["cms", "restore", str(backup)])
    assert (refused.exit_code, restoring.NotEmpty.sentence in refused.output) == (1, True)
    with empty("sqlite") as app:
        flask_migrate.upgrade()  # as installing does it: what that puts there makes way
        done = app.test_cli_runner().invoke(args=["cms", "restore", str(backup)])
        assert done.exit_code == 0, done.output
        assert db.session.query(Image).count() == 3
        last = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (last.action, last.changes["file"]) == ("restore backup", str(backup))


def test_a_restore_that_was_cut_off_goes_on_and_mixes_with_nothing_else(ctx, tmp_path, empty):
    fill()
    backup = tmp_path / "backup.tar"
    taking.take(backup)
    key = db.session.scalars(sa.select(Image.key)).first()
    whole = (tmp_path / "whole").resolve()
    with files.storage().open(key) as file:
        whole.write_bytes(file.read())

    with empty("sqlite"):
        files.storage().save(key, whole)  # as the one before has left it
        restoring.restore(backup)
        assert db.session.query(Image).count() == 3
    other = bytearray(whole.read_bytes())
    other[-1] ^= 1
    whole.write_bytes(other)
    with empty("sqlite", "other"):
        files.storage().save(key, whole)  # another one of the same size
        with pytest.raises(restoring.OtherFile, match=f"Another file is stored as {key} already"):
            restoring.restore(backup)
        assert sa.inspect(db.engine).get_table_names() == []


def test_the_trail_of_what_was_restored_is_whole_and_tells_that_another_was_there(
    ctx, tmp_path, empty
):
    fill()
    chain.accept()  # as after a fault before the fourth entry
    head.replace(Head(chain.newest(), begin := Seal(4, entry(4).seal)))
    change = sa.update(AuditEntry).where(AuditEntry.seal_number == 2).values(action="view")
    db.session.execute(change)
    db.session.commit()
    backup = tmp_path / "backup.tar"
    taking.take(backup)

    with empty("sqlite"):
        lost = Seal(900, "9" * 64)
        head.advance(Head(lost))
        restoring.restore(backup)
        db.session.commit()
        assert head.read() == Head(chain.newest(), begin)
        assert list(chain.faults(head.read())) == []
        told = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (told.action, told.changes["head"][0]) == ("replace head", str(lost))
        chain.seal()
        assert chain.follow().newest.number == chain.newest().number


def entry(number):
    return db.session.scalars(sa.select(AuditEntry).filter_by(seal_number=number)).one()


def test_a_share_without_links_takes_a_backup_too_and_replaces_none(ctx, tmp_path, monkeypatch):
    def refused(*_paths):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    backup = tmp_path / "backup.tar"
    taking.take(backup)
    assert archive.verify(backup)["files"] == 0
    with archive.Writer(backup) as writer, pytest.raises(KeyTaken):  # one that began before
        writer.finish({}, tmp_path)
    assert list(tmp_path.glob("backup*")) == [backup]


def test_a_folder_that_is_not_there_is_no_name_for_a_file(ctx, runner, tmp_path):
    done = runner.invoke(args=["cms", "backup", f"{tmp_path}/backups/"])
    assert (done.exit_code, done.output) == (1, f"Error: There is no folder {tmp_path}/backups.\n")
    assert list(tmp_path.glob("*")) == []


@pytest.mark.parametrize("harm", ["cut", "flipped"])
def test_a_damaged_backup_is_refused_before_anything_is_done(ctx, tmp_path, empty, harm):
    fill()
    backup = tmp_path / "backup.tar"
    taking.take(backup)
    data = bytearray(backup.read_bytes())
    if harm == "cut":
        del data[len(data) // 2 :]
    else:
        with tarfile.open(backup) as pack:  # what fills the space between files is not theirs
            largest = max(pack.getmembers(), key=lambda member: member.size)
        data[largest.offset_data + largest.size // 2] ^= 1
    backup.write_bytes(data)

    with empty("sqlite"):
        with pytest.raises(archive.BadBackup):
            restoring.restore(backup)
        assert sa.inspect(db.engine).get_table_names() == []


def test_each_table_is_backed_up_or_is_named_as_left_out(ctx, tmp_path):
    with snapshot(db.engine) as connection:
        for table in rows.tables():
            rows.dump(connection, table, tmp_path / "rows")
    names = {table.name for table in rows.tables()} | rows.LEFT_OUT
    assert names == set(db.metadata.tables)
