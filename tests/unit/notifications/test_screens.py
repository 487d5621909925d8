"""The administrators' inbox."""

import pytest

from cms.audit.models import AuditEntry
from cms.editorial import notifications as acts
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.notifications import services
from cms.notifications.models import AdminNotification, NotificationNote, NotificationState
from cms.tasks.notifications import retry_group
from tests.queries import statements
from tests.toy_tasks import break_toy

LIST = "/admin/notification/"
TABS = ("open", "regressed", "resolved", "archived", "all")
BUTTONS = ("retry", "rest", "resolve", "archive", "assign", "note")


@pytest.fixture
def administrator(log_in):
    return log_in("administrator")


@pytest.fixture
def details(client, told):
    """The page of the only notification."""
    return lambda: client.get(f"{LIST}details/?id={told().id}").text


@pytest.fixture
def press(client, told):
    """Press one of its buttons."""

    def go(button, **fields):
        data = {"id": told().id, "url": LIST, **fields}
        answer = client.post(LIST + button, data=data)
        assert (answer.status_code, answer.location) == (302, LIST)
        return client.get(LIST).text

    return go


@pytest.fixture
def queries(ctx):
    """Count the statements that a function sends."""

    def count(act):
        with statements() as seen:
            act()
        return len(seen)

    return count


@pytest.mark.case(32)
@pytest.mark.parametrize("role", ["viewer", "author", "editor"])
def test_it_is_the_administrators_alone(client, log_in, fail, told, role):
    fail()
    log_in(role)
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}details/?id={told().id}").status_code == 403
    for button in BUTTONS:
        assert client.post(LIST + button, data={"id": told().id}).status_code == 403
    assert told().state == NotificationState.OPEN


def test_the_tabs_count_and_the_menu_counts_what_needs_attention(client, administrator, fail):
    for how in ("speaks", "divides", "misses"):
        fail(how=how)
    regressed, archived, _open = db.session.query(AdminNotification).order_by("id")
    services.resolve(regressed)
    services.archive(archived, more=10)
    fail()
    db.session.commit()

    for tab, count in zip(TABS, (1, 1, 0, 1, 3), strict=True):
        assert client.get(f"{LIST}?tab={tab}").text.count('<tr role="row" data-id=') == count
    assert services.count_open() == 2


def test_the_list_is_searched_by_job_and_object(client, administrator, fail):
    job = fail("honey")
    for search, found in ((job.id, True), ("honey", True), ("nothing like it", False)):
        assert ("data-id=" in client.get(LIST, query_string={"search": search}).text) == found


def test_the_page_tells_what_happened_and_what_it_means(client, administrator, run_jobs, details):
    job = break_toy.submit("bear")
    db.session.commit()
    run_jobs(hours=1)

    text = details()
    assert "The toy bear broke." in text
    assert "What these jobs were for has not been done." in text
    assert "It happened once." in text
    assert f"/admin/job/details/?id={job.id}" in text
    assert "raise ToyError(name=name)" in text


@pytest.mark.case(36)
def test_what_comes_from_outside_is_inert(client, administrator, fail, details, press):
    evil = "<img src=x onerror=alert(1)>"
    fail(evil)
    assert evil not in press("note", text=evil)
    assert evil not in details()
    assert "&lt;img src=x" in details()


@pytest.mark.usefixtures("administrator")
def test_one_is_retried_and_then_the_rest(client, fail, details, press, run_jobs):
    for number in range(3):
        fail(f"toy {number}")
    assert "Retry one" in details()
    assert "Retry the rest" not in details()
    assert "One of them has been submitted again." in press("retry")
    run_jobs()
    assert "Retry the rest (2)" in details()
    assert "The rest is being submitted again." in press("rest")
    assert "Retry the rest" not in details()
    run_jobs()

    text = details()
    group = db.session.query(AdminNotification).one()
    assert group.state == NotificationState.RESOLVED
    assert "Retry one" not in text
    assert "2 of 2" in text
    assert "by itself" in text
    job = db.session.query(Job).filter_by(task=retry_group.name).one()
    shown = client.get(f"/admin/job/details/?id={job.id}").text
    assert "2 of 2" in shown
    assert f"{LIST}details/?id={group.id}" in shown


