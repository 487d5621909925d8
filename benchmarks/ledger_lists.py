"""How long the lists take with a million finished jobs and ten thousand failures.

Each page is asked for by an administrator through the WSGI client: nothing but the
server's own work is measured. Flask-Admin's own `ModelView` shows the same table of
jobs beside it. The database is SQLite unless another is named; it must be empty,
or have been filled by an earlier run.

    python benchmarks/ledger_lists.py [--database postgresql://…] [--jobs N] [--runs N]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent)  # queue.py here is not Python's own `queue`

import argparse
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Any

import flask_migrate
import uuid_utils
from flask import Flask
from flask.testing import FlaskClient
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from sqlalchemy import func, insert, select, text

from cms.accounts.services import create_user
from cms.app import create_app
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.notifications.models import AdminNotification, NotificationOccurrence, Severity

PASSWORD = "correct horse battery"
FAILURES = 10_000
AT_ONCE = 10_000
START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("process_image", "send_email", "call_webhook")
REASONS = ("The file is damaged.", "The mail server refused it.", "The other system is away.")

PAGES = {
    "jobs, 25 rows": "/admin/job/",
    "jobs, 100 rows": "/admin/job/?page_size=100",
    "jobs, page 400": "/admin/job/?page=399",
    "jobs done": "/admin/job/?tab=succeeded",
    "jobs failed": "/admin/job/?tab=failed",
    "jobs by end": "/admin/job/?sort=6&desc=1",
    "jobs of a kind": "/admin/job/?flt0_task_is=send_email",
    "jobs, search id": "/admin/job/?search={job}",
    "jobs, search error": "/admin/job/?search=refused",
    "jobs, search nothing": "/admin/job/?search=zzzz",
    "notifications": "/admin/notification/",
    "one notification": "/admin/notification/details/?id={notification}",
    "dashboard": "/admin/",
}


def finished(number: int) -> Iterator[dict[str, Any]]:
    """Draw jobs that ended, one a second, the last of them failed."""
    for index in range(number):
        failed = index >= number - FAILURES
        ended = START + timedelta(seconds=index)
        yield {
            "id": str(uuid_utils.uuid7(nanoseconds=int(ended.timestamp()) * 10**9)),
            "task": KINDS[index % 3],
            "args": [index],
            "kwargs": {},
            "subject_kind": ("image", "mail", "webhook_delivery")[index % 3],
            "subject_id": str(index),
            "state": JobState.FAILED if failed else JobState.SUCCEEDED,
            "attempts_made": 4 if failed else 1,
            "attempts_allowed": 4,
            "retry_delay": 60,
            "created_at": ended,
            "due_at": ended,
            "started_at": ended,
            "finished_at": ended,
            "sentence": REASONS[index % 3] if failed else None,
            "facts": {} if failed else None,
        }


def fill(number: int) -> None:
    """Write the jobs, and three notifications of the failures, if there are none yet."""
    if db.session.scalar(select(func.count()).select_from(Job)):
        return
    fill_ledger(number)
    groups = [tell(index) for index in range(3)]
    failed = select(Job.id, Job.task).where(Job.state == JobState.FAILED).order_by(Job.created_at)
    occurrences = [
        {"notification_id": groups[KINDS.index(job.task)], "job_id": job.id, "attempt": 4,
         "subject_kind": "image", "subject_id": "1"}
        for job in db.session.execute(failed)
    ]  # fmt: skip
    db.session.execute(insert(NotificationOccurrence), occurrences)
    db.session.commit()
    if db.engine.dialect.name != "sqlite":  # which never looks at its tables unasked
        db.session.execute(
            text({"postgresql": "ANALYZE"}.get(db.engine.dialect.name, "ANALYZE TABLE job"))
        )
        db.session.commit()


def fill_ledger(number: int) -> None:
    """Write so many jobs that have ended."""
    jobs = finished(number)
    while rows := list(islice(jobs, AT_ONCE)):
        db.session.execute(insert(Job), rows)
        db.session.commit()


def tell(index: int) -> int:
    """Write one of the notifications; return its id."""
    group = AdminNotification(
        type="job_failed",
        fingerprint=str(index) * 64,
        severity=Severity.ERROR,
        message=REASONS[index],
        job_data={"task": KINDS[index], "attempts": 4, "subject": ["image", "1"],
                  "sentence": REASONS[index], "facts": {}},
        count=FAILURES // 3,
    )  # fmt: skip
    db.session.add(group)
    db.session.flush()
    return group.id


def ours(folder: Path, database: str | None, jobs: int) -> tuple[Flask, FlaskClient]:
    """Return QsCMS with a full ledger, and an administrator's client."""
    settings = {"CMS_DATA_DIR": folder, "CMS_ENV": "testing", "WTF_CSRF_ENABLED": False}
    app = create_app(settings | ({"CMS_DATABASE_URL": database} if database else {}))
    email = f"{uuid.uuid4()}@example.com"
    with app.app_context():
        flask_migrate.upgrade()
        fill(jobs)
        create_user(email, PASSWORD, ["administrator"])
        db.session.commit()
    client = app.test_client()
    client.post("/login", data={"email": email, "password": PASSWORD})
    return app, client


def stock(app: Flask, folder: Path) -> FlaskClient:
    """Return Flask-Admin's own list of the same table."""
    plain = Flask("stock", root_path=str(folder), template_folder=None, static_folder=None)
    plain.config["SECRET_KEY"] = "stock"
    plain.config["SQLALCHEMY_DATABASE_URI"] = app.config["SQLALCHEMY_DATABASE_URI"]
    db.init_app(plain)
    Babel(plain)  # Flask-Admin finds it installed and takes for granted that it is set up

    class JobView(ModelView):  # type: ignore[misc]
        column_list = ("task", "subject_id", "state", "attempts_made", "sentence", "created_at")
        column_default_sort = ("created_at", True)
        column_searchable_list = ("id", "task", "sentence", "subject_id")
        page_size = 25
        page_size_options = (25, 50, 100)

    Admin(plain).add_view(JobView(Job, db, endpoint="job"))
    return plain.test_client()


def median(client: FlaskClient, address: str, runs: int) -> float:
    """Return how many milliseconds a page takes, once warm."""
    took = []
    for _run in range(runs + 1):
        start = time.perf_counter()
        answer = client.get(address)
        took.append((time.perf_counter() - start) * 1000)
        assert answer.status_code == HTTPStatus.OK, (address, answer.status_code)
    return statistics.median(took[1:])


def measure(folder: Path, asked: argparse.Namespace) -> None:
    app, client = ours(folder, asked.database, asked.jobs)
    with app.app_context():
        known = {
            "job": db.session.scalar(select(Job.id).limit(1)),
            "notification": db.session.scalar(select(func.min(AdminNotification.id))),
        }
        print(f"{db.engine.dialect.name}, {asked.jobs:,} jobs; medians of {asked.runs} runs, in ms")
    for name, address in PAGES.items():
        print(f"{name:24} {median(client, address.format(**known), asked.runs):9.1f}")
    plain = stock(app, folder)
    for name, address in (("25 rows", "/admin/job/"), ("search", "/admin/job/?search=refused")):
        print(f"Flask-Admin, {name:11} {median(plain, address, asked.runs):9.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="the address of an empty database")
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--folder", type=Path, help="where to keep what was filled")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(asked.folder or Path(folder), asked)


if __name__ == "__main__":
    main()
