"""`flask cms …`: what operators do from a shell."""

import re
from datetime import timedelta

import click.testing
import pytest

from cms import clock
from cms.accounts.models import User
from cms.accounts.policy import ROLES
from cms.accounts.services import FIRST_ADMIN
from cms.app import create_app
from cms.audit.models import AuditEntry
from cms.cli.setup import DEMO_PICTURES
from cms.content import addresses, menus
from cms.content.models import Article, State
from cms.extensions import db
from cms.jobs.models import Job
from cms.media.models import Image
from cms.tasks.content import publish_due
from tests.clients import PageClient
from tests.factories import QUICK_TO_HASH, make_user
from tests.processes import PASSWORD


@pytest.fixture
def cms(ctx, runner):
    """Run `flask cms …` with what is typed on its standard input."""

    def go(*command, typed=""):
        return runner.invoke(ctx.cli, ["cms", *command], input=typed, prog_name="flask")

    return go


def log_in(client, email, password=PASSWORD):
    return client.post("/login", data={"email": email, "password": password}).status_code == 302


# Accounts


def test_an_administrator_is_made_with_a_password_from_standard_input(cms, client):
    done = cms("create-admin", "anna@example.com", typed=f"{PASSWORD}\n")

    assert (done.exit_code, done.output) == (0, "anna@example.com can log in as administrator.\n")
    assert log_in(client, "anna@example.com")
    assert client.get("/admin/notification/").status_code == 200


def test_a_password_keeps_its_spaces_and_signs(cms, client):
    password = "  \"$HOME\" 密码密码密码 'x'  "
    assert cms("create-admin", "anna@example.com", typed=f"{password}\n").exit_code == 0
    assert log_in(client, "anna@example.com", password)


@pytest.mark.parametrize("role", ROLES)
def test_an_account_of_each_role_is_made(cms, role):
    done = cms("create-user", "li@example.com", "--role", role, typed=f"{PASSWORD}\n")

    assert done.output == f"li@example.com can log in as {role}.\n"
    user = db.session.query(User).one()
    assert [r.name for r in user.roles] == [role]
    (entry,) = db.session.query(AuditEntry)
    assert (entry.action, entry.thing_kind, entry.thing_id) == ("create", "user", str(user.id))
    assert (entry.face, entry.user_id) == ("command", None)
    assert entry.changes == {"email": [None, "li@example.com"], "roles": [None, [role]]}


@pytest.mark.parametrize(
    ("email", "typed", "words"),
    [
        ("anna@example.com", "short\n", "This password cannot be used: "),
        ("anna@example.com", "\n", "This password cannot be used: "),
        ("anna@example.com", "", "This password cannot be used: "),
        ("anna", f"{PASSWORD}\n", "anna cannot be used: "),
        ("", f"{PASSWORD}\n", " cannot be used: "),
        ("a b@example.com", f"{PASSWORD}\n", "a b@example.com cannot be used: "),
        ("taken@example.com", f"{PASSWORD}\n", "taken@example.com cannot be used: it has an"),
        ("Taken@Example.com", f"{PASSWORD}\n", "Taken@example.com cannot be used: it has an"),
    ],
)
def test_what_cannot_be_is_told_in_words_and_makes_nobody(cms, email, typed, words):
    assert cms("create-user", "taken@example.com", typed=f"{PASSWORD}\n").exit_code == 0
    done = cms("create-admin", email, typed=typed)

    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {words}")
    assert len(done.output.splitlines()) == 1
    assert db.session.query(User).count() == 1


def test_a_password_is_never_an_argument(cms):
    assert cms("create-admin", "anna@example.com", PASSWORD).exit_code == 2
    assert cms("create-user", "anna@example.com", "--role", "owner").exit_code == 2
    assert db.session.query(User).count() == 0


