"""How a list that takes files answers an upload: to its uploader as JSON, else by its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from flask import flash, jsonify, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge

from cms.admin.lists import QsListView
from cms.config import settings
from cms.editorial.uploads import FileTooLarge, Refusal
from cms.jobs.models import Job
from cms.look import labelled
from cms.refusals import answer_error, wants_json


class Result(Protocol):
    """What became of the files: each thing that was made with its job, what was refused, and
    what is here already."""

    taken: list[tuple[Any, Job]]
    refused: list[Refusal]
    duplicates: list[Any]


@dataclass(frozen=True)
class Here:
    """A file that is here already: as which thing, where that is found, and both in words.
    `more` is told to the uploader besides."""

    filename: str
    thing: Any
    url: str
    words: str
    link: str
    more: dict[str, str] = field(default_factory=dict)


class Uploading(QsListView):
    """A list that takes files. `taken_key` is what its JSON calls them."""

    taken_key: ClassVar[str]

    def here(self, duplicate: Any) -> Here:
        """Return what is told of a file that is here already."""
        raise NotImplementedError

    def answer(self, result: Result) -> ResponseReturnValue:
        """Answer an upload in the form that the asker reads."""
        if wants_json():
            return self._as_json(result.taken, result.refused, result.duplicates)
        return self._as_page(result)

    def create_blueprint(self, admin: Any) -> Any:
        """Answer a request over the limit in the form that uploaders read."""
        blueprint = super().create_blueprint(admin)
        blueprint.register_error_handler(RequestEntityTooLarge, self._answer_too_large)
        return blueprint

    def _answer_too_large(self, error: RequestEntityTooLarge) -> Any:
        if not wants_json():
            return answer_error(error)
        whole = Refusal("", FileTooLarge(limit=settings().request_max_mb))
        return self._as_json([], [whole], [])

    def _as_page(self, result: Result) -> ResponseReturnValue:
        if result.taken:
            flash(_("Upload successful, processing..."), "success")
        for refusal in result.refused:
            words = _(refusal.error.sentence, **refusal.error.facts)
            flash(labelled(refusal.filename, words) if refusal.filename else words, "error")
        for found in map(self.here, result.duplicates):
            linked = Markup('{} <a href="{}">{}</a>').format(found.words, found.url, found.link)
            flash(linked, "warning")
        return redirect(self.get_url(".index_view"))

    def _as_json(
        self, taken: Sequence[tuple[Any, Job]], refused: Sequence[Refusal], known: Sequence[Any]
    ) -> ResponseReturnValue:
        answer: dict[str, Any] = {
            self.taken_key: [
                {"id": thing.id, "status": thing.status.value, "job_id": job.id}
                for thing, job in taken
            ],
            "errors": [
                {"filename": it.filename, "error": _(it.error.sentence, **it.error.facts)}
                for it in refused
            ],
        }
        if known:
            answer["duplicates"] = [
                {
                    "filename": found.filename,
                    "id": found.thing.id,
                    "title": found.thing.title,
                    "url": found.url,
                    **found.more,
                }
                for found in map(self.here, known)
            ]
        if taken:
            return jsonify(answer), 202
        if known:
            return jsonify(answer), 200  # nothing is wrong, and nothing is new
        too_large = all(isinstance(it.error, FileTooLarge) for it in refused)
        return jsonify(answer), 413 if too_large else 422
