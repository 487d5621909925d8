"""Jobs: what waits, runs, or failed, and trying a failed one again."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from marshmallow import Schema, fields, validate

from cms.api.access import find
from cms.api.lists import NEXT, Listed, Text, fields_of, moment, page_of
from cms.api.part import Part, one
from cms.api.words import Inner, Said, reason, told, when
from cms.editorial import retries
from cms.jobs.models import ENDED, Job, JobState
from cms.tasks import huey
from cms.tasks.finding import found_by
from cms.tasks.retries import UnknownTask
from cms.tasks.wording import task_in_words

KIND = "job"
ID = "/<string(maxlength=36):id>"
jobs = Part("jobs", KIND, "What is done in the background: pictures, mail, webhooks, upkeep.")


class SubjectSchema(Schema):
    """The thing that a job is for."""

    kind = told("Such as `image`.", fields.String, attribute="subject_kind")
    id = told("Its number.", fields.String, attribute="subject_id")


class ProgressSchema(Schema):
    """How far a long job is."""

    done = fields.Integer(attribute="progress_done")
    total = fields.Integer(attribute="progress_total")


class JobSchema(Schema):
    """One piece of work, from its submission to its end."""

    id = told("Its number.", fields.String)
    task = told("What it does.", fields.String, example="process_image")
    title = told(
        "That, in the language asked for.",
        Said,
        say=lambda job: task_in_words(job.task),
    )
    state = told("Where it stands.", fields.Enum, enum=JobState, by_value=True)
    error = told("Why it failed.", Said, say=reason, allow_none=True)
    subject = Inner(SubjectSchema, lambda job: job.subject_kind is not None)
    attempts_made = told("Attempts begun.", fields.Integer)
    attempts_allowed = told("Attempts at most.", fields.Integer)
    progress = Inner(ProgressSchema, lambda job: job.progress_total is not None)
    retry_of = told(
        "The failed job that it is a retry of.",
        fields.String,
        attribute="retry_of_id",
        allow_none=True,
    )
    created_at = when("When it was submitted.")
    due_at = when("When it is to begin, or to be tried again.")
    started_at = when("When its last attempt began.", allow_none=True)
    finished_at = when("When it ended.", allow_none=True)


LIST = Listed(
    Job,
    JobSchema,
    sorts={"created_at": Job.created_at, "finished_at": Job.finished_at},
    usual="-created_at",
    filters={
        "state": (fields.Enum(JobState, by_value=True), lambda it: Job.state == it),
        "task": (
            fields.String(
                validate=validate.OneOf(sorted(huey.kinds)),
                metadata={"examples": ["process_image"]},
            ),
            lambda it: Job.task == it,
        ),
        "subject_kind": (Text(validate=validate.Length(1, 40)), lambda it: Job.subject_kind == it),
        "subject_id": (Text(validate=validate.Length(1, 40)), lambda it: Job.subject_id == it),
        "created_since": (moment("Submitted then or later."), lambda it: Job.created_at >= it),
        "created_before": (moment("Submitted earlier."), lambda it: Job.created_at < it),
    },
    search=found_by,
    empty={"finished_at": Job.state.not_in(ENDED)},
)
PLACE = {"Location": {"description": "The new job.", "schema": {"type": "string"}}}


@jobs.offer("GET", "", may="view", answers=page_of(JobSchema), query=LIST.query, headers=NEXT)
def list_jobs(asked: Any) -> Response:
    """List jobs."""
    return LIST.page(asked)


@jobs.offer("GET", ID, may="view", answers=JobSchema, query=fields_of(JobSchema))
def read_job(asked: Any, id: str) -> Response:  # noqa: A002 - its name in the address
    """Tell of one job."""
    return one(JobSchema, find(Job, id, "view", KIND), only=asked.get("fields"))


@jobs.offer(
    "POST",
    f"{ID}/retry",
    may="retry",
    answers=JobSchema,
    code=202,
    headers=PLACE,
    conflicts=[retries.NothingToRetry, UnknownTask],
)
def retry_job(id: str) -> Response:  # noqa: A002
    """Try a failed job again, as a new job."""
    again = retries.retry_job(find(Job, id, "retry", KIND))
    answer = one(JobSchema, again)
    answer.status_code, answer.location = 202, url_for("jobs.read_job", id=again.id)
    return answer
