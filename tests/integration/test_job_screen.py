"""The administrators' list of jobs, and the page of one."""

import re
from datetime import timedelta

import pytest

from cms import clock
from cms.audit.models import AuditEntry
from cms.editorial.retries import retry_job
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState
from cms.tasks import huey
from cms.tasks.images import process_image
from cms.tasks.mail import post
from tests.factories import make_picture, make_user
from tests.failures import fail_job
from tests.processes import PASSWORD
from tests.toy_tasks import ToyError, keep_secret, write_toy

LIST = "/admin/job/"


@pytest.fixture
def administrator(log_in):
    return log_in("administrator")


@pytest.fixture
def details(client):
    return lambda job: client.get(f"{LIST}details/?id={job.id}").text


def found(client, **query):
    return set(re.findall(r'data-id="([^"]+)"', client.get(LIST, query_string=query).text))


def press(client, button, job):
    answer = client.post(LIST + button, data={"id": job.id, "url": LIST})
    assert answer.status_code == 302
    return client.get(LIST).text


def later(name="bear"):
    return write_toy.submit(name, at=clock.now() + timedelta(hours=1))


# The list


def test_each_state_has_its_tab(client, administrator):
    jobs = {}
    for state in JobState:
        job = write_toy.submit(state.value)
        job.state = state
        jobs[state] = job.id
    db.session.commit()
    for tab, states in {
        "waiting": {JobState.QUEUED, JobState.RETRYING},
        "running": {JobState.RUNNING},
        "succeeded": {JobState.SUCCEEDED},
        "failed": {JobState.FAILED},
        "dropped": {JobState.DISCARDED, JobState.MOOT},
        "all": set(JobState),
    }.items():
        assert found(client, tab=tab) == {jobs[state] for state in states}, tab


@pytest.mark.parametrize(
    ("search", "finds"),
    [
        ("{id}", True),
        ("{start}", True),
        ("{shouted}", True),
        ("honey", True),
        ("honey BROKE", True),
        ("hone", False),
        ("hon%y", False),
        ("Play", True),
        ("toy_wri", True),
        ("nothing", False),
        ("Play nothing", False),
    ],
)
def test_it_is_searched_by_number_thing_kind_and_error(each_ctx, search, finds):
    client = each_ctx.test_client()
    log_in_to(client)
    job = fail_job("honey")
    job.sentence, job.facts = ToyError.sentence, {"name": "honey"}
    process_image.submit(1, [])
    db.session.commit()
    ids = {"id": job.id, "start": job.number, "shouted": job.id[:4].upper()}
    assert (job.id in found(client, search=search.format(**ids))) == finds


def log_in_to(client):
    user = make_user("administrator")
    db.session.commit()
    client.post("/login", data={"email": user.email, "password": PASSWORD})


def test_a_thing_is_found_by_its_whole_id(client, administrator):
    job = write_toy.submit("honey")
    db.session.commit()
    assert found(client, search="honey") == {job.id}
    assert found(client, search="hone") == set()


def test_it_is_filtered_by_kind_and_day(client, administrator):
    with clock.stopped_at(clock.now() - timedelta(days=10)):
        old = process_image.submit(1, [])
    new, other = process_image.submit(2, []), write_toy.submit("bear")
    db.session.commit()
    assert ">Process a picture</option>" in client.get(LIST).text
    assert found(client, flt0_task_is="process_image") == {old.id, new.id}
    day = f"{clock.now() - timedelta(days=5):%Y-%m-%d}"
    assert found(client, flt1_created_at_since=day) == {new.id, other.id}
    assert found(client, flt2_created_at_until=day) == {old.id}


def test_a_thing_is_called_by_its_name(client, administrator, details):
    image = make_picture()
    image.title = "Sunset"
    gone = process_image.submit(999, [])
    db.session.commit()
    text = client.get(LIST).text
    assert f'<a href="/admin/image/edit/?id={image.id}">Picture: Sunset</a>' in text
    assert "Picture 999" in text
    assert "Picture 999</a>" not in text, "it leads nowhere"
    assert "Picture 999<" in details(gone)


def test_names_of_what_one_may_not_see_are_not_told(client, log_in, run_jobs):
    log_in("editor")
    letter = post("ada@example.com", "test")
    db.session.commit()
    text = client.get(LIST).text
    assert f"Mail {letter.id}" in text
    assert "ada@example.com" not in text


# Buttons


def test_a_job_that_waits_for_later_runs_now(client, administrator, run_jobs):
    job = later()
    db.session.commit()
    run_jobs()
    assert db.session.get_one(Job, job.id).state == JobState.QUEUED
    assert "It is due now." in press(client, "run", job)

    run_jobs()
    assert db.session.get_one(Job, job.id).state == JobState.SUCCEEDED
    assert db.session.query(AuditEntry).filter_by(action="run now").one().thing_id == job.id


def test_only_a_job_that_waits_for_later_can_be_run_now(client, administrator, run_jobs):
    job = write_toy.submit("bear")
    db.session.commit()
    assert "Only a job that waits for a later time can be run now." in press(client, "run", job)


def test_hastening_is_one_step(each_ctx, moment):
    job = write_toy.submit("bear", at=moment + timedelta(hours=1))
    db.session.commit()
    with clock.stopped_at(moment):
        assert ledger.hasten(job.id)
        assert not ledger.hasten(job.id)
    db.session.refresh(job)
    assert job.due_at == moment


