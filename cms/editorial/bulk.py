"""What can be done to everything that a list shows, at once, and beginning it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sqlalchemy import Select

from cms.accounts.models import User
from cms.audit.services import record
from cms.editorial import edits, notifications, pictures, presets, retries, webhooks
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import ledger, selections
from cms.jobs.models import Job, Selection
from cms.jobs.selections import Act, register
from cms.media.models import Image, ImagePreset
from cms.notifications.models import AdminNotification
from cms.tasks.retries import give_up
from cms.tasks.selections import act_on_selection, regenerate_images
from cms.webhooks.models import WebhookEndpoint

WEEK = 7


class NothingChosen(CmsError):
    """What was to be chosen is gone, or was changed meanwhile."""

    sentence = N_("Nothing matches any more.")


class NothingToStop(CmsError):
    """All of it is dealt with."""

    sentence = N_("Nothing is left to be stopped.")


def begin(
    act: Act,
    keys: Select[tuple[object]],
    by: User | None,
    whence: str,
    options: dict[str, Any] | None = None,
) -> tuple[Selection, int]:
    """Choose what `keys` finds and submit the job that deals with it, for `by`.

    `whence` says where it was chosen, such as the address of a list. Chosen
    there once more before that has ended, it is the same selection. `options` are JSON
    values for the act. Return the selection with the number of things. Raises
    `NothingChosen`.
    """
    selection, count = selections.choose(act, keys, by, options)
    if not count:
        db.session.delete(selection)
        raise NothingChosen
    mark = sha256(f"{act.kind} {act.name} {by and by.id} {whence}".encode()).hexdigest()
    task = regenerate_images if act.slow else act_on_selection
    job = task.submit(selection.id, unique_for=f"selection {mark}")
    if job.args[0] != selection.id:
        db.session.delete(selection)
        selection = db.session.get_one(Selection, job.args[0])
        return selection, selections.standing(selection).total
    record(act.name, selection, kind=act.kind, things=count)
    return selection, count


def stop(selection: Selection) -> int:
    """Leave alone what is still to be done, now or when it is resumed; return how much.

    What a job is doing at this moment it ends. Raises `NothingToStop`.
    """
    left = selections.leave_rest(selection)
    if not left:
        raise NothingToStop
    for job in ledger.for_subject("selection", selection.id):
        give_up(job.id)
    record("stop", selection, left=left)
    return left


def _retry(job: Job, by: User) -> None:
    again = retries.retry_job(job)
    again.submitted_by_id = again.submitted_by_id or by.id


for _act in (
    Act("notification", "resolve", AdminNotification, "edit", N_("Mark as resolved"),
        notifications.resolve),
    Act("notification", "archive", AdminNotification, "edit", N_("Archive for a week"),
        lambda group, _by: notifications.archive_for(group, WEEK)),
    Act("notification", "retry", AdminNotification, "edit", N_("Retry one"),
        lambda group, _by: notifications.retry_one(group)),
    Act("job", "retry", Job, "retry", N_("Retry"), _retry),
    Act("job", "discard", Job, "discard", N_("Give up"),
        lambda job, _by: retries.discard_job(job)),
    Act("image", "edit", Image, "edit", N_("Edit"), edits.write),
    Act("image", "retry", Image, "retry", N_("Retry"),
        lambda image, _by: retries.retry_picture(image)),
    Act("image", "render", Image, "retry", N_("Make the renditions again"),
        lambda image, _by: pictures.render_again(image)),
    Act("image", "regenerate", Image, "regenerate", N_("Make files again"),
        lambda image, _by, **options: pictures.remake(image, **options), slow=True),
    Act("image_preset", "enable", ImagePreset, "edit", N_("Enable"),
        lambda preset, _by: presets.switch(preset, on=True)),
    Act("image_preset", "disable", ImagePreset, "edit", N_("Disable"),
        lambda preset, _by: presets.switch(preset, on=False)),
    Act("webhook", "enable", WebhookEndpoint, "edit", N_("Enable"),
        lambda endpoint, _by: webhooks.switch(endpoint, on=True)),
    Act("webhook", "disable", WebhookEndpoint, "edit", N_("Disable"),
        lambda endpoint, _by: webhooks.switch(endpoint, on=False)),
):  # fmt: skip
    register(_act)
