"""The documentation is complete, and the code in it runs."""

import re
import sys
from datetime import timedelta
from functools import cache
from itertools import pairwise
from types import ModuleType
from urllib.parse import unquote

import pytest
from flask import render_template_string
from markdown_it import MarkdownIt
from pydantic import SecretStr

from cms import clock
from cms.accounts import policy
from cms.accounts.models import User
from cms.admin import columns
from cms.app import create_app
from cms.audit.models import AuditEntry
from cms.config import PREFIX, Settings
from cms.content.life import STEPS
from cms.content.models import State
from cms.exchange.models import Export, ExportState
from cms.extensions import db
from cms.jobs import schedules
from cms.jobs.models import Job, JobState
from cms.media import files
from cms.media.models import Image, Rendition
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from tests.clients import PageClient
from tests.factories import QUICK_TO_HASH, make_user
from tests.processes import PASSWORD, TOP
from tests.screenshots.shots import SHOTS

PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/*.md")])
LISTED = re.compile(r"^- \[.+?\]\(([\w./-]+\.md)\)", re.MULTILINE)
PICTURE = re.compile(r"!\[(.*?)\]\((?:docs/)?images/([^)]+)\)")
ROW = re.compile(r"^\| `(CMS_\w+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Rows and messages in the field carry these names. One may be added; one that is
# renamed or gone is a job that is lost.
TASKS = {
    "process_image",
    "process_document",
    "send_email",
    "call_webhook",
    "retry_group",
    "act_on_selection",
    "regenerate_images",
    "prune",
    "clear_incoming",
    "purge_trash",
    "survey_library",
    "remove_strays",
    "send_digest",
    "drill",
    "weekly_drill",
    "check_drill",
    "make_export",
    "check_import",
    "apply_import",
    "clear_exchange",
    "see_to_content",
    "find_links",
    "check_links",
    "read_site_import",
    "continue_site_import",
    "clear_site_imports",
    "make_site_archive",
}


def read(name):
    return (TOP / name).read_text(encoding="utf-8")


def test_the_names_of_tasks_are_kept():
    ours = {name for name, task in huey.kinds.items() if task.func.__module__.startswith("cms.")}
    assert ours == TASKS


# Settings and commands


@pytest.fixture(scope="module")
def settings_table():
    """Each setting's default, as the page tells it."""
    return {name: default for name, default, _meaning in ROW.findall(read("docs/configuration.md"))}


def test_every_setting_is_on_the_page_and_no_other(settings_table):
    assert set(settings_table) == {PREFIX + name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_page_tells_the_default(settings_table, name):
    told = settings_table[PREFIX + name.upper()]
    default = Settings.model_fields[name].default
    if isinstance(default, tuple):
        default = ",".join(default)
    if default in (None, "", (), SecretStr("")):
        assert not re.fullmatch(r"`(?!CMS_DATA_DIR).*`", told), (
            "what is worked out is said in words"
        )
    else:
        assert told == f"`{default}`"


def test_every_command_is_on_the_page(app):
    told = re.findall(r"^\| `flask cms ([\w-]+)", read("docs/operation.md"), re.MULTILINE)
    assert sorted(set(told)) == sorted(app.cli.commands["cms"].commands)


# Pages


@cache
def parsed(document):
    return MarkdownIt("commonmark").enable("table").parse(document.read_text(encoding="utf-8"))


@cache
def anchors(document):
    """What each heading may be linked to by, as forges and `make docs` make it."""
    tokens = parsed(document)
    titles = [after.content for at, after in pairwise(tokens) if at.type == "heading_open"]
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def leads_somewhere(document, link):
    path, _hash, anchor = unquote(link).partition("#")
    target = (document.parent / path).resolve() if path else document
    if anchor and target.suffix == ".md":
        return target in PAGES and anchor in anchors(target)
    return target.exists()


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_every_link_and_picture_of_a_page_is_there(document):
    parts = [part for token in parsed(document) for part in token.children or ()]
    links = [part.attrGet("href") or part.attrGet("src") for part in parts if part.attrs]
    ours = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in ours if not leads_somewhere(document, link)] == []


def test_every_page_is_listed_once_by_the_readme_or_a_page_that_it_lists():
    def listed(document):
        found = LISTED.findall(document.read_text(encoding="utf-8"))
        return [(document.parent / path).resolve() for path in found]

    first = listed(TOP / "README.md")
    assert sorted(sum(map(listed, first), first)) == [
        page for page in PAGES if page.name != "README.md"
    ]


def test_every_picture_is_shown_with_words_and_taken_by_make_screenshots():
    shown = [found for page in PAGES for found in PICTURE.findall(page.read_text())]
    assert [file for words, file in shown if not words] == []
    names = {file for _words, file in shown}
    assert names == {path.name for path in (TOP / "docs" / "images").iterdir()}
    assert names == {f"{name}.png" for name in SHOTS}


def test_every_claim_of_the_comparison_links_to_a_test_that_is_there():
    _head, _line, *rows = re.findall(r"^\|.*\|$", read("docs/comparison.md"), re.MULTILINE)
    assert len(rows) > 25
    ours = [row.split(" | ")[1] for row in rows]
    links = [re.fullmatch(r"\[yes\]\(\.\./(tests/[\w/]+\.py)#(test_\w+)\)", cell) for cell in ours]
    assert [cell for cell, link in zip(ours, links, strict=True) if not link] == []
    assert [link[2] for link in links if f"def {link[2]}(" not in read(link[1])] == []


def test_the_changelog_has_room_for_what_comes():
    assert re.search(r"^## \[?Unreleased\]?$", read("CHANGELOG.md"), re.MULTILINE)


# Code


def blocks(page):
    return PYTHON.findall(read(page))


@pytest.fixture
def run_module(monkeypatch):
    """Run a block that begins with its file's name, so that the next can import it."""

    def run(source):
        name = re.match(r"# ([\w/]+)\.py\n", source)[1].replace("/", ".")
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(source, name, "exec"), module.__dict__)
        return module

    return run


@pytest.fixture
def greetings(ctx, run_module):
    """The first block of the page on jobs, as a module; its task is taken back afterwards."""
    module = run_module(blocks("docs/own-job.md")[0])
    yield module
    huey._registry.unregister(module.greet.task_class)
    del huey.kinds["greet"]


def test_the_job_of_the_page_runs(greetings, run_jobs, runner):
    user, other = make_user(), make_user()
    user.locale = "en"  # one who was greeted before the worker died
    other.locale = "zh_Hans_CN"
    (role,) = user.roles
    names = {"role": role}
    exec(blocks("docs/own-job.md")[1], names)
    exec(blocks("docs/own-job.md")[1], twice := {"role": role})
    assert isinstance(names["job"], Job)
    assert twice["job"] is names["job"]

    db.session.commit()
    run_jobs()

    job = db.session.get_one(Job, names["job"].id)
    assert job.state == JobState.SUCCEEDED
    assert (job.progress_done, job.progress_total) == (1, 1)
    assert db.session.get_one(User, other.id).locale == "en"
    shown = runner.invoke(args=["cms", "jobs", "show", job.id]).output
    assert "greet(" in shown
    assert "hunter2" not in shown


def test_the_job_of_the_page_is_short():
    code = [line for block in blocks("docs/own-job.md")[:2] for line in block.splitlines() if line]
    assert len(code) < 30


def test_the_job_of_the_page_fails_in_its_own_words(greetings, run_jobs):
    greetings.greet.submit(404, "en", "hunter2")
    db.session.commit()
    run_jobs(hours=1)

    notification = db.session.query(AdminNotification).one()
    assert notification.message == "There is no role number 404 to greet."


def test_the_hook_of_the_page_is_called(greetings, run_jobs):
    source = blocks("docs/own-job.md")[2]
    calls = []
    called = source.replace("...", "calls.append((role_id, locale, str(error), final))")
    assert called != source
    exec(called, {"greet": greetings.greet, "calls": calls})

    greetings.greet.submit(404, "en", "hunter2")
    db.session.commit()
    run_jobs(hours=1)

    words = "There is no role number 404 to greet."
    assert calls == [(404, "en", words, final) for final in (False, False, False, True)]


def test_the_schedule_of_the_page_comes(ctx, run_module, run_jobs, moment):
    module = run_module(blocks("docs/own-job.md")[4])
    user = make_user()
    user.locale = "en"
    try:
        for when in (moment, moment + timedelta(days=1)):  # a Sunday, and the Monday after it
            with clock.stopped_at(when):
                schedules.submit_due(huey)
        run_jobs()
    finally:
        huey._registry.unregister(module.forget_greetings.task_class)
        del huey.kinds["forget_greetings"]

    assert db.session.query(Job).filter_by(task="forget_greetings").one().state == "succeeded"
    assert db.session.get_one(User, user.id).locale is None


@pytest.fixture
def people(ctx, run_module, monkeypatch):
    """The lists of the page, added to an application, and an administrator's client."""
    app = create_app(same_database(ctx))
    short, added, long = blocks("docs/own-list.md")
    run_module(short)
    (admin,) = app.extensions["admin"]
    exec(added, {"admin": admin})
    admin.add_view(run_module(long).PeopleAtLength(User, endpoint="at_length"))
    granted = frozenset({"view", "edit", "export"})
    monkeypatch.setitem(policy._GRANTS["administrator"], "person", granted)
    monkeypatch.setitem(policy._GRANTS["viewer"], "person", frozenset({"view"}))
    off, _reader = make_user("editor"), make_user("viewer")
    off.active, off.locale = False, "en"
    user = make_user("administrator")
    user.locale = "en"
    db.session.commit()

    app.test_client_class = PageClient
    client = app.test_client()
    client.post("/login", data={"email": user.email, "password": PASSWORD})
    yield client
    with app.app_context():
        db.engine.dispose()


def test_the_list_of_the_page_is_short():
    code = [line for line in blocks("docs/own-list.md")[0].splitlines() if line]
    assert len(code) < 25


def shown(people, query=""):
    """The people that the list shows, each as the role that the address begins with."""
    text = people.get(f"/admin/person/{query}").text
    return sorted(re.findall(r'data-id="\d+".*?([a-z]+)\d+@', text, re.DOTALL))


def test_the_list_of_the_page_has_tabs_a_search_and_search_items(people):
    assert people.get("/admin/").text.count('href="/admin/person/"') == 1
    assert re.findall(r'tab-count">(\d+)<', people.get("/admin/person/").text) == ["3", "1"]
    assert shown(people) == ["administrator", "editor", "viewer"]
    assert shown(people, "?tab=off") == ["editor"]
    assert shown(people, "?tab=off&search=viewer") == []
    assert shown(people, "?search=viewer") == ["viewer"]
    assert shown(people, "?flt0_active_is=1&sort=0") == ["administrator", "viewer"]


def test_a_cell_of_the_page_is_edited_in_place(people):
    user = db.session.query(User).filter_by(active=False).one()
    assert 'data-edit="locale"' in people.get("/admin/person/").text

    def change(value, column="locale", seen="en"):
        form = {"id": user.id, "column": column, "value": value, "seen": seen}
        headers = {"Accept": "application/json"}
        return people.post("/admin/person/ajax/update/", data=form, headers=headers)

    assert change("zh_Hans_CN").status_code == 200
    assert change("x" * 21, seen="zh_Hans_CN").status_code == 422  # longer than the column
    assert change("x@y.example", column="email").status_code == 400  # not offered
    db.session.expire_all()
    assert user.locale == "zh_Hans_CN"
    entry = db.session.query(AuditEntry).filter_by(action="edit").one()
    assert entry.changes == {"locale": ["en", "zh_Hans_CN"]}


def test_the_list_of_the_page_is_exported(people, run_jobs):
    asked = people.get("/admin/export/choose?source=person").text
    assert 'value="email"' in asked
    form = {"source": "person", "which": "shown", "query": "tab=off", "format": "csv"}
    begun = people.post("/admin/export/begin", data=form | {"column": ["email", "active"]})
    assert begun.status_code == 302
    run_jobs()
    export = db.session.query(Export).one()
    assert export.state == ExportState.READY
    with files.storage().open(export.key) as file:
        _headings, row = file.read().decode("utf-8-sig").splitlines()
    assert row.startswith("editor")


def test_the_bulk_button_of_the_page_acts(people):
    users = db.session.query(User).all()
    form = {"action": "forget", "rowid": [str(user.id) for user in users]}
    answer = people.post("/admin/person/action/", data=form, follow_redirects=True)
    assert "3 rows done." in answer.text
    db.session.expire_all()
    assert {user.locale for user in db.session.query(User)} == {None}
    changes = [entry.changes for entry in db.session.query(AuditEntry).filter_by(action="edit")]
    assert changes == [{"locale": ["en", None]}] * 2


def test_the_long_list_of_the_page_shows_what_it_declares(people):
    text = people.get("/admin/at_length/").text
    for drawn in (
        "tag-pill",
        'class="switch',
        ">Greet</button>",
        "(1)",
        "Who is off cannot log in.",
    ):
        assert drawn in text
    assert people.get("/admin/at_length/?flt3_find_in=roles.name:view").text.count("data-id=") == 1
    off = db.session.query(User).filter_by(active=False).one()
    form = {"action": "forget", "rowid": str(off.id)}
    answer = people.post("/admin/at_length/action/", data=form, follow_redirects=True)
    assert "Who is off is left alone." in answer.text
    answer = people.post("/admin/at_length/greet", data={"id": off.id}, follow_redirects=True)
    assert "Greeted." in answer.text


def test_a_column_type_that_the_page_names_is_there():
    table = re.findall(r"^\| (`.+?) \| .+ \|$", read("docs/own-list.md"), re.MULTILINE)
    names = {name for row in table for name in re.findall(r"`(\w+)", row)}
    assert names >= {"tree", "button", "tags", "pictures"}
    assert [name for name in names if not hasattr(columns, name)] == []


def same_database(app):
    settings = app.config["CMS_SETTINGS"]
    return {
        "CMS_ENV": "testing",
        "CMS_DATA_DIR": settings.data_dir,
        "CMS_SECRET_KEY": settings.secret_key,
        **QUICK_TO_HASH,
    }


def test_the_templates_of_the_page_on_pictures_draw(app):
    image = Image(
        title="Harbour",
        alt_text="Boats",
        renditions=[
            Rendition(preset=preset, key=f"renditions/{preset}.jpg", mime="image/jpeg",
                      width=200, height=200)
            for preset in ("thumbnail", "width-320")
        ],
    )  # fmt: skip
    first, second, _script = re.findall(
        r"^```jinja\n(.*?)^```$", read("docs/pictures.md"), re.MULTILINE | re.DOTALL
    )
    with app.test_request_context():
        assert "width-320.jpg" in render_template_string(first, image=image)
        drawn = render_template_string(second, image=image)
    assert "thumbnail.jpg" in drawn
    assert drawn.endswith("<figcaption>Harbour</figcaption></figure>")


def test_the_article_of_the_page_is_written_and_sent_to_review(ctx, run_module):
    author = make_user("author")
    article = run_module(blocks("docs/content.md")[0]).write(author)
    assert (article.body, article.state) == ("<p>The water is still.</p>", State.REVIEW)


def test_the_page_tells_the_life_of_a_text_as_it_is():
    row = r"^\| ([\w, ]+) \| `(\w+)` \| ([\w ]+) \|"
    told = {
        name: (set(starts.split(", ")), end)
        for starts, name, end in re.findall(row, read("docs/content.md"), re.MULTILINE)
    }
    words = {State.REVIEW: "in review"}

    def word(state):
        return words.get(state, state.value)

    assert told == {
        step.name: ({word(state) for state in step.starts}, word(step.end))
        for step in STEPS.values()
    }
