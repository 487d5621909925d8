"""The JSON API at `/api/v1/`, on flask-smorest, which also describes it in OpenAPI 3.1."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Flask
from flask_smorest import Api
from marshmallow import Schema, fields

from cms.api.articles import articles
from cms.api.categories import categories
from cms.api.description import DOCUMENT, api
from cms.api.documents import documents
from cms.api.jobs import jobs
from cms.api.menus import menus
from cms.api.notifications import notifications
from cms.api.pages import pages
from cms.api.pictures import pictures
from cms.api.redirects import redirects
from cms.api.site import site
from cms.api.tags import tags
from cms.api.tokens import tokens

VERSION = "1"
PROBLEM = "application/problem+json"
PARTS = (
    articles,
    pages,
    categories,
    tags,
    menus,
    redirects,
    site,
    pictures,
    documents,
    jobs,
    notifications,
    tokens,
)
_ABOUT = """\
Read and write what QsCMS holds. Ask with a personal token, which is made in the
administration: `Authorization: Bearer qscms_…`. Lists come in pages: `next` of one is the
`cursor` of the one after it. Errors are RFC 9457 problems, in the language of the
account or else of `Accept-Language`; say their `request_id` when you ask for help."""


class MistakeSchema(Schema):
    """What is wrong with one thing that was asked or sent."""

    place = fields.String(data_key="in", metadata={"description": "`query` or `body`."})
    name = fields.String(metadata={"description": "Of the field, or of the file."})
    detail = fields.String()


class ProblemSchema(Schema):
    """An error, as RFC 9457 has it."""

    type = fields.String(required=True, metadata={"examples": ["about:blank"]})
    title = fields.String(required=True, metadata={"examples": ["Not found"]})
    status = fields.Integer(required=True, metadata={"examples": [404]})
    detail = fields.String(
        required=True, metadata={"examples": ["This does not exist, or you may not see it."]}
    )
    request_id = fields.String(required=True, metadata={"examples": ["3f2a9c01d4e5"]})
    errors = fields.List(fields.Nested(MistakeSchema))


class Described(Api):
    """Collects the description. How an error looks is the edge's business."""

    DEFAULT_ERROR_RESPONSE_NAME = None  # each is named where it can happen
    DEFAULT_REQUEST_BODY_CONTENT_TYPE = "application/json"

    def _register_error_handlers(self) -> None:
        pass

    def _register_pagination_header(self) -> None:
        pass  # its pages are by number

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            answer: dict[str, Any] = {"description": status.phrase}
            if status >= HTTPStatus.BAD_REQUEST:
                answer["content"] = {PROBLEM: {"schema": ProblemSchema}}
            self.spec.components.response(status.name, answer, lazy=True)


def init_app(app: Flask) -> None:
    """Add the API to `app`, with its description and a page to read that."""
    described = Described(
        app,
        spec_kwargs={
            "title": "QsCMS",
            "version": VERSION,
            "openapi_version": "3.1.0",
            "info": {"description": _ABOUT},
        },
    )
    schemes = described.spec.components
    schemes.security_scheme("token", {"type": "http", "scheme": "bearer"})
    session = {"type": "apiKey", "in": "cookie", "name": app.config["SESSION_COOKIE_NAME"]}
    schemes.security_scheme("session", session)
    for part in PARTS:
        described.register_blueprint(part)
    app.extensions[DOCUMENT] = described.spec.to_dict()
    app.register_blueprint(api)