def test_at_a_terminal_the_password_is_asked_for_twice(cms, monkeypatch):
    typed_at = click.testing._NamedTextIOWrapper
    monkeypatch.setattr(typed_at, "isatty", lambda _self: True, raising=False)
    done = cms("create-admin", "anna@example.com", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert done.exit_code == 0
    assert "Password" in done.output
    assert "Repeat for confirmation" in done.output
    assert PASSWORD not in done.output


# Setting up


def test_setup_makes_the_schema_an_account_and_pictures_and_then_nothing_more(tmp_path):
    app = create_app({"CMS_ENV": "testing", "CMS_DATA_DIR": tmp_path, **QUICK_TO_HASH})
    app.test_client_class = PageClient
    first = app.test_cli_runner().invoke(app.cli, ["cms", "setup"])
    assert first.exit_code == 0
    password = re.search(rf"Log in as {FIRST_ADMIN} with the password  (\S+)", first.output)[1]
    again = app.test_cli_runner().invoke(app.cli, ["cms", "setup"])
    assert (again.exit_code, "password" in again.output) == (0, False)

    with app.app_context():
        assert db.session.query(User).count() == 1
        made = db.session.query(AuditEntry).filter_by(thing_kind="user").one()
        assert (made.action, made.changes["email"]) == ("create", [None, FIRST_ADMIN])
        found = [(i.filename, i.title, i.alt_text) for i in db.session.query(Image)]
        assert found == [*DEMO_PICTURES]
        assert log_in(app.test_client(), FIRST_ADMIN, password)
        db.engine.dispose()


def test_in_production_it_makes_the_schema_alone_and_says_how_to_go_on(tmp_path):
    key = "0123456789abcdef" * 2
    app = create_app({
        "CMS_ENV": "production", "CMS_DATA_DIR": tmp_path, "CMS_SECRET_KEY": key,
        "CMS_SECOND_FACTOR_KEYS": key, "CMS_TRUSTED_HOSTS": "cms.example.org",
        "CMS_ALLOW_EMBEDDED": "database,queue,storage,mail",
    })  # fmt: skip
    done = app.test_cli_runner().invoke(app.cli, ["cms", "setup"])
    assert (done.exit_code, "flask cms create-admin EMAIL" in done.output) == (0, True)

    with app.app_context():
        assert db.session.query(User).count() == db.session.query(Image).count() == 0
        db.session.remove()
        db.engine.dispose()


def test_demo_adds_the_pictures_once_more_in_both_languages(cms):
    assert cms("demo").exit_code == 0
    titles = [image.title for image in db.session.query(Image)]

    assert titles == [title for _name, title, _alt in DEMO_PICTURES]
    assert "群山" in titles
    assert db.session.query(Job).count() == len(DEMO_PICTURES)


def test_demo_adds_articles_and_pages_once_that_go_live_with_their_pictures(cms, run_jobs):
    make_user("administrator", "gone@example.com").active = False
    make_user("viewer", "reader@example.com")
    author = make_user("administrator")
    db.session.commit()
    assert [cms("demo").exit_code for _twice in range(2)] == [0, 0]
    assert [article.owner for article in db.session.query(Article)] == [author] * 4
    found = addresses.find("/zh-Hans-CN/关于/联系我们")
    assert found.is_live

    run_jobs()
    with clock.stopped_at(clock.now() + timedelta(minutes=2)):
        publish_due(clock.now())
    live = db.session.query(Article).filter_by(state=State.PUBLISHED).all()
    assert [article.title for article in live] == ["The harbour at dawn", "清晨的港湾"]
    assert all(article.cover_id for article in live)
    assert [entry.label for entry in menus.shown(menus.get("main", "en"))] == ["Places", "About"]


def test_a_lost_password_is_set_anew_and_ends_the_sessions(runner, ctx):
    user = make_user("editor", "ada@example.com")
    before = user.fs_uniquifier
    db.session.commit()
    done = runner.invoke(args=["cms", "set-password", "ada@example.com"], input="a new long word\n")

    assert done.output == "ada@example.com has a new password.\n"
    db.session.refresh(user)
    assert user.verify_and_update_password("a new long word")
    (entry,) = db.session.query(AuditEntry).filter_by(action="set password")
    assert (entry.thing_id, entry.face) == (str(user.id), "command")
    assert "a new long word" not in str(entry.changes)
    assert user.fs_uniquifier != before


def test_the_password_of_nobody_is_not_set(runner):
    done = runner.invoke(args=["cms", "set-password", "eve@example.com"], input="a new long word\n")

    assert done.exit_code == 1
    assert "Nobody has an account with the address eve@example.com." in done.output
