"""What the audit trail says of articles and pages: each value before and after, also of what
is saved while somebody writes."""

import hashlib
from datetime import timedelta

import pytest

from cms import clock
from cms.audit.models import AuditEntry
from cms.audit.values import LONGEST
from cms.content import revisions
from cms.content.models import Article
from cms.editorial import content
from cms.extensions import db
from cms.tasks import content as live
from tests.factories import make_article, make_page, make_user

LATER = timedelta(hours=1)


@pytest.fixture
def author(ctx):
    return make_user("author", email="ada@example.com")


@pytest.fixture
def editor(ctx):
    return make_user("editor", email="eve@example.com")


@pytest.fixture
def article(author):
    return make_article(author, title="Harbour", body="<p>Still.</p>")


def trail(*actions):
    """Return what was noted: by whom, what, and what changed."""
    query = db.session.query(AuditEntry).order_by(AuditEntry.id)
    if actions:
        query = query.filter(AuditEntry.action.in_(actions))
    return [(entry.user_email, entry.action, entry.changes) for entry in query]


def edits():
    return [changes for _who, _act, changes in trail("edit")]


def test_a_save_says_each_value_before_and_after(article, author):
    content.save(article, author, title="Port", tags=["sea", "wind"])
    assert edits() == [{"revision": 2, "title": ["Harbour", "Port"], "tags": [[], ["sea", "wind"]]}]


def test_what_is_begun_is_noted_whole(author):
    content.create(Article, author, title="Harbour", summary="At dawn")
    ((_who, act, changes),) = trail()
    assert (act, changes["title"], changes["summary"], changes["language"]) == (
        "create", [None, "Harbour"], [None, "At dawn"], "en",
    )  # fmt: skip


def test_a_long_text_is_cut_and_can_be_compared_with_its_revision(article, author):
    body = f"<p>{'waves ' * 1_000}</p>"
    content.save(article, author, body=body)
    ((was, now),) = [changes["body"] for changes in edits()]
    whole = revisions.latest(article).content["body"]
    assert was == "<p>Still.</p>"
    assert now == f"{whole[:LONGEST]}… (SHA-256 {hashlib.sha256(whole.encode()).hexdigest()})"


def type_titles(thing, person, moment, *titles):
    """Let somebody write, which is saved every few seconds."""
    for seconds, title in enumerate(titles):
        with clock.stopped_at(moment + timedelta(seconds=seconds)):
            content.save(thing, person, title=title, by_the_way=True)


def test_a_sitting_is_noted_as_it_begins_and_once_it_is_saved_on_purpose(article, author, moment):
    type_titles(article, author, moment, "Po", "Port", "Port of")
    assert edits() == [{"revision": 2, "title": ["Harbour", "Po"]}]
    with clock.stopped_at(moment + timedelta(seconds=9)):
        content.save(article, author, title="Port of", summary="Calm")
    assert edits()[1:] == [
        {"revision": 2, "title": ["Harbour", "Port of"], "summary": ["", "Calm"]}
    ]


def test_a_save_on_purpose_of_nothing_more_notes_what_was_saved_by_the_way(article, author, moment):
    type_titles(article, author, moment, "Po", "Port")
    with clock.stopped_at(moment + timedelta(seconds=9)):
        assert content.save(article, author, title="Port") is None
        assert content.save(article, author, title="Port") is None
    assert edits()[1:] == [{"revision": 2, "title": ["Harbour", "Port"]}]


def test_what_somebody_wrote_last_is_theirs_when_another_saves(article, author, editor, moment):
    type_titles(article, author, moment, "Po", "Port")
    with clock.stopped_at(moment + timedelta(seconds=9)):
        content.save(article, editor, title="Bay")
    assert trail("edit")[1:] == [
        ("ada@example.com", "edit", {"revision": 2, "title": ["Harbour", "Port"]}),
        (None, "edit", {"revision": 3, "title": ["Port", "Bay"]}),  # no request, so nobody
    ]


@pytest.mark.parametrize("step", ["submit", "publish"])
def test_a_step_comes_after_all_that_was_written_before(article, author, editor, moment, step):
    type_titles(article, author, moment, "Po", "Port")
    content.take(article, step, editor)
    noted = [(act, changes.get("title")) for _who, act, changes in trail()]
    assert noted[-2:] == [("edit", ["Harbour", "Port"]), (step, None)]


