"""A part of the API: the endpoints of one kind of thing, each declared in one call.

    articles = Part("articles", "article", "What is written, and where it stands.")

    @articles.offer("GET", "/<int:id>", may="view", answers=ArticleSchema)
    def read_article(id):
        return one(ArticleSchema, find(Article, id, "view", "article"))

That closes it to all but those whom the policy lets in, with a token of the scope
`articles:read`; checks what is asked and sent; and describes it, with every answer that it
can give, in the OpenAPI document. List the part in `cms.api.PARTS`, and its scopes in
`cms.accounts.tokens.SCOPES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Response, jsonify, request
from flask_babel import gettext
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, Conflict, UnprocessableEntity

from cms.api import mistakes  # noqa: F401 - before any schema is made
from cms.api.access import JSON, MULTIPART, Need, admit, telling
from cms.config import settings
from cms.content.errors import AtField
from cms.edge import public as open_to_strangers
from cms.errors import CmsError
from cms.extensions import csrf

PREFIX = "/api/v1"
View = Callable[..., Any]
# Fields that the API calls otherwise than the forms do.
_NAMES = {
    "cover": "cover_id",
    "category": "category_id",
    "parent": "parent_id",
    "owner": "owner_id",
}
# What a script of another site may read of an answer.
_EXPOSED = "ETag, Link, Location, Retry-After, X-Request-ID"


class Invalid(UnprocessableEntity):
    """What was asked or sent breaks a rule; `errors` say where, and which."""

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        super().__init__()
        self.more = {"errors": list(errors)}


class Parser(FlaskParser):
    """Reads what is asked and sent, and takes nothing that is not declared."""

    DEFAULT_UNKNOWN_BY_LOCATION: Mapping[str, str | None] = {"query": RAISE, "json": RAISE}  # type: ignore[assignment]

    def load_json(self, req: Any, schema: Any) -> Any:
        """Read a body; one that is nested deeper than anybody means is not understood."""
        try:
            return super().load_json(req, schema)
        except RecursionError:
            raise BadRequest from None

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Say of each field what is wrong with it."""
        raise Invalid(list(_told(error.normalized_messages())))


def refused(errors: Sequence[AtField]) -> Invalid:
    """Return the answer that says of each field what is wrong with it."""
    said = [
        {
            "in": "body",
            "name": _NAMES.get(error.field, error.field),
            "detail": gettext(error.sentence, **error.facts),
        }
        for error in errors
    ]
    return telling(Invalid(said), errors[0])


class Part(Blueprint):
    """The endpoints below `/api/v1/<name>`, about things that the policy calls `kind`.

    `scope` is the first half of the scopes that tokens need; the name, unless told.
    """

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, kind: str, description: str, scope: str | None = None) -> None:
        super().__init__(name, __name__, url_prefix=f"{PREFIX}/{name}", description=description)
        self.kind, self.scope = kind, scope or name
        self.before_request(admit)
        self.after_request(_of_one_person)
        self.after_request(_readable_elsewhere)
        csrf.exempt(self)  # a session that writes is checked by `admit`

    def offer(  # noqa: PLR0913 - what an endpoint is, each part by its name
        self,
        method: str,
        rule: str,
        *,
        may: str,
        answers: type[Schema] | None,
        code: int = 200,
        query: type[Schema] | None = None,
        body: type[Schema] | None = None,
        form: Mapping[str, Any] | None = None,
        conflicts: Sequence[type[CmsError]] = (),
        tagged: bool = False,
        public: bool = False,
        scope: str | None = None,
        headers: Mapping[str, Any] | None = None,
        also: Mapping[int, tuple[str, type[Schema]]] | None = None,
    ) -> Callable[[View], View]:
        """Make a view answer `method` at `rule` to those who `may` do so.

        `query` and `body` are what it takes, given to it in this order; `form` describes a
        form with files, which it reads itself. `conflicts` are told with a 409. `tagged`
        has an ETag: see flask-smorest. What is `public` strangers may ask for, too: the view
        tells them what everybody may know. `scope` is another than to read or to write;
        `also` are other answers than `code`.
        """
        scope = scope or f"{self.scope}:{'read' if method == 'GET' else 'write'}"
        takes = MULTIPART if form else JSON if body else None
        problems = _problems(rule, takes, conflicts)

        def register(view: View) -> View:
            view.need = Need(scope, may, self.kind, takes, public)  # type: ignore[attr-defined]
            described = self.response(code, answers, headers=headers)(_with(view, conflicts))
            for other, (words, schema) in (also or {}).items():
                described = self.alt_response(other, schema=schema, description=words)(described)
            for problem in problems:
                described = self.alt_response(problem, problem.name)(described)
            if body:
                described = self.arguments(body, location="json")(described)
            if query:
                described = self.arguments(query, location="query")(described)
            if tagged:
                described = self.etag(described)
            documented: dict[str, Any] = {
                "operationId": view.__name__,
                "security": [{"token": [scope]}, {"session": []}, *([{}] if public else [])],
            }
            if form:
                documented["requestBody"] = {"required": True, "content": {MULTIPART: form}}
            described = self.doc(**documented)(described)
            return self.route(rule, methods=[method])(open_to_strangers(described))

        return register


def one(schema: type[Schema], thing: Any, **only: Any) -> Response:
    """Return a thing as JSON."""
    return jsonify(schema(**only).dump(thing))


def nothing() -> Response:
    """Return that it is done, and that there is nothing to say."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def _with(view: View, conflicts: Sequence[type[CmsError]]) -> View:
    @wraps(view)
    def telling_conflicts(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except tuple(conflicts) as error:
            raise telling(Conflict(), error) from error
        except AtField as error:
            raise refused([error]) from error

    return telling_conflicts


def _problems(
    rule: str, takes: str | None, conflicts: Sequence[type[CmsError]]
) -> list[HTTPStatus]:
    codes = [400, 401, 403, 406, 422, 429]
    codes += [404] if "<" in rule else []
    codes += [413, 415] if takes else []
    codes += [409] if conflicts else []
    return [HTTPStatus(code) for code in codes]


def _told(messages: Any, path: tuple[str, ...] = ()) -> Any:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _told(inner, path if name == "_schema" else (*path, str(name)))
        return
    place, *names = path or ("body",)
    for words in messages if isinstance(messages, list) else [messages]:
        where = {"in": "body" if place == "json" else place, "name": ".".join(names)}
        yield where | {"detail": gettext(str(words))}


def _of_one_person(response: Response) -> Response:
    """Keep answers out of caches that others share."""
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.vary.update(("Authorization", "Cookie", "Accept-Language"))
    return response


def _readable_elsewhere(response: Response) -> Response:
    """Let scripts of other sites read what strangers may, where `CMS_API_ORIGINS` says so.

    Neither the session nor a token goes along: that would need more than is said here.
    """
    allowed, origin = settings().api_origins, request.headers.get("Origin")
    if allowed:
        response.vary.add("Origin")
    if origin and request.method in ("GET", "HEAD") and {"*", origin} & set(allowed):
        response.headers["Access-Control-Allow-Origin"] = "*" if "*" in allowed else origin
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    return response
