"""Changes to what is live, which the public sees once they are published; and sittings."""

from datetime import timedelta

import pytest

from cms import clock
from cms.audit.models import AuditEntry
from cms.content import addresses, redirects, revisions, waiting
from cms.content.models import Article, Page, State, Tag
from cms.editorial import content
from cms.errors import NotAllowed
from cms.extensions import db
from cms.media import usage
from cms.media.models import Image, ImageStatus
from cms.tasks import content as live
from tests.factories import make_article, make_page, make_picture, make_user


@pytest.fixture
def author(ctx):
    return make_user("author")


@pytest.fixture
def editor(ctx):
    return make_user("editor")


@pytest.fixture
def published(author, editor):
    article = make_article(author, title="Harbour", body="<p>Still.</p>", tags=["sea"])
    content.take(article, "publish", editor)
    db.session.commit()
    return article


def numbers(thing):
    return [revision.number for revision in revisions.of(thing, 9)]


def test_the_author_prepares_and_an_editor_publishes(each_ctx):
    author, editor = make_user("author"), make_user("editor")
    article = make_article(author, title="Harbour", body="<p>Still.</p>", tags=["sea"])
    content.take(article, "publish", editor)
    picture = make_picture()
    db.session.commit()
    changed_at, address = article.changed_at, addresses.of(article)
    body = f'<p>Waves.</p><img data-picture="{picture.id}" alt="">'

    made = content.prepare(article, author, body=body, slug="waves", tags=["sea", "wind"], seen=1)
    db.session.commit()
    assert (article.body, article.slug, article.version) == ("<p>Still.</p>", "harbour", 2)
    assert [tag.title for tag in article.tags] == ["sea"]
    assert db.session.query(Tag).count() == 1
    assert (article.waiting, made.changed, article.changed_at) == (
        2, ["slug", "body", "tags"], changed_at
    )  # fmt: skip
    written = waiting.as_written(article)
    assert (written.body, [tag.title for tag in written.tags]) == (body, ["sea", "wind"])
    assert db.session.query(Article).count() == 1
    with pytest.raises(usage.StillUsed):  # it is to be seen soon
        usage.refuse_used(picture, editor)

    with pytest.raises(NotAllowed):
        content.publish_changes(article, author)
    with pytest.raises(live.PictureWaits):
        content.publish_changes(article, editor)
    assert [type(one) for one in content.change_problems(article)] == [live.PictureWaits]
    db.session.get(Image, picture.id).status = ImageStatus.READY
    content.publish_changes(article, editor)
    db.session.commit()
    assert (article.body, article.slug, article.waiting) == (body, "waves", None)
    assert redirects.find(address) == addresses.of(article)
    assert numbers(article) == [2, 1]
    acts = db.session.query(AuditEntry.action).filter_by(thing_kind="article").all()
    assert [act for (act,) in acts] == ["publish", "edit", "publish changes"]


def test_changes_stand_on_those_that_wait_already_and_can_be_discarded(published, author, editor):
    content.prepare(published, author, title="Port")
    content.prepare(published, editor, summary="At dawn")
    assert waiting.newest(published)["title"] == "Port"
    with pytest.raises(waiting.ChangesWait):
        content.save(published, editor, title="Bay")

    content.discard_changes(published, author)
    assert (published.title, published.waiting, numbers(published)) == (
        "Harbour",
        None,
        [4, 3, 2, 1],
    )
    assert content.restore(published, editor, 3).restored_from == 3
    assert (published.title, waiting.newest(published)["summary"]) == ("Harbour", "At dawn")
    content.prepare(published, author, title="Harbour", summary="")
    assert published.waiting is None  # what is live was written back


def test_what_waits_is_written_once_nobody_but_writers_sees_it(published, author, editor, moment):
    content.prepare(published, author, title="Port")
    content.take(published, "unpublish", editor)
    assert (published.state, published.title, published.waiting) == (State.DRAFT, "Port", None)

    content.take(published, "publish", editor)
    content.prepare(published, author, title="Bay")
    published.expire_at = moment
    with clock.stopped_at(moment + timedelta(hours=1)):
        live.expire_due(clock.now())
        content.take(published, "publish", editor)
    assert (published.title, published.waiting) == ("Bay", None)


def test_others_may_not_prepare(published):
    with pytest.raises(NotAllowed):
        content.prepare(published, make_user("author"), title="Mine")
    with pytest.raises(NotAllowed):
        content.prepare(make_article(), make_user("editor"), title="A draft is saved")


def test_a_page_waits_with_its_place_and_is_moved_at_once(ctx, editor):
    below, page = make_page(title="About"), make_page(title="Contact")
    content.take(page, "publish", editor)
    content.prepare(page, editor, parent_id=below.id)
    assert (page.path, page.parent_id) == ("contact", None)
    with pytest.raises(waiting.ChangesWait):
        content.move(page, editor, None, 1)
    content.publish_changes(page, editor)
    assert page.path == "about/contact"
    content.move(page, editor, None, 1)
    first = db.session.query(Page).order_by(Page.position, Page.path).first()
    assert first.title == "Contact"


def test_a_sitting_is_one_revision(ctx, author, editor, moment):
    article = make_article(author, title="Harbour")
    with clock.stopped_at(moment):
        for title in ("Harb", "Harbour at", "Harbour at dawn"):
            content.save(article, author, title=title, by_the_way=True)
    assert (numbers(article), article.version, article.title) == ([2, 1], 4, "Harbour at dawn")
    with clock.stopped_at(moment + timedelta(minutes=5)):
        content.save(article, author, summary="Calm")  # on purpose: it ends the sitting
        content.save(article, author, summary="Calm.", by_the_way=True)
    assert numbers(article) == [3, 2, 1]
    with clock.stopped_at(moment + timedelta(hours=2)):
        content.save(article, author, summary="Later", by_the_way=True)
        content.save(article, editor, summary="Another's", by_the_way=True)
        content.take(article, "publish", editor)
        content.prepare(article, editor, summary="After it went live", by_the_way=True)
    assert numbers(article) == [6, 5, 4, 3, 2, 1]
    assert revisions.find(article, 5).content["summary"] == "Another's"
    assert db.session.query(AuditEntry).filter_by(action="edit").count() == 6
