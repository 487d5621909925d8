"""How an error is answered: in words, in the form that the asker reads, without inner facts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from math import ceil
from time import time
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask_babel import gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    RequestEntityTooLarge,
    SecurityError,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    UnprocessableEntity,
    UnsupportedMediaType,
)
from werkzeug.wsgi import get_input_stream

from cms import errors, logs
from cms.audit import refusals as trail
from cms.config import settings
from cms.errors import N_
from cms.extensions import db, limiter
from cms.storage.base import MissingFile, StorageAway

logger = logging.getLogger(__name__)

# Below it every error is told as RFC 9457 has it, whatever the asker prefers.
API = "/api/"

_A_MINUTE = N_("Wait a minute, then try again.")
_MINUTES = N_("Wait %(minutes)s minutes, then try again.")

# What each kind of error is called, and what it says.
_WORDS: dict[type[HTTPException], tuple[str, str]] = {
    BadRequest: (N_("That did not work"), N_("The request could not be understood.")),
    CSRFError: (
        N_("This page is out of date"),
        N_("Nothing was changed. Go back, reload the page, and try again."),
    ),
    Unauthorized: (N_("Please log in"), N_("Please log in first.")),
    Forbidden: (N_("Not allowed"), N_("You are not allowed to do this.")),
    NotFound: (N_("Not found"), N_("This page does not exist, or you may not see it.")),
    MethodNotAllowed: (
        N_("Not possible this way"),
        N_("This address is not for opening or sending like this. Go back, and use the page."),
    ),
    NotAcceptable: (
        N_("Not possible in this form"),
        N_("This is answered as JSON, which the request does not accept."),
    ),
    UnsupportedMediaType: (
        N_("Not possible in this form"),
        N_("Send this in the form that the documentation names."),
    ),
    PreconditionFailed: (
        N_("Changed meanwhile"),
        N_("It was changed since you read it. Read it again, then change it."),
    ),
    PreconditionRequired: (
        N_("Changed meanwhile?"),
        N_("Say by If-Match which state you change: the ETag that came with it."),
    ),
    Conflict: (
        N_("Changed meanwhile"),
        N_("Somebody changed this at the same time. Reload the page and try again."),
    ),
    RequestEntityTooLarge: (
        N_("Too large"),
        N_("This is larger than %(limit)s MB, the most that is accepted at once."),
    ),
    UnprocessableEntity: (N_("That did not work"), N_("This could not be accepted.")),
    TooManyRequests: (N_("Too many tries"), _A_MINUTE),
    InternalServerError: (
        N_("Something went wrong"),
        N_("It is not your fault, and it has been noted. Please try again."),
    ),
    ServiceUnavailable: (
        N_("Not available right now"),
        N_("The server is busy, or being looked after. Try again in a minute."),
    ),
    HTTPException: (N_("That did not work"), N_("The request could not be answered.")),
}

SOON = 5  # seconds until one who is turned away may ask again
_PIECE = 65_536
_PERHAPS_AWAY = (OperationalError, InterfaceError, NoConnection)
_MINUTE = 60

_KINDS: dict[type[errors.CmsError], Callable[[], HTTPException]] = {
    errors.NotFound: NotFound,
    errors.NotAllowed: Forbidden,
    MissingFile: NotFound,
    StorageAway: partial(ServiceUnavailable, retry_after=SOON),
}


def init_app(app: Flask) -> None:
    """Answer every error in words."""
    app.register_error_handler(HTTPException, answer_error)
    app.register_error_handler(errors.CmsError, _answer_cms_error)
    app.register_error_handler(IntegrityError, _answer_conflict)
    for kind in _PERHAPS_AWAY:
        app.register_error_handler(kind, _answer_database)
    app.register_error_handler(InternalServerError, _answer_late)
    app.register_error_handler(Exception, _answer_unexpected)


def wants_json() -> bool:
    """Tell whether the asker is a program rather than a person's browser."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )


