"""Going live on time and ending on time; never live with a picture that cannot be shown."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from standardwebhooks import Webhook

from cms import clock
from cms.audit.models import AuditEntry
from cms.content import life, reviews
from cms.content.errors import Conflict
from cms.content.models import State
from cms.editorial import content
from cms.errors import NotAllowed
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.mail.models import MailMessage
from cms.media.models import Image, ImageStatus
from cms.tasks import content as live
from cms.tasks import huey
from cms.webhooks.models import EVENTS, WebhookDelivery, WebhookEndpoint
from tests import receivers
from tests.factories import make_article, make_page, make_picture, make_user

NOON = datetime.fromisoformat("2026-03-01T20:00")  # in Shanghai, as the `moment` of the tests
SHANGHAI = "Asia/Shanghai"
HOUR = timedelta(hours=1)


@pytest.fixture
def editor(ctx):
    return make_user("editor")


def scheduled(moment, at=NOON, by=None, until=None, **fields):
    """An article that an author wrote and an editor has scheduled an hour before."""
    article = make_article(by, **fields)
    with clock.stopped_at(moment - HOUR):
        content.schedule(article, make_user("editor"), at, SHANGHAI, until=until)
    db.session.commit()
    return article


def due(now):
    with clock.stopped_at(now):
        found = [*live.expire_due(now), *live.publish_due(now)]
    db.session.expire_all()
    return found


# Step by step


def test_an_article_goes_from_the_author_over_the_editor_to_the_public(ctx, moment):
    author, editor = make_user("author"), make_user("editor")
    article = make_article(author)
    content.take(article, "submit", author)
    content.take(article, "return", editor, comment="Which harbour?")
    content.save(article, author, title="Harbour of Xiamen")
    content.take(article, "submit", author)
    with clock.stopped_at(moment):
        content.take(article, "publish", editor, seen=article.version)

    assert (article.state, article.published_at) == (State.PUBLISHED, moment)
    ((said),) = reviews.of(article)
    assert (said.words, said.by, said.version) == ("Which harbour?", editor, 1)
    acts = [entry.action for entry in db.session.query(AuditEntry).filter_by(thing_kind="article")]
    assert acts == ["submit", "return", "comment", "edit", "submit", "publish"]


def test_what_was_changed_since_it_was_read_is_not_published(editor):
    article = make_article()
    content.save(article, article.owner, title="Other")
    with pytest.raises(Conflict):
        content.take(article, "publish", editor, seen=1)


def test_all_that_lacks_is_told_at_once(ctx, editor):
    failed, waits = make_picture(), make_picture()
    failed.status = ImageStatus.FAILED
    body = f'<img data-picture="{waits.id}" alt=""><img data-picture="999" alt="">'
    article = make_article(cover_id=failed.id, body=body)
    found = [(type(one), one.field) for one in content.problems(article, "publish")]
    assert found == [
        (live.PictureFailed, "cover"), (live.PictureWaits, "body"), (live.PictureGone, "body")
    ]  # fmt: skip
    with pytest.raises(live.PictureFailed):
        content.take(article, "publish", editor)
    assert article.state is State.DRAFT


def test_a_draft_is_saved_while_its_pictures_wait_and_what_is_live_is_not(editor, run_jobs):
    waits = make_picture()
    body = f'<p><img data-picture="{waits.id}" alt="A bay"></p>'
    article = make_article()
    content.save(article, article.owner, body=body)
    content.save(article, article.owner, body="<p>Without</p>")
    content.take(article, "publish", editor)
    with pytest.raises(live.PictureWaits):
        content.save(article, editor, body=body)
    with pytest.raises(life.EmptyBody):
        content.save(article, editor, body="")
    db.session.commit()
    assert article.body == "<p>Without</p>"
    run_jobs()
    content.save(article, editor, body=body)


def test_a_picture_that_is_made_again_is_shown_as_it_was_until_then(editor, run_jobs):
    cover = make_picture()
    db.session.commit()
    run_jobs()
    cover.status = ImageStatus.PENDING
    article = make_article(cover_id=cover.id)
    content.take(article, "publish", editor)
    assert article.is_live


def test_a_site_may_ask_for_covers(editor):
    content.set_site(make_user("administrator"), cover_needed=True)
    with pytest.raises(live.NoCover):
        content.take(make_article(), "publish", editor)
    content.take(make_page(), "publish", editor)


# On time


@pytest.mark.case(30)
def test_what_is_scheduled_goes_live_when_it_is_time_and_once(each_ctx, moment):
    article = scheduled(moment)
    page = make_page()
    assert (article.publish_at, article.zone) == (moment, SHANGHAI)
    assert due(moment - timedelta(seconds=1)) == []

    (outcome,) = due(moment)
    assert (outcome.kind, outcome.id, outcome.what) == ("article", article.id, "published")
    assert (article.state, article.published_at) == (State.PUBLISHED, moment)
    assert due(moment) == due(moment + HOUR) == []
    assert page.state is State.DRAFT


@pytest.mark.case(30)
def test_after_an_outage_it_is_caught_up_and_says_how_late(each_ctx, moment):
    later = scheduled(moment, at=NOON + HOUR)
    article = scheduled(moment)
    now = moment + 3 * HOUR
    assert [(found.id, found.late) for found in due(now)] == [
        (article.id, 3 * HOUR), (later.id, 2 * HOUR)
    ]  # fmt: skip
    assert life.late(article) == 3 * HOUR
    noted = db.session.query(AuditEntry).filter_by(action="publish", thing_id=str(article.id)).one()
    assert noted.changes == {"state": ["scheduled", "published"], "late": 3 * 3600}


def test_what_has_ended_is_archived_be_it_that_it_was_never_live(each_ctx, moment):
    seen = scheduled(moment, until=NOON + HOUR)
    due(moment)
    missed = scheduled(moment, until=NOON + HOUR)
    found = due(moment + 2 * HOUR)
    assert {(one.id, one.what, one.late) for one in found} == {
        (seen.id, "ended", HOUR), (missed.id, "ended", HOUR)
    }  # fmt: skip
    assert (seen.state, missed.state) == (State.ARCHIVED, State.ARCHIVED)
    assert missed.published_at is None
    assert due(moment + 3 * HOUR) == []


def test_a_schedule_that_cannot_be_is_refused_and_changes_nothing(ctx, moment, editor):
    article = make_article()
    with clock.stopped_at(moment):
        for at, zone, until, error in (
            (NOON, SHANGHAI, None, life.InThePast),
            (NOON + HOUR, "Mars/Olympus", None, life.UnknownZone),
            (NOON + 2 * HOUR, SHANGHAI, NOON + HOUR, life.EndsTooSoon),
        ):
            with pytest.raises(error):
                content.schedule(article, editor, at, zone, until=until)
        with pytest.raises(NotAllowed):
            content.schedule(article, article.owner, NOON + HOUR, SHANGHAI)
    db.session.commit()
    assert (article.state, article.publish_at, article.zone) == (State.DRAFT, None, None)


def test_a_schedule_can_be_moved_and_taken_back(ctx, moment, editor):
    article = scheduled(moment)
    with clock.stopped_at(moment - HOUR):
        content.schedule(article, editor, NOON + HOUR, SHANGHAI)
    assert due(moment) == []
    content.take(article, "unschedule", editor)
    assert due(moment + 2 * HOUR) == []
    assert (article.state, article.publish_at) == (State.DRAFT, None)


def test_what_is_live_can_be_given_an_end(ctx, moment, editor):
    article = make_article()
    with pytest.raises(life.NotNow):
        content.end_at(article, editor, NOON, SHANGHAI)
    with clock.stopped_at(moment - HOUR):
        content.take(article, "publish", editor)
        with pytest.raises(life.EndsTooSoon):
            content.end_at(article, editor, NOON - 2 * HOUR, SHANGHAI)
        content.end_at(article, editor, NOON, SHANGHAI)
        with pytest.raises(NotAllowed):
            content.end_at(article, article.owner, None, SHANGHAI)
    assert (article.expire_at, article.zone) == (moment, SHANGHAI)
    assert [one.what for one in due(moment)] == ["ended"]


def test_what_is_in_the_trash_does_not_go_live(ctx, moment, editor):
    content.delete(scheduled(moment), editor)
    assert due(moment) == []


# Held for its pictures


@pytest.fixture
def author(ctx):
    user = make_user("author")
    user.locale = "en"
    return user


def mails():
    return db.session.query(MailMessage).order_by(MailMessage.id).all()


def test_a_picture_that_has_failed_holds_the_article_until_it_is_mended(
    author, moment, run_jobs, set_setting
):
    set_setting(site_url="https://cms.example.org")
    picture = make_picture(filename="boats.jpg")
    body = f'<p><img data-picture="{picture.id}" alt="Boats"></p>'
    article = scheduled(moment, by=author, title="Harbour", body=body)
    run_jobs()
    db.session.execute(update(Image).values(status=ImageStatus.FAILED))

    (outcome,) = due(moment)
    assert (outcome.what, type(outcome.reason)) == ("held", live.PictureFailed)
    assert (article.state, article.held_at) == (State.SCHEDULED, moment)
    assert article.held_sentence % article.held_facts == (
        "The picture “boats” has failed. Replace its file, or try it again."
    )
    ((mail),) = mails()
    assert (mail.recipient, mail.subject) == (author.email, "Not published yet: Harbour")
    assert "The picture “boats” has failed." in mail.text
    assert f"https://cms.example.org/admin/article/edit/?id={article.id}" in mail.html

    assert due(moment + timedelta(seconds=30)) == [], "it is given a moment"
    assert len(due(moment + HOUR)) == 1
    assert len(mails()) == 1, "its author is told once"

    db.session.execute(update(Image).values(status=ImageStatus.READY))
    (outcome,) = due(moment + 2 * HOUR)
    assert (outcome.what, outcome.late) == ("published", 2 * HOUR)
    assert (article.state, article.held_sentence, article.held_told) == (
        State.PUBLISHED, None, False
    )  # fmt: skip


def test_a_picture_that_still_waits_holds_it_and_is_told_only_if_it_takes_long(author, moment):
    article = scheduled(moment, by=author, cover_id=make_picture().id)
    assert [one.what for one in due(moment)] == ["held"]
    assert mails() == []
    due(moment + timedelta(minutes=11))
    assert article.held_told
    assert len(mails()) == 1
    due(moment + timedelta(minutes=13))
    assert len(mails()) == 1


def test_a_picture_that_was_deleted_by_force_holds_it(author, moment, run_jobs):
    cover = make_picture()
    article = scheduled(moment, by=author, cover_id=cover.id)
    run_jobs()
    cover.put_in_trash(None)
    (outcome,) = due(moment)
    assert type(outcome.reason) is live.PictureGone
    assert article.state is State.SCHEDULED


def test_the_mail_is_in_the_language_of_the_author(author, moment, run_jobs):
    author.locale = "zh_Hans_CN"
    picture = make_picture()
    picture.status = ImageStatus.FAILED
    article = make_article(author, cover_id=picture.id)
    article.state, article.publish_at = State.SCHEDULED, moment
    due(moment)
    ((mail),) = mails()
    assert mail.subject.startswith("尚未发布：")


def test_one_without_an_author_is_held_all_the_same(ctx, moment):
    picture = make_picture()
    picture.status = ImageStatus.FAILED
    article = make_article(cover_id=picture.id)
    article.state, article.publish_at, article.owner = State.SCHEDULED, moment, None
    due(moment)
    assert article.held_told
    assert mails() == []


# Others


@pytest.fixture
def told(ctx):
    """What another system that wants to know of everything is told."""
    events = ["content.published", "content.changed", "content.removed"]
    db.session.add(WebhookEndpoint(name="Shop", url="https://shop.example/", events=events))
    db.session.commit()

    def read():
        found = db.session.query(WebhookDelivery).order_by(WebhookDelivery.id)
        return [(one.event.removeprefix("content."), one.payload["data"]["title"]) for one in found]

    return read


def test_other_systems_are_told_of_what_the_public_sees(told, moment, editor):
    article = make_article(title="Harbour")
    content.save(article, article.owner, title="Haven")
    content.take(article, "submit", article.owner)
    content.take(article, "publish", editor)
    content.save(article, editor, title="Port")
    content.save(article, editor, title="Port")
    content.take(article, "unpublish", editor)
    content.take(article, "publish", editor)
    content.delete(article, editor)
    assert told() == [
        ("published", "Haven"), ("changed", "Port"), ("removed", "Port"), ("published", "Port"),
        ("removed", "Port"),
    ]  # fmt: skip


BELOW = [("changed", "Pier"), ("changed", "Quay")]


@pytest.mark.parametrize(
    ("publish", "events"),
    [
        (content.publish_changes, [*BELOW, ("changed", "Harbour")]),
        (lambda page, by: content.take(page, "unpublish", by), [("removed", "Harbour"), *BELOW]),
    ],
)
def test_other_systems_are_told_of_what_moves_along_as_changes_are_written(
    told, editor, publish, events
):
    page = make_page(title="Harbour")
    content.take(page, "publish", editor)
    for title in ("Quay", "Pier"):
        content.take(make_page(title=title, parent_id=page.id), "publish", editor)
    make_page(title="A draft", parent_id=page.id)
    content.prepare(page, editor, slug="port")
    assert len(told()) == 3
    publish(page, editor)
    assert told()[3:] == events
    addresses = {it.payload["data"]["address"] for it in db.session.query(WebhookDelivery)}
    assert addresses >= {"/en/port/pier", "/en/port/quay"}


def test_each_change_of_what_is_live_is_called_out_and_signed(ctx, editor, set_setting, run_jobs):
    with receivers.http_receiver() as shop:
        set_setting(webhook_allow=(f"127.0.0.1:{shop.port}",))
        endpoint = WebhookEndpoint(name="Shop", url=shop.url, events=[*EVENTS])
        db.session.add(endpoint)
        for thing in (make_article(editor, title="Port"), make_page(editor, title="Quay")):
            for step in ("publish", "archive", "publish", "unpublish"):
                content.take(thing, step, editor)
            content.take(thing, "publish", editor)
            content.save(thing, editor, title=f"{thing.title} II")
            content.delete(thing, editor)
        db.session.commit()
        run_jobs()
        calls = [Webhook(endpoint.secret).verify(body, headers) for _p, headers, body in shop.calls]
    heard = [(it["type"], it["data"]["title"]) for it in calls]
    turns = ["published", "removed", "published", "removed", "published"]
    assert heard == [
        *((f"content.{turn}", "Port") for turn in turns),
        ("content.changed", "Port II"),
        ("content.removed", "Port II"),
        *((f"content.{turn}", "Quay") for turn in turns),
        ("content.changed", "Quay II"),
        ("content.removed", "Quay II"),
    ]
    assert calls[0]["data"] == {
        "kind": "article",
        "id": calls[0]["data"]["id"],
        "title": "Port",
        "language": "en",
        "address": "/en/articles/port",
    }
    assert {it["data"]["kind"] for it in calls} == {"article", "page"}


def test_they_are_told_of_pages_that_move_along(told, editor):
    about = make_page(editor, title="About")
    team = make_page(editor, title="Team", parent_id=about.id)
    make_page(editor, title="Draft", parent_id=team.id)
    for page in (about, team):
        content.take(page, "publish", editor)
    content.save(about, editor, slug="us")
    assert told()[2:] == [("changed", "About"), ("changed", "Team")]
    last = db.session.query(WebhookDelivery).order_by(WebhookDelivery.id.desc()).first()
    assert last.payload["data"]["address"] == "/en/us/team"


def test_they_are_told_of_what_the_job_does_and_not_of_what_nobody_saw(told, moment):
    scheduled(moment, title="Live", until=NOON + HOUR)
    due(moment)
    scheduled(moment, title="Missed", until=NOON + HOUR)
    due(moment + HOUR)
    assert told() == [("published", "Live"), ("removed", "Live")]


# The job


def test_a_job_is_submitted_when_something_is_due_and_only_then(each_ctx, moment, run_jobs):
    article = scheduled(moment)
    with clock.stopped_at(moment - HOUR):
        live.look_for_due(huey)
    assert db.session.query(Job).filter_by(task="see_to_content").count() == 0

    with clock.stopped_at(moment):
        live.look_for_due(huey)
        live.look_for_due(huey)
        assert db.session.query(Job).filter_by(task="see_to_content").count() == 1
        run_jobs()
        assert article.state is State.PUBLISHED
        live.look_for_due(huey)
    assert [job.state for job in db.session.query(Job).filter_by(task="see_to_content")] == [
        JobState.SUCCEEDED
    ]


def test_one_that_goes_wrong_keeps_none_of_the_others(ctx, moment, monkeypatch):
    first, second = scheduled(moment), scheduled(moment, at=NOON + timedelta(minutes=1))
    real = life.take

    def take(thing, step):
        real(thing, step)
        if thing.id == first.id:
            raise RuntimeError("broken")

    monkeypatch.setattr(life, "take", take)
    with pytest.raises(RuntimeError):
        due(moment + HOUR)
    db.session.expire_all()
    assert (first.state, second.state) == (State.SCHEDULED, State.PUBLISHED)


def test_the_duty_is_done_by_the_consumer():
    assert live.look_for_due in huey.duties
