"""One thing done to everything that a list shows, by a job."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from cms import clock
from cms.audit.models import AuditEntry
from cms.editorial import bulk
from cms.editorial.retries import retry_job
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs import ledger, selections
from cms.jobs.models import Job, JobState, SelectedThing, Selection
from cms.jobs.selections import Act
from cms.media.models import Image
from cms.notifications.models import AdminNotification, NotificationState
from cms.tasks import huey
from tests.factories import make_picture, make_user
from tests.failures import fail_job
from tests.queries import statements
from tests.toy_tasks import write_toy

JOBS = "/admin/job/"
ACTION = "/admin/job/action/"
NOTIFICATIONS = "/admin/notification/"


class TooHeavy(CmsError):
    sentence = "The toy %(name)s is too heavy."


@pytest.fixture
def lifted(monkeypatch):
    """Register an act on jobs; return the names of the toys that it was done to."""
    names = []

    def lift(job, by):
        (name,) = job.args
        if name == "bear":
            raise TooHeavy(name=name)
        if name == "wolf" and by.locale is None:
            raise RuntimeError("it bites")
        names.append(name)

    act = Act("job", "lift", Job, "retry", "Lift", lift)
    monkeypatch.setitem(selections._acts, ("job", "lift"), act)
    return names


def begin(by, *names, act="lift", whence="here"):
    """Choose toy jobs of these names and submit the job that deals with them."""
    ids = [write_toy.submit(name).id for name in names]
    selection, _count = bulk.begin(
        selections.find("job", act), select(Job.id).where(Job.id.in_(ids)), by, whence
    )
    for job_id in ids:  # they themselves are not to run
        db.session.get_one(Job, job_id).state = JobState.DISCARDED
    db.session.commit()
    return selection


def reasons(selection):
    return [it.sentence % it.facts for it in selections.refused(selection, 10)]


# Whom it is done to


def test_each_is_dealt_with_and_what_refuses_keeps_its_reason(each_ctx, lifted, run_jobs):
    selection = begin(make_user("administrator"), "cat", "bear", "dog")
    run_jobs()

    assert sorted(lifted) == ["cat", "dog"]
    assert selections.standing(selection) == selections.Standing(total=3, left=0, refused=1)
    assert selections.standing(selection).done == 2
    assert reasons(selection) == ["The toy bear is too heavy."]


def test_it_is_one_statement_however_many_there_are(each_ctx, lifted):
    user = make_user("administrator")
    for number in range(30):
        write_toy.submit(f"toy {number}")
    db.session.commit()
    with statements() as sql:
        act = selections.find("job", "lift")
        selection, count = selections.choose(act, select(Job.id), user)

    assert count == 30
    assert [it.split()[0] for it in sql if "selected_thing" in it] == ["INSERT"]
    things = db.session.scalars(select(SelectedThing.thing_id).order_by(SelectedThing.id)).all()
    assert things == sorted(things)
    assert selections.standing(selection).left == 30


def test_it_is_done_for_who_asked(ctx, run_jobs, log_in):
    user = make_user("administrator")
    fail_job("bear")
    act = selections.find("notification", "resolve")
    bulk.begin(act, select(AdminNotification.id), user, "here")
    db.session.commit()
    run_jobs()

    entry = (
        db.session.query(AuditEntry)
        .filter_by(thing_kind="admin_notification", action="resolve")
        .one()
    )
    assert (entry.user_id, entry.user_email) == (user.id, user.email)
    assert db.session.query(AdminNotification).one().resolved_by == user


@pytest.mark.parametrize("how", ["switched off", "no longer allowed", "gone"])
def test_who_may_not_any_more_has_nothing_done(ctx, lifted, run_jobs, how):
    user = make_user("administrator")
    selection = begin(user, "cat")
    if how == "switched off":
        user.active = False
    elif how == "gone":
        db.session.delete(user)
    else:
        user.roles = []
    db.session.commit()
    run_jobs()

    assert lifted == []
    assert reasons(selection) == ["You are not allowed to do this."]


def test_what_is_gone_meanwhile_says_so(ctx, lifted, run_jobs):
    selection = begin(make_user("administrator"), "cat", "dog")
    db.session.delete(db.session.query(Job).filter_by(task="toy_write").first())
    db.session.commit()
    run_jobs()

    assert len(lifted) == 1
    assert reasons(selection) == ["This does not exist, or you may not see it."]


# Again


def test_what_was_done_is_not_done_twice(ctx, lifted, run_jobs):
    selection = begin(make_user("administrator"), *(f"toy {n}" for n in range(250)))
    first, *_rest = selections.left_after(selection, 0, 1)
    first.done_at = clock.now()
    db.session.commit()
    run_jobs()
    assert len(lifted) == len(set(lifted)) == 249

    huey.kinds["act_on_selection"].submit(selection.id)
    db.session.commit()
    run_jobs()
    assert len(lifted) == 249


def test_what_breaks_is_left_for_a_retry_and_told_and_keeps_no_other(ctx, lifted, run_jobs):
    user = make_user("administrator")
    selection = begin(user, "cat", "wolf", "dog")
    run_jobs(hours=1)

    assert sorted(lifted) == ["cat", "dog"]
    assert selections.standing(selection).left == 1
    assert db.session.query(AdminNotification).one().job_data["task"] == "act_on_selection"

    user.locale = "en"  # the cause is mended
    (job,) = ledger.for_subject("selection", selection.id)
    retry_job(job)
    db.session.commit()
    run_jobs()
    assert sorted(lifted) == ["cat", "dog", "wolf"]
    assert selections.standing(selection).left == 0


def test_it_tells_its_progress(ctx, lifted, run_jobs):
    selection = begin(make_user("administrator"), *(f"toy {n}" for n in range(150)))
    run_jobs()
    (job,) = ledger.for_subject("selection", selection.id)
    assert (job.progress_done, job.progress_total) == (150, 150)


def test_pressed_twice_it_is_one(ctx, lifted, run_jobs):
    user = make_user("administrator")
    first = begin(user, "cat")
    second = begin(user, "dog")
    assert second.id == first.id
    assert begin(user, "cow", whence="elsewhere").id != first.id
    assert db.session.query(Selection).count() == 2
    run_jobs()
    assert lifted == ["cat", "cow"]
    assert begin(user, "pig").id != first.id


def test_an_act_of_another_version_fails_at_once_in_words(ctx, lifted, run_jobs):
    selection = begin(make_user("administrator"), "cat")
    selection.act = "juggle"
    db.session.commit()
    run_jobs(hours=1)
    (job,) = ledger.for_subject("selection", selection.id)
    assert job.attempts_made == 1
    assert job.sentence == "This version does not know what was to be done."


def test_old_ones_are_pruned(each_ctx, lifted, monkeypatch):
    monkeypatch.setattr(selections, "PRUNED_AT_ONCE", 2)
    user = make_user("administrator")
    with clock.stopped_at(clock.now() - timedelta(days=31)):
        begin(user, "cat", "dog", "cow")
    kept = begin(user, "pig", whence="elsewhere")

    assert selections.prune(clock.now() - timedelta(days=30)) == 1
    assert db.session.query(Selection).one() == kept
    assert db.session.query(SelectedThing).one().selection_id == kept.id


# From the list


@pytest.fixture
def failed(ctx):
    """Three jobs that failed in two ways."""
    return [fail_job("bear"), fail_job("cat"), fail_job("dog", how="divides")]


def press(client, where="", **form):
    """Press a bulk button for everything at an address of the list of jobs."""
    form = {"action": "retry", "everything": "1", "url": JOBS, **form}
    return client.post(ACTION + where, data=form)


def chosen():
    things = select(SelectedThing.thing_id)
    return set(db.session.scalars(things))


def test_everything_is_what_the_list_shows(client, log_in, failed):
    log_in("administrator")
    write_toy.submit("waits")
    db.session.commit()
    answer = press(client, "?tab=failed")
    assert (answer.status_code, answer.location) == (302, JOBS)
    assert chosen() == {job.id for job in failed}
    text = client.get(JOBS).text
    assert "“Retry”: a job does this with all 3 of them." in text
    assert f"/admin/selection/details/?id={db.session.query(Selection).one().id}" in text


def test_a_search_and_a_filter_narrow_it(client, log_in, failed):
    log_in("administrator")
    press(client, f"?search={failed[1].number}")
    assert chosen() == {failed[1].id}


def test_the_retries_run(client, log_in, failed, run_jobs):
    user = log_in("administrator")
    press(client, "?tab=failed")
    run_jobs()
    retries = db.session.query(Job).filter(Job.retry_of_id.is_not(None)).all()
    assert {job.retry_of_id for job in retries} == {job.id for job in failed}
    assert {job.submitted_by_id for job in retries} == {user.id}
    assert {job.state for job in retries} == {JobState.SUCCEEDED}


def test_waiting_jobs_are_given_up(client, log_in, run_jobs, ctx):
    log_in("administrator")
    waiting = [write_toy.submit(name, at=clock.now() + timedelta(days=1)) for name in "ab"]
    db.session.commit()
    press(client, "?tab=waiting", action="discard")
    run_jobs()
    for job in waiting:
        assert db.session.get_one(Job, job.id).state == JobState.DISCARDED


@pytest.mark.parametrize("where", ["?tab=nowhere", "?flt0_task_is=unheard_of", "?flt0_gone_is=1"])
def test_an_address_that_would_show_more_than_was_seen_is_refused(client, log_in, failed, where):
    log_in("administrator")
    assert press(client, where).status_code == 400
    assert chosen() == set()


def test_one_that_matches_nothing_says_so(client, log_in, failed):
    log_in("administrator")
    press(client, "?tab=running")
    assert "Nothing matches any more." in client.get(JOBS).text
    assert db.session.query(Selection).count() == 0


def test_an_action_that_cannot_take_everything_is_refused(client, log_in, failed):
    log_in("administrator")
    form = {"action": "delete", "everything": "1"}
    assert client.post("/admin/webhook/action/", data=form).status_code == 400


def test_more_than_a_page_of_ticked_rows_is_a_job_too(client, log_in, ctx):
    log_in("administrator")
    jobs = [write_toy.submit(f"toy {number}") for number in range(203)]
    db.session.commit()
    ids = [job.id for job in jobs]
    client.post(ACTION, data={"action": "discard", "rowid": ids[:2], "url": JOBS})
    assert chosen() == set()
    assert db.session.query(Job).filter_by(state=JobState.DISCARDED).count() == 2

    client.post(ACTION, data={"action": "discard", "rowid": ids[2:], "url": JOBS})
    assert chosen() == set(ids[2:])


def test_ones_own_are_dealt_with_and_others_refuse(client, log_in, run_jobs, ctx):
    author = log_in("author")
    own, others = make_picture(owner=author), make_picture(owner=make_user("editor"))
    for job in db.session.query(Job):
        job.state = JobState.FAILED
    db.session.commit()
    client.post("/admin/image/action/", data={"action": "retry", "everything": "1"})
    selection = db.session.query(Selection).one()
    run_jobs()

    assert [it.thing_id for it in selections.refused(selection, 10)] == [str(others.id)]
    assert db.session.query(Job).filter(Job.retry_of_id.is_not(None)).one().subject_id == str(
        own.id
    )
    page = client.get(f"/admin/selection/details/?id={selection.id}").text
    assert f"Picture: {others.title}" in page
    assert "You are not allowed to do this." in page


def test_pictures_are_deleted(client, log_in, run_jobs, ctx):
    log_in("editor")
    for _number in range(3):
        make_picture()
    db.session.commit()
    run_jobs()
    client.post("/admin/image/action/", data={"action": "delete", "everything": "1"})
    run_jobs()
    assert db.session.query(Image).count() == 0


@pytest.mark.parametrize("act", ["resolve", "archive", "retry"])
def test_notifications_are_dealt_with(client, log_in, failed, run_jobs, act):
    log_in("administrator")
    form = {"action": act, "everything": "1", "url": NOTIFICATIONS}
    client.post(f"{NOTIFICATIONS}action/?tab=open", data=form)
    run_jobs()
    states = {group.state for group in db.session.query(AdminNotification)}
    retries = db.session.query(Job).filter(Job.retry_of_id.is_not(None)).count()
    if act == "retry":
        assert retries == 2
    else:
        closed = NotificationState.RESOLVED if act == "resolve" else NotificationState.ARCHIVED
        assert (states, retries) == ({closed}, 0)


# Its page


def test_the_page_tells_how_far_it_is(client, log_in, lifted, run_jobs):
    selection = begin(log_in("administrator"), "cat", "bear")
    page = f"/admin/selection/details/?id={selection.id}"
    status = f"/admin/selection/status?ids={selection.id}&marks=1"
    before = client.get(page).text
    assert "<h1>Lift: Jobs, 2 rows</h1>" in before
    assert "0 of 2" in before
    assert " data-moving" in before
    assert re.search(r'data-mark="([^"]*)"', before)[1] in client.get(status).text
    run_jobs()

    after = client.get(page).text
    assert "2 of 2" in after
    assert "The toy bear is too heavy." in after
    (bear,) = selections.refused(selection, 10)
    assert f'href="/admin/job/details/?id={bear.thing_id}"' in after
    assert " data-moving" not in after
    (told,) = client.get(status).json["selections"]
    assert told == {"id": selection.id, "total": 2, "done": 1, "refused": 1, "left": 0}


def test_it_is_for_who_began_it_and_for_administrators(client, log_in, lifted):
    selection = begin(make_user("administrator"), "cat")
    own = begin(log_in("editor"), "dog", whence="elsewhere")
    assert client.get(f"/admin/selection/details/?id={selection.id}").status_code == 404
    assert client.get(f"/admin/selection/details/?id={own.id}").status_code == 200
    assert client.get("/admin/selection/").text.count(" data-id=") == 1
    log_in("administrator")
    assert client.get(f"/admin/selection/details/?id={own.id}").status_code == 200


def test_the_list_offers_everything_only_where_there_is_more(client, log_in, failed):
    log_in("administrator")
    assert "data-tick-everything" not in client.get(JOBS).text
    for number in range(30):
        write_toy.submit(f"toy {number}")
    db.session.commit()
    text = client.get(f"{JOBS}?search=toy").text
    assert "All 25 on this page are ticked." in text
    assert "Tick all 33 that match" in text
    assert 'action="/admin/job/action/?search=toy"' in text