def answer_error(error: HTTPException) -> Any:
    """Answer an HTTP error in words; one that is a redirect goes out as it is.

    An error may have a `told`, the `CmsError` that says it better, and for programs
    `more` members of the answer.
    """
    if error.code is None or error.code < BadRequest.code:
        return error
    title, sentence = next(_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS)
    facts: Mapping[str, Any] = {"limit": (request.max_content_length or 0) // 1_000_000}
    wait = _seconds_to_wait() if isinstance(error, TooManyRequests) else 0
    _tell_the_trail(error)
    if wait > _MINUTE + _MINUTE // 2:
        sentence, facts = _MINUTES, {"minutes": ceil((wait - 1) / _MINUTE)}  # it was rounded up
    if told := getattr(error, "told", None):
        sentence, facts = told.sentence, told.facts
    more = getattr(error, "more", {})
    response = make_response(
        _answer(error.code, gettext(title), gettext(sentence, **facts), **more)
    )
    # Which methods there are, how long a file is.
    headers = (pair for pair in error.get_headers(request.environ) if pair[0] != "Content-Type")
    response.headers.extend(headers)
    if wait:
        say_when(response)
    return response


def _tell_the_trail(error: HTTPException) -> None:
    """Leave word of a form that no page of ours sent, if somebody is logged in, and of a limit."""
    if isinstance(error, CSRFError) and current_user.is_authenticated:
        trail.tell_of_page("refuse form")
    if isinstance(error, TooManyRequests):
        tell_of_limit()


def tell_of_limit() -> None:
    """Leave word that somebody has asked too often: once for each address while that holds."""
    if limit := limiter.current_limit:
        every = limit.limit.get_expiry()
        trail.tell_of_page("limit", every=every, mark=limit.key, limit=str(limit.limit))


def say_when(response: Response) -> None:
    """Say when one who has asked too often may ask again."""
    if wait := _seconds_to_wait():
        response.headers["Retry-After"] = str(wait)


def _seconds_to_wait() -> int:
    limit = limiter.current_limit
    return max(1, ceil(limit.reset_at - time())) if limit else 0


def _answer_cms_error(error: errors.CmsError) -> Any:
    answer: Any = _KINDS.get(type(error), UnprocessableEntity)()
    answer.told = error
    _swallow_body()
    return answer_error(answer)


def _answer_conflict(error: IntegrityError) -> Any:
    logger.warning("refused by the database: %s", error.orig)
    return answer_error(Conflict())


def _is_away(error: SQLAlchemyError) -> bool:
    """Tell whether the database hears nobody, rather than that what it was asked is wrong: such
    as for a table that is not there, which is no less than a fault of ours."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or error.statement is None
    return isinstance(error, NoConnection)


def _answer_database(error: SQLAlchemyError) -> Any:
    return _answer_away(error) if _is_away(error) else _answer_unexpected(error)


def _answer_away(error: SQLAlchemyError) -> Any:
    """Answer that the database cannot be asked. Who asks cannot be known then, so the page is
    as for a stranger."""
    # In one line: while it is away, each request is told of.
    logger.error("%s %s: no answer of the database: %s", request.method, request.path, error)
    db.session.rollback()
    _swallow_body()
    take_for_a_stranger()
    return answer_error(ServiceUnavailable(retry_after=SOON))


def take_for_a_stranger() -> None:
    """Draw what follows as for nobody: who asks is not known, or not to be asked."""
    logins: Any = current_app.login_manager  # type: ignore[attr-defined]
    g._login_user = logins.anonymous_user()  # noqa: SLF001 - where Flask-Login keeps who asks


def _swallow_body() -> None:
    """Read what is still on its way: a browser that sends hears no answer."""
    most = settings().request_max_bytes
    with suppress(HTTPException, OSError):
        body = get_input_stream(request.environ, max_content_length=most)
        for _piece in iter(partial(body.read, _PIECE), b""):
            pass


def _answer_late(error: InternalServerError) -> Any:
    """Answer what was raised when an answer was there already, such as by its commit."""
    late = error.original_exception
    if isinstance(late, SQLAlchemyError) and _is_away(late):
        return _answer_away(late)
    return answer_error(error)


def _answer_unexpected(error: Exception) -> Any:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer_error(InternalServerError())


def _answer(code: int, title: str, sentence: str, **more: Any) -> Any:
    """Answer an error in the form that the asker reads, without inner facts."""
    db.session.rollback()
    number = request.environ[logs.IDS]["request"]
    if request.path.startswith(API):
        problem = {"type": "about:blank", "title": title, "status": code, "detail": sentence}
        response = jsonify(problem | {"request_id": number} | more)
        response.mimetype = "application/problem+json"
        return response, code
    if wants_json():
        return jsonify(error=sentence), code
    if isinstance(request.routing_exception, SecurityError):
        # No page can be drawn for a host that is not ours: none of its addresses can be made.
        return Response(f"{title}. {sentence}\n", code, mimetype="text/plain")
    facts = {"code": code, "title": title, "sentence": sentence, "number": number}
    return render_template("errors/error.html", **facts), code
