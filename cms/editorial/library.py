"""What an editor does for the library of pictures as a whole."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from cms.accounts.models import User
from cms.audit.services import record
from cms.editorial import bulk
from cms.errors import N_, CmsError
from cms.jobs import selections
from cms.jobs.models import Job, Selection
from cms.media import survey
from cms.media.models import Image, ImageStatus
from cms.tasks.library import remove_strays, survey_library


class NotSurveyed(CmsError):
    """Nobody knows yet what there is to be mended."""

    sentence = N_("Nothing has been counted yet.")


class TextGivenMeanwhile(CmsError):
    """Somebody else was faster; their text stays."""

    sentence = N_("“%(title)s” was given an alternative text meanwhile. It was kept.")


class UnusableText(CmsError):
    """Too long, or with a character that no database keeps."""

    sentence = N_(
        "The text for “%(title)s” is too long, or holds a character that cannot be saved."
    )


def count_again() -> Job:
    """Submit the job that goes through everything; one that has not ended is not doubled."""
    job = survey_library.submit(unique_for="schedule survey_library")
    record("survey", job)
    return job


def clear_strays() -> Job:
    """Submit the job that removes files of no picture.

    Raises `NotSurveyed`, and `TooManyStrays` where the files may be another database's.
    """
    figures = survey.figures_of(survey.newest())
    if figures is None:
        raise NotSurveyed
    survey.refuse_too_many(figures)
    job = remove_strays.submit(unique_for="remove_strays")
    record("remove_strays", job, files=figures.strays)
    return job


def retry_failed(by: User) -> tuple[Selection, int]:
    """Let a job try every failed picture again. Raises `NothingChosen`."""
    failed = select(Image.id).where(Image.status == ImageStatus.FAILED)
    return _begin("retry", failed, by, "failed")


def render_incomplete(by: User) -> tuple[Selection, int]:
    """Let a job make the renditions that were missing or out of date. Raises `NothingChosen`."""
    figures = survey.figures_of(survey.newest())
    return _render(figures.incomplete_ids if figures else [], by, "incomplete")


def render_lost(by: User) -> tuple[Selection, int]:
    """Let a job make the renditions again whose files are lost. Raises `NothingChosen`."""
    figures = survey.figures_of(survey.newest())
    return _render(figures.lost_renditions if figures else [], by, "lost")


def give_alt_text(image: Image, words: str) -> None:
    """Give a picture its first alternative text. Raises `TextGivenMeanwhile`."""
    if image.alt_text:
        raise TextGivenMeanwhile(title=image.title)
    image.alt_text = words
    record("edit", image, alt_text=["", words])


def _render(ids: list[int], by: User, what: str) -> tuple[Selection, int]:
    """Deal with pictures that the last survey named: to look for them anew would take long."""
    return _begin("render", select(Image.id).where(Image.id.in_(ids)), by, what)


def _begin(act: str, keys: Select[Any], by: User, what: str) -> tuple[Selection, int]:
    found = selections.find("image", act)
    if found is None:
        raise LookupError(f"image {act} is not registered in cms.editorial.bulk")
    return bulk.begin(found, keys, by, f"library {what}")