@pytest.mark.usefixtures("administrator")
def test_the_rest_is_offered_again_when_the_job_that_retries_it_has_ended(
    fail, told, details, press, succeed
):
    for number in range(3):
        fail(f"toy {number}")
    press("retry")
    succeed(told().canary)
    press("rest")
    assert "Retry the rest" not in details()

    job = db.session.query(Job).filter_by(task=retry_group.name).one()
    job.state = JobState.FAILED
    db.session.commit()
    assert "Retry the rest (2)" in details()


def test_what_cannot_be_done_is_said_in_words(client, administrator, fail, told, press):
    fail()
    assert acts.NoCanary.sentence in press("rest")
    press("retry")
    assert acts.CanaryRuns.sentence in press("rest")
    press("resolve")
    assert acts.AlreadyResolved.sentence in press("archive", **{"for": "day"})
    assert acts.EmptyNote.sentence in press("note", text="  ")
    assert client.post(LIST + "archive", data={"id": told().id, "for": "ever"}).status_code == 400
    assert client.post(LIST + "note", data={"id": told().id, "text": "\0"}).status_code == 400
    assert "5000" in press("note", text="x" * 5001)
    assert db.session.query(NotificationNote).count() == 0


def test_each_act_is_kept_with_who_did_it(administrator, fail, told, details, press):
    fail()
    press("assign")
    press("assign")
    press("note", text="The disk is full.\nI have ordered one.")
    press("archive", **{"for": "more"})
    press("resolve")

    assert told().assignee.id == told().resolved_by_id == administrator.id
    acted = [entry.action for entry in db.session.query(AuditEntry).order_by("id")]
    assert acted == ["assign", "note", "archive", "resolve"]
    assert {entry.user_id for entry in db.session.query(AuditEntry)} == {administrator.id}
    text = details()
    assert "The disk is full." in text
    history = text.partition('id="past-title"')[2]
    for words in ("Assign", "Archive", "Mark as resolved"):
        assert words in history


@pytest.mark.parametrize(
    ("action", "state"),
    [("resolve", NotificationState.RESOLVED), ("archive", NotificationState.ARCHIVED)],
)
def test_the_ticked_ones_are_dealt_with(client, administrator, fail, action, state):
    for how in ("speaks", "divides", "misses"):
        fail(how=how)
    ids = [group.id for group in db.session.query(AdminNotification)]
    client.post(LIST + "action/", data={"action": action, "rowid": ids[:2]})

    db.session.expire_all()
    now = [db.session.get(AdminNotification, id_).state for id_ in ids]
    assert now == [state, state, NotificationState.OPEN]


@pytest.mark.usefixtures("administrator")
def test_the_newest_fifty_are_shown_by_a_fixed_number_of_queries(fail, details, press, queries):
    fail()
    press("note", text="first")
    press("assign")
    few = queries(details)
    told = db.session.query(AdminNotification).one()
    for _number in range(60):
        fail(commit=False)
        acts.add_note(told, told.assignee, "more")
    db.session.commit()
    assert queries(details) == few
    assert details().count("data-occurrence") == 50
    assert "Only the newest are shown." in details()


def test_the_list_takes_a_fixed_number_of_queries(client, administrator, fail, queries):
    fail()
    one = queries(lambda: client.get(LIST))
    for how in ("divides", "misses"):
        fail(how=how)
    assert queries(lambda: client.get(LIST)) == one


def test_a_job_that_is_gone_leaves_the_page_whole(client, administrator, fail, details):
    job = fail()
    assert job.state == JobState.FAILED
    db.session.delete(job)
    db.session.commit()
    assert "It happened once." in details()
