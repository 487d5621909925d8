"""The schema, made by migrations alone, on each database."""

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from cms import clock, fulltext
from cms.app import create_app
from cms.database import Base, UtcDateTime, is_made_on, with_driver
from cms.extensions import db
from cms.jobs.models import Job, JobAttempt
from cms.media.models import ImageVersion, Rendition
from cms.notifications.models import AdminNotification, NotificationState
from tests import pictures
from tests.factories import QUICK_TO_HASH, make_article, make_picture, make_user
from tests.processes import TOP

DATABASE = "cms_migrations"


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def database(request, tmp_path_factory):
    """The address of an empty database of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('migrations')}/migrations.db"
        return
    server = request.getfixturevalue(f"{request.param}_url")
    engine = sa.create_engine(with_driver(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {DATABASE}"))
    yield server.rpartition("/")[0] + f"/{DATABASE}"
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {DATABASE}"))
    engine.dispose()


@pytest.fixture(scope="module")
def app_on_it(database, tmp_path_factory):
    app = create_app(
        {
            "CMS_ENV": "testing",
            "CMS_DATA_DIR": tmp_path_factory.mktemp("var"),
            "CMS_DATABASE_URL": database,
            **QUICK_TO_HASH,
        }
    )
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def migrated(app_on_it):
    """An application on that database, upgraded from nothing or from where a test left it, with
    the rows of the tests before: from nothing each time would take minutes."""
    with app_on_it.app_context():
        flask_migrate.upgrade()
        yield app_on_it
        db.session.rollback()


def tables():
    return {name for name in sa.inspect(db.engine).get_table_names() if not fulltext.is_ours(name)}


def is_a_models(name, _kind, _parents):
    return not fulltext.is_ours(name)


def test_models_and_migrations_agree(migrated):
    with db.engine.connect() as connection:
        options = {
            "compare_type": True,
            "include_name": is_a_models,
            "include_object": lambda thing, *_rest: is_made_on(connection.dialect, thing),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_down_to_nothing_and_up_again(migrated):
    before = tables()
    assert before == {*Base.metadata.tables, "alembic_version"}

    flask_migrate.downgrade(revision="base")
    assert tables() == {"alembic_version"}

    flask_migrate.upgrade()
    assert tables() == before
    make_picture()
    db.session.commit()


def test_upgrading_twice_changes_nothing(migrated):
    image = make_picture()
    db.session.commit()
    flask_migrate.upgrade()

    db.session.refresh(image)
    assert image.title == "picture"


def test_notifications_from_before_there_were_groups_are_kept(migrated):
    flask_migrate.downgrade(revision="0003")
    plain = [sa.column(name) for name in ("id", "type", "message", "state")]
    typed = [sa.column("job_data", sa.JSON()), sa.column("created_at", UtcDateTime())]
    told = sa.table("admin_notification", *plain, *typed)
    data = {"task": "process_image", "attempts": 4, "subject": ["image", "7"]}
    for number in (1, 2):
        row = {"id": number, "type": "job_failed", "message": "片", "state": "open"}
        db.session.execute(told.insert().values(**row, job_data=data, created_at=clock.now()))
    db.session.commit()
    flask_migrate.upgrade()

    first, second = db.session.query(AdminNotification).order_by(AdminNotification.id)
    assert first.fingerprint != second.fingerprint
    assert (first.message, first.count, first.state) == ("片", 1, NotificationState.OPEN)
    assert first.first_seen_at == first.last_seen_at
    (once,) = first.occurrences
    assert (once.attempt, once.subject_kind, once.subject_id) == (4, "image", "7")

    db.session.commit()
    flask_migrate.downgrade(revision="0003")
    assert db.session.execute(sa.select(sa.func.count()).select_from(told)).scalar() == 2


def test_pictures_from_before_are_sorted_out_by_orientation(migrated):
    made = [make_picture(pictures.jpeg(*size)) for size in ((90, 40), (40, 90), (50, 48))]
    db.session.commit()
    flask_migrate.downgrade(revision="0005")
    flask_migrate.upgrade()

    for image in made:
        db.session.refresh(image)
    assert [image.orientation for image in made] == ["wide", "tall", "square"]


# What refers to a table that a downgrade to there, or the upgrade after it, copies.
REFERRING = {
    "0015": ("user_role", "rendition", "image_version", "article_tag"),
    "0005": ("user_role", "rendition", "job_attempt"),
    "0001": ("user_role", "rendition", "job_attempt"),
}


def count_of(table):
    with db.engine.connect() as connection:  # a session would hold the table against a migration
        return connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table)))


@pytest.mark.parametrize("revision", REFERRING)
def test_what_refers_to_a_table_that_is_altered_stays(migrated, revision):
    """SQLite copies such a table, and drops the old one, with which other rows could go."""
    user = make_user("author")
    image = make_picture(owner=user)
    db.session.commit()
    db.session.add(
        Rendition(
            image_id=image.id, preset="resize", format="jpeg", recipe="x",
            key=f"renditions/{revision}", mime="image/jpeg", width=1, height=1, size=1,
        )
    )  # fmt: skip
    job = db.session.query(Job).order_by(Job.created_at.desc()).first()
    db.session.add(JobAttempt(job_id=job.id, number=1, worker="w", outcome="failed"))
    if revision == "0015":
        db.session.add(
            ImageVersion(
                image_id=image.id, number=1, key="originals/x", mime="image/jpeg", size=1,
                width=1, height=1, sha256="0" * 64, filename="x.jpg",
            )
        )  # fmt: skip
        make_article(user, tags=["sea"])
    db.session.commit()
    before = {name: count_of(name) for name in REFERRING[revision]}
    assert all(before.values())

    flask_migrate.downgrade(revision=revision)
    assert {name: count_of(name) for name in before} == before
    flask_migrate.upgrade()
    assert {name: count_of(name) for name in before} == before
    db.session.refresh(image)
    assert image.owner_id == user.id


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_row_that_refers_to_none_stops_an_upgrade_of_sqlite(migrated, caplog):
    flask_migrate.downgrade(revision="0026")
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("INSERT INTO user_role (user_id, role_id) VALUES (999, 999)")
        connection.commit()
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.commit()
    with pytest.raises(SystemExit):
        flask_migrate.upgrade()
    assert "rows refer to what is not there, in: user_role" in caplog.text

    db.session.execute(sa.text("DELETE FROM user_role WHERE user_id = 999"))
    db.session.commit()
    flask_migrate.upgrade()
    assert db.session.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_index_whose_building_was_stopped_is_built_anew(migrated):
    this_one = "WHERE indexrelid = 'ix_revision_open_at'::regclass"
    flask_migrate.downgrade(revision="0026")
    db.session.execute(sa.text("CREATE INDEX ix_revision_open_at ON revision (open, at)"))
    db.session.execute(sa.text(f"UPDATE pg_index SET indisvalid = false {this_one}"))
    db.session.commit()
    flask_migrate.upgrade()
    assert db.session.scalar(sa.text(f"SELECT indisvalid FROM pg_index {this_one}"))


def test_every_table_keeps_any_script(migrated):
    image = make_picture(filename="照片 🌄.jpg")
    db.session.commit()
    db.session.refresh(image)

    assert image.filename == "照片 🌄.jpg"


def test_there_is_one_line_of_migrations():
    scripts = ScriptDirectory(str(TOP / "cms" / "migrations"))
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
