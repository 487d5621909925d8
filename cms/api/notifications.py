"""Notifications: what went wrong for good, until somebody has dealt with it."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.orm import selectinload

from cms.api.access import find, person
from cms.api.lists import NEXT, Listed, any_holds, fields_of, moment, page_of
from cms.api.part import Part, one
from cms.api.words import PersonSchema, Said, told, when
from cms.editorial import notifications as acts
from cms.extensions import db
from cms.notifications.models import (
    IS_ARCHIVED,
    IS_OPEN,
    IS_REGRESSED,
    IS_RESOLVED,
    AdminNotification,
    NotificationState,
    Severity,
)
from cms.tasks import wording

KIND = "notification"
notifications = Part("notifications", KIND, "What went wrong for good, once or many times.")

_STANDS = {
    NotificationState.OPEN: IS_OPEN,
    NotificationState.REGRESSED: IS_REGRESSED,
    NotificationState.RESOLVED: IS_RESOLVED,
    NotificationState.ARCHIVED: IS_ARCHIVED,
}


class NotificationSchema(Schema):
    """Something that goes wrong in the same way, with all the times that it happened."""

    id = told("Its number.", fields.Integer, example=3)
    type = told("`job_failed` or `alarm`.", fields.String, example="job_failed")
    severity = told("How bad it is.", fields.Enum, enum=Severity, by_value=True)
    state = told(
        "Where it stands.",
        fields.Enum,
        enum=NotificationState,
        by_value=True,
        attribute="standing",
    )
    title = told("What is wrong, in a few words.", Said, say=wording.title)
    detail = told("What happened last.", Said, say=wording.why)
    meaning = told("What it means.", Said, say=wording.meaning)
    count = told("How often it happened.", fields.Integer)
    first_seen_at = when("When it first happened.")
    last_seen_at = when("When it last happened.")
    assignee = fields.Nested(PersonSchema, allow_none=True)
    resolved_at = when("When it was resolved.", allow_none=True)
    resolved_by = fields.Nested(PersonSchema, allow_none=True)


LIST = Listed(
    AdminNotification,
    NotificationSchema,
    sorts={
        "last_seen_at": AdminNotification.last_seen_at,
        "count": AdminNotification.count,
        "id": AdminNotification.id,
    },
    usual="-last_seen_at",
    filters={
        "state": (fields.Enum(NotificationState, by_value=True), lambda it: _STANDS[it]),
        "severity": (
            fields.Enum(Severity, by_value=True),
            lambda it: AdminNotification.severity == it,
        ),
        "seen_since": (
            moment("Happened then or later."),
            lambda it: AdminNotification.last_seen_at >= it,
        ),
    },
    search=any_holds(AdminNotification, "message", "occurrences.job_id", "occurrences.subject_id"),
    loads=(selectinload(AdminNotification.assignee), selectinload(AdminNotification.resolved_by)),
)


@notifications.offer(
    "GET", "", may="view", answers=page_of(NotificationSchema), query=LIST.query, headers=NEXT
)
def list_notifications(asked: Any) -> Response:
    """List notifications."""
    return LIST.page(asked)


@notifications.offer(
    "GET", "/<int:id>", may="view", answers=NotificationSchema, query=fields_of(NotificationSchema)
)
def read_notification(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell of one notification."""
    return one(NotificationSchema, _one(id, "view"), only=asked.get("fields"))


@notifications.offer("POST", "/<int:id>/resolve", may="edit", answers=NotificationSchema)
def resolve_notification(id: int) -> Response:  # noqa: A002
    """Mark a notification as dealt with; one that is stays so."""
    group = _one(id, "edit")
    acts.resolve(group, person())
    db.session.refresh(group)
    return one(NotificationSchema, group)


def _one(number: int, action: str) -> AdminNotification:
    found: AdminNotification = find(AdminNotification, number, action, KIND)
    return found