def test_a_job_is_given_up(client, administrator):
    job = later()
    db.session.commit()
    assert "Given up." in press(client, "discard", job)
    db.session.expire_all()
    assert db.session.get_one(Job, job.id).state == JobState.DISCARDED
    assert "Only a job that waits or has failed can be given up." in press(client, "discard", job)


def test_buttons_are_for_whom_they_work(client, administrator):
    early, due, failed = later(), write_toy.submit("due"), fail_job("cat")
    done = write_toy.submit("done")
    done.state = JobState.SUCCEEDED
    db.session.commit()
    text = client.get(LIST).text
    buttons = {
        job_id: re.findall(r'formaction="/admin/job/(\w+)"', row)
        for job_id, row in re.findall(r'data-id="([^"]+)"(.*?)</tr>', text, re.DOTALL)
    }
    assert buttons == {
        early.id: ["run", "discard"],
        due.id: ["discard"],
        failed.id: ["retry", "discard"],
        done.id: [],
    }


# The page of one


def test_the_whole_line_of_retries_is_shown(client, administrator, details):
    first = fail_job("bear")
    second = retry_job(first)
    second.state = JobState.FAILED
    db.session.flush()
    third = retry_job(second)
    db.session.commit()
    assert ledger.lineage(second) == [first, second, third]
    for job in (first, second, third):
        text = details(job)
        links = re.findall(r'/admin/job/details/\?id=([^"]+)"', text)
        assert [it for it in links if it != job.id] == [
            it.id for it in (first, second, third) if it != job
        ]
        assert "This job" in text
    assert "This job" not in details(fail_job("cat"))


def test_it_tells_how_long_it_waited_and_ran(client, administrator, details, moment):
    with clock.stopped_at(moment):
        job = write_toy.submit("bear")
        job.state, job.attempts_made = JobState.SUCCEEDED, 1
        job.started_at = moment + timedelta(seconds=90)
        job.finished_at = moment + timedelta(seconds=92.5)
        db.session.commit()
        text = details(job)
    assert re.search(r"Waited</dt><dd>1 minute|Waited</dt><dd>2 minutes|Waited</dt><dd>90", text)
    assert "Ran</dt><dd>2.5 s" in text


def test_progress_is_told_to_an_open_page(client, administrator, details):
    job = write_toy.submit("bear")
    db.session.commit()
    ledger.claim(job.id, huey.holder())
    ledger.set_progress(job.id, 1, 30, 120)
    db.session.commit()
    assert '<progress class="progress-bar-live" max="120" value="30"' in details(job)
    (told,) = client.get(f"{LIST}status?ids={job.id}").json["jobs"]
    assert told["progress"] == {"done": 30, "total": 120, "words": "30 of 120"}


# What is shown to nobody


def test_what_a_task_redacts_is_shown_nowhere(
    client, administrator, details, runner, run_jobs, caplog
):
    caplog.set_level("DEBUG")
    job = keep_secret.submit("bear", "hunter2", hint="rhymes with blue")
    db.session.commit()
    run_jobs(hours=1)

    shown = details(job)
    told = runner.invoke(args=["cms", "jobs", "show", job.id]).output
    lists = "".join(client.get(it).text for it in (LIST, "/admin/notification/"))
    page = client.get("/admin/notification/details/?id=1").text
    for text in (shown, told, lists, page, caplog.text):
        assert "hunter2" not in text
        assert "rhymes" not in text
    assert "••••" in shown
    assert "('bear', '••••', hint='••••')" in told
    assert "bear" in shown


def test_a_task_of_another_version_shows_no_arguments(client, administrator, details):
    job = write_toy.submit("bear")
    job.task, job.args, job.kwargs = "unheard_of", ["hunter2"], {"a": "b7"}
    db.session.commit()
    text = details(job)
    assert "hunter2" not in text
    assert "b7" not in text.split("Arguments")[1].split("</dd>")[0]


@pytest.mark.parametrize(
    ("redact", "args", "kwargs", "shown"),
    [
        (("a",), [1, 2], {}, (["•", 2], {})),
        (("b",), [1], {"b": 2}, ([1, "•"], {})),
        (("more",), [1, 2, 3, 4], {}, ([1, 2, "•", "•"], {})),
        (("rest",), [1, 2], {"x": 3}, ([1, 2], {"x": "•"})),
        (("k",), [1, 2], {"k": 3, "x": 4}, ([1, 2], {"k": "•", "x": 4})),
    ],
)
def test_a_parameter_is_redacted_however_it_is_given(ctx, redact, args, kwargs, shown):
    def work(a, b, *more, k=None, **rest): ...

    kind = huey.task(name="toy_redact", subject="toy", words="Play", redact=redact)(work)
    try:
        args, kwargs = kind.redacted(args, kwargs)
    finally:
        huey._registry.unregister(kind.task_class)
        del huey.kinds["toy_redact"]
    short = lambda it: "•" if it == "••••" else it  # noqa: E731
    assert ([*map(short, args)], {k: short(v) for k, v in kwargs.items()}) == shown


@pytest.mark.parametrize("redact", [("passwort",), "password"])
def test_a_name_that_is_no_parameter_stops_the_start(redact):
    def work(password): ...

    with pytest.raises(TypeError, match="not the names of its parameters"):
        huey.task(name="toy_wrong", subject="toy", words="Play", redact=redact)(work)
    assert "toy_wrong" not in huey.kinds
