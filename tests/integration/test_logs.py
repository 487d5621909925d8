"""The logs of real processes: each line has the form, and says what it is about."""

import json
import re
import subprocess

import pytest
import requests
import sqlalchemy as sa

from cms.extensions import db
from cms.jobs import schedules
from cms.jobs.models import Job, JobState, Worker
from cms.mail.models import MailMessage
from cms.tasks.mail import send_email
from cms.webhooks.models import WebhookEndpoint
from tests.processes import BIN, PASSWORD, TOP, Site, free_port, wait_for
from tests.toy_tasks import break_toy, write_toy

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ [a-zA-Z.]+: .*|    .*")


@pytest.fixture
def make_site(tmp_path):
    """Make a site with settings; its processes end with the test."""
    made = []

    def go(**settings):
        site = Site(
            tmp_path,
            CMS_APP="tests.toy_site:app",
            CMS_JOB_RETRY_DELAY="0",
            GUNICORN_CMD_ARGS="--access-logfile -",
            **settings,
        )
        site.prepare("administrator")
        made.append(site)
        return site

    yield go
    for site in made:
        site.close()


@pytest.fixture
def visitor():
    with requests.Session() as session:
        yield session


def send(visitor, address, **fields):
    """Fill in the form of a page, and send it."""
    page = visitor.get(address).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    return visitor.post(address, data={"csrf_token": token, **fields})


def log_in(visitor, site, password=PASSWORD):
    return send(visitor, f"{site.url}/login", email="administrator@example.com", password=password)


def drop(table):
    db.session.execute(sa.text(f"DROP TABLE {table}"))
    db.session.commit()


def ended():
    db.session.rollback()
    return all(job.finished_at for job in db.session.query(Job))


# Requests


def test_a_request_that_fails_is_told_once_with_its_number_and_who_asked(make_site, visitor):
    site = make_site()
    site.start_web()
    log_in(visitor, site)
    with site.inside():
        user_id = db.session.scalar(sa.text('SELECT id FROM "user"'))
        drop("webhook_endpoint")

    answer = visitor.get(f"{site.url}/admin/webhook/")

    number = answer.headers["X-Request-ID"]
    assert answer.status_code == 500
    assert f"<code>{number}</code>" in answer.text
    site.stop("web")
    log = site.log("web")
    assert log.count("Traceback (most recent call last)") == log.count("\n    \n    The above") + 1
    about = [line for line in log.splitlines() if f"[request={number} user={user_id}]" in line]
    assert [line.split()[2] for line in about] == ["cms.refusals:", "gunicorn.access:"]
    assert "GET /admin/webhook/ failed" in about[0]
    assert [line for line in log.splitlines() if not LINE.fullmatch(line)] == []


def test_the_number_of_a_proxy_is_taken_only_from_a_proxy_and_only_if_it_is_sane(make_site):
    given = {"X-Request-ID": "from-the-proxy.1"}
    site = make_site()
    site.start_web()
    assert "proxy" not in requests.get(f"{site.url}/login", headers=given).headers["X-Request-ID"]
    site.stop("web")

    site.environment["CMS_PROXY_HOPS"] = "1"
    site.start_web()
    answer = requests.get(f"{site.url}/admin/nowhere", headers=given)
    assert answer.headers["X-Request-ID"] == "from-the-proxy.1"
    assert "<code>from-the-proxy.1</code>" in answer.text
    for number in ("", "a b", "<b>", "a" * 65, "a;b", "[user=1]"):
        answer = requests.get(f"{site.url}/healthz", headers={"X-Request-ID": number})
        assert re.fullmatch("[0-9a-f]{12}", answer.headers["X-Request-ID"])


# Jobs


def test_each_line_about_a_job_says_which_and_which_attempt(make_site):
    site = make_site()
    with site.inside():
        job = break_toy.submit("bear")
        db.session.commit()
        site.start_consumer()
        wait_for(ended, "the last attempt")
        site.stop("consumer")

    log = site.log("consumer")
    for attempt in (1, 2, 3, 4):
        ids = f"[job={job.id} task=toy_break attempt={attempt}]"
        (error,) = [s for s in log.splitlines() if "Unhandled exception" in s and ids in s]
        assert " ERROR huey: " in error
    assert log.count("tests.toy_tasks.ToyError: The toy bear broke.") == 4
    assert [line for line in log.splitlines() if not LINE.fullmatch(line)] == []
    lines = [line for line in log.splitlines() if not line.startswith("    ")]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    ("option", "told"), [("-q", {"ERROR"}), ("-v", {"DEBUG", "INFO", "ERROR"})]
)
def test_a_consumer_may_say_more_or_less(make_site, option, told):
    site = make_site()
    with site.inside():
        site._start("consumer", ["./huey_consumer.sh", option])
        wait_for(lambda: db.session.rollback() or db.session.query(Worker).count(), "the consumer")
        break_toy.submit("bear")
        db.session.commit()
        wait_for(ended, "the last attempt")
        site.stop("consumer")

    lines = [line for line in site.log("consumer").splitlines() if not line.startswith("    ")]
    assert {line.split()[1] for line in lines} == told


