"""Work on the library of pictures as a whole."""

from __future__ import annotations

import logging

from cms.errors import N_
from cms.jobs.task import report_progress
from cms.media import survey
from cms.tasks.queue import huey

logger = logging.getLogger(__name__)


@huey.task(
    retries=3,
    retry_delay=60,
    name="survey_library",
    schedule="30 4 * * *",
    words=N_("Go through all pictures and files"),
    meaning=N_("The figures of the library are old. The pictures themselves are not touched."),
)
def survey_library() -> None:
    """Count everything, and find files without a row and rows without a file."""
    survey.take(report_progress)


@huey.task(
    retries=3,
    retry_delay=60,
    name="remove_strays",
    words=N_("Remove files that belong to no picture"),
    meaning=N_("Files that nobody needs fill the disk."),
)
def remove_strays() -> None:
    """Delete stored files that no row names and that are older than a day."""
    logger.info("%s files that belong to no picture removed", survey.remove_strays(report_progress))