def test_a_sitting_that_nobody_ends_is_noted_half_an_hour_later(each_ctx, moment):
    author = make_user("author", email="ada@example.com")
    article = make_article(author, title="Harbour")
    type_titles(article, author, moment, "Po", "Port")
    db.session.commit()
    with clock.stopped_at(moment + revisions.SITTING):
        live.end_sittings(None)
        assert len(edits()) == 1, "it goes on"
    with clock.stopped_at(moment + LATER):
        live.end_sittings(None)
        live.end_sittings(None)
    assert trail("edit")[1:] == [
        ("ada@example.com", "edit", {"revision": 2, "title": ["Harbour", "Port"]})
    ]


def test_a_sitting_of_one_save_is_one_row(article, author, moment):
    type_titles(article, author, moment, "Port")
    with clock.stopped_at(moment + LATER):
        live.end_sittings(None)
    assert edits() == [{"revision": 2, "title": ["Harbour", "Port"]}]


def test_the_row_of_a_sitting_says_from_where_it_was_begun(client, log_in, moment):
    ada = log_in("author")
    article = make_article(ada, title="Harbour")
    type_titles(article, ada, moment, "Port")
    (begun,) = db.session.query(AuditEntry).filter_by(action="edit")
    begun.address, begun.face, begun.request = "203.0.113.7", "admin", "abc"
    type_titles(article, ada, moment, "Port of call")
    content.take(article, "submit", ada)
    ended = db.session.query(AuditEntry).filter_by(action="edit").all()[-1]
    assert (ended.user_email, ended.address, ended.face, ended.request) == (
        ada.email, "203.0.113.7", "admin", "abc",
    )  # fmt: skip


def test_changes_that_wait_are_noted_as_written_published_and_discarded(article, author, editor):
    content.take(article, "publish", editor)
    content.prepare(article, author, title="Port")
    content.publish_changes(article, editor)
    content.prepare(article, author, title="Bay", by_the_way=True)
    content.prepare(article, author, title="Bay of", by_the_way=True)
    content.discard_changes(article, author)

    assert [(act, changes["title"]) for _who, act, changes in trail() if "title" in changes] == [
        ("edit", ["Harbour", "Port"]),
        ("publish changes", ["Harbour", "Port"]),
        ("edit", ["Port", "Bay"]),
        ("edit", ["Port", "Bay of"]),
        ("discard changes", ["Bay of", "Port"]),
    ]
    assert revisions.find(article, 3).content["title"] == "Bay of", "it stays among the revisions"


def test_what_is_said_of_a_text_and_when_it_is_to_go_live_is_noted(article, author, editor):
    content.comment(article, editor, "Which harbour?")
    content.schedule(article, editor, clock.now().replace(tzinfo=None) + LATER, "UTC")
    said, planned = [changes for _who, _act, changes in trail()]
    assert said == {"comment": [None, "Which harbour?"]}
    assert planned["publish_at"] == [None, article.publish_at.isoformat()]
    assert planned["state"] == ["draft", "scheduled"]


def test_a_page_that_is_moved_is_noted_with_both_places(ctx, editor):
    first, second = make_page(title="About"), make_page(title="Contact")
    content.save(second, editor, position=1)  # as the API does
    content.move(second, editor, first.id, 1)
    assert [(act, changes) for _who, act, changes in trail("move")] == [
        ("move", {"position": [2, 1]}),
        ("move", {"path": ["contact", "about/contact"]}),
    ]


def test_what_is_deleted_for_good_is_noted_as_it_was(ctx, editor):
    page = make_page(title="About", body="<p>Us.</p>")
    content.delete(page, editor)
    live.purge_page(page)
    ((_who, _act, changes),) = trail("purge")
    assert (changes["title"], changes["body"], changes["path"]) == (
        ["About", None], ["<p>Us.</p>", None], ["about", None],
    )  # fmt: skip


def test_an_administrator_reads_old_and_new_and_the_way_to_the_revision(client, log_in):
    admin = log_in("administrator")
    article = make_article(admin, title="Harbour")
    content.save(article, admin, title="海港", tags=["sea", "wind"])
    db.session.commit()
    number = db.session.query(AuditEntry).filter_by(action="edit").one().id
    page = client.get(f"/admin/audit_entry/details/?id={number}").text
    assert "<td>Harbour</td><td>海港</td>" in page
    assert "<td>–</td><td>sea\nwind</td>" in page
    assert f"/admin/article/revisions?id={article.id}&amp;later=2" in page