# JSON


def test_every_line_of_web_server_and_worker_is_an_object(make_site, visitor):
    site = make_site(CMS_LOG_FORMAT="json")
    with site.inside():
        job_id = break_toy.submit("bear").id
        db.session.commit()
        site.start_web()
        site.start_consumer()
        wait_for(ended, "the last attempt")
        drop("webhook_endpoint")
        log_in(visitor, site)
        answer = visitor.get(f"{site.url}/admin/webhook/")
        site.stop("web")
        site.stop("consumer")

    web, consumer = (
        [json.loads(line) for line in site.log(name).splitlines()] for name in ("web", "consumer")
    )
    for line in web + consumer:
        assert line.keys() >= {"time", "level", "logger", "message"}
    (failed,) = [line for line in web if "exception" in line]
    assert failed["request"] == answer.headers["X-Request-ID"]
    assert "OperationalError" in failed["exception"]
    assert {line["logger"] for line in web} == {"cms.refusals", "gunicorn.access", "gunicorn.error"}
    failures = [line for line in consumer if "exception" in line]
    assert [(line["job"], line["task"], line["attempt"]) for line in failures] == [
        (job_id, "toy_break", attempt) for attempt in (1, 2, 3, 4)
    ]


# Commands


def test_a_command_says_only_warnings_plainly_and_beside_its_output(make_site):
    site = make_site(CMS_QUEUE_URL=f"redis://127.0.0.1:{free_port()}/0", CMS_LOG_FORMAT="json")

    done = subprocess.run(
        [BIN / "flask", "cms", "demo"],
        cwd=TOP,
        env=site.environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "queue" not in done.stdout
    first = done.stderr.splitlines()[0]
    assert first.startswith("the queue does not answer; jobs wait in the ledger")


# Secrets


@pytest.mark.case(40)
def test_no_secret_is_in_a_log(make_site, visitor):
    port = free_port()
    site = make_site(
        CMS_WEBHOOK_ALLOW=f"127.0.0.1:{port}",
        CMS_MAIL_URL=f"smtp://poster:mail-secret@127.0.0.1:{free_port()}?starttls=no",
        CMS_MAIL_FROM="cms@example.com",
    )
    site.start_web()
    log_in(visitor, site, "a wrong secret")
    log_in(visitor, site)
    send(
        visitor,
        f"{site.url}/change",
        password=PASSWORD,
        new_password="a new secret 12",
        new_password_confirm="a new secret 12",
    )
    hook = {"name": "CRM", "url": f"http://127.0.0.1:{port}/hook?token=url-secret"}
    send(visitor, f"{site.url}/admin/webhook/new/", **hook, enabled="y", events="job.failed")
    cookies = [cookie.value for cookie in visitor.cookies]
    with site.inside():
        secret = db.session.scalar(sa.select(WebhookEndpoint.secret))
        write_toy.submit("bear", fail_after="no honey")
        send_letter("https://cms.example.com/reset/link-secret")
        db.session.commit()
        site.environment["CMS_LOG_FORMAT"] = "json"
        site.start_consumer()
        wait_for(all_failed, "the last attempt of each job")
        drop("webhook_endpoint")
        send(visitor, f"{site.url}/admin/webhook/new/", **hook, enabled="y", events="job.failed")
        drop("webhook_delivery")
        site.stop("consumer")
    site.stop("web")

    log = site.log("web") + site.log("consumer")
    assert "POST /change" in log  # or the test shows nothing
    assert "Unhandled exception" in log
    known = [PASSWORD, "a wrong secret", "a new secret", "url-secret", "mail-secret"]
    known += ["link-secret", secret, secret.removeprefix("whsec_"), *cookies, "$argon2"]
    known.append((site.folder / "secret_key").read_text())
    assert [word for word in known if word in log] == []


def send_letter(link):
    message = MailMessage(
        recipient="bear@example.com",
        subject="Your new password",
        template="test",
        locale="en",
        confidential=True,
        text=link,
        html=f"<a href='{link}'>here</a>",
    )
    db.session.add(message)
    db.session.flush()
    send_email.submit(message.id)


def all_failed():
    db.session.rollback()
    begun = db.session.query(Job).filter(Job.task.not_in(schedules.declared()))
    states = {job.task: job.state for job in begun}
    return len(states) == 3 and set(states.values()) == {JobState.FAILED}
