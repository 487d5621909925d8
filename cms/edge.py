"""The edge of each request: who is let in, who commits, how an error looks."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterable, Mapping
from math import ceil
from time import time
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    current_app,
    has_request_context,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError
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

from cms import errors, logs
from cms.accounts.policy import may
from cms.config import Settings, settings
from cms.errors import N_
from cms.extensions import db, limiter
from cms.look import LANGUAGES
from cms.storage.base import MissingFile

logger = logging.getLogger(__name__)

LOCALES = dict(LANGUAGES)
LOCALE_COOKIE = "cms_locale"

# Below it every error is told as RFC 9457 has it, whatever the asker prefers.
API = "/api/"

# What anybody may ask for. Every other address wants a log-in; a view of our
# own is opened by `@public`.
_PUBLIC_ENDPOINTS = {"static", "security.login"}

# What takes more than a form's worth of bytes, and what one must be allowed to do for
# it. All other bodies are cut short: a stranger's would fill the disk before its 400.
_LARGE_BODIES = {
    "image.upload": ("create", "image"),
    "image.replace": ("edit", "image"),
    "import.begin": ("create", "import"),
}
_FORM_BYTES = 2_000_000

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
    TooManyRequests: (N_("Too many tries"), N_("Wait a minute, then try again.")),
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

# A proxy's number for a request, if it is fit for a log and for being read aloud.
_SANE_NUMBER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_IDS = "cms.ids"  # where the access log finds them

_CODES: dict[type[errors.CmsError], tuple[type[HTTPException], int]] = {
    errors.NotFound: (NotFound, 404),
    errors.NotAllowed: (Forbidden, 403),
    MissingFile: (NotFound, 404),
}


def public(view: Any) -> Any:
    """Open a view to people who are not logged in."""
    view.is_public = True
    return view


def init_app(app: Flask) -> None:
    """Attach the edge. To be called before any extension that reads the body,
    so that a stranger's upload is refused before it is read."""
    app.wsgi_app = _numbered(app)  # type: ignore[method-assign]
    app.before_request(_require_login)
    app.before_request(_limit_body)
    app.before_request(_refuse_json_at_the_door)
    app.after_request(_without_cookies)
    app.after_request(_commit_or_roll_back)
    app.register_error_handler(HTTPException, answer_error)
    app.register_error_handler(errors.CmsError, _answer_cms_error)
    app.register_error_handler(IntegrityError, _answer_conflict)
    app.register_error_handler(Exception, _answer_unexpected)


def _numbered(app: Flask) -> Any:
    """Give each request a number: into its log lines, its answer, and its error page."""
    answer = app.wsgi_app
    settings: Settings = app.config["CMS_SETTINGS"]

    def numbered(environ: Any, start_response: Any) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "") if settings.proxy_hops else ""
        number = given if _SANE_NUMBER.fullmatch(given) else secrets.token_hex(6)
        environ[_IDS] = {"request": number}

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, ("X-Request-ID", number)], *error)

        with logs.bind(request=number):
            return answer(environ, start)

    return numbered


def select_locale() -> str:
    """Return the language chosen here, else the account's, else the browser's.

    Jobs and commands have neither, and speak the installation's own.
    """
    if not has_request_context():
        return settings().locale
    chosen = request.cookies.get(LOCALE_COOKIE)
    if chosen not in LOCALES and current_user and current_user.is_authenticated:
        chosen = current_user.locale
    return chosen if chosen in LOCALES else _browser_locale() or settings().locale


def _browser_locale() -> str | None:
    for language in request.accept_languages.values():
        base = language.replace("_", "-").split("-")[0].lower()
        if base in ("en", "zh"):
            return "en" if base == "en" else "zh_Hans_CN"
    return None


def wants_json() -> bool:
    """Tell whether the asker is a program rather than a person's browser."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )


def inner_target(target: str | None) -> str | None:
    """Return `target` if it leads to this site, as a path with one leading `/`.

    Browsers drop tabs and line ends inside an address and read a backslash as
    a slash, so a slash, a tab and a slash would lead away.
    """
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return None
    return target if all(" " < sign != "\x7f" for sign in target) else None


def _limit_body() -> None:
    action, kind = _LARGE_BODIES.get(request.endpoint or "", (None, None))
    if action is None or kind is None:
        request.max_content_length = _FORM_BYTES
    elif current_user.is_authenticated and not may(current_user, action, kind):
        raise Forbidden


def note_person() -> None:
    """Name in the log whose request this is."""
    request.environ[_IDS]["user"] = current_user.id
    logs.note(user=current_user.id)


def _require_login() -> Any:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint in _PUBLIC_ENDPOINTS or getattr(view, "is_public", False):
        return None
    if current_user.is_authenticated:
        note_person()
        return None
    return ask_to_log_in()


def _refuse_json_at_the_door() -> None:
    # Flask-Security would read any amount of it, take a list for a form, and hand out
    # a token that passes by our forms' own.
    if request.is_json and request.blueprint == "security":
        raise UnsupportedMediaType


def ask_to_log_in() -> Any:
    """Send a stranger to the log-in page and back here, after a form to the page that it was
    on; a program gets a 401."""
    if wants_json():
        return jsonify(error=gettext("Please log in first.")), 401
    here = request.full_path.rstrip("?") if request.method == "GET" else _page_before()
    return redirect(url_for("security.login", next=here))


def _page_before() -> str | None:
    before = urlsplit(request.referrer or "")
    path = before._replace(scheme="", netloc="", fragment="").geturl()
    return inner_target(path) if before.netloc == request.host else None


def _commit_or_roll_back(response: Response) -> Response:
    if response.status_code < BadRequest.code:
        db.session.commit()
    else:
        db.session.rollback()
    return response


def _without_cookies(response: Response) -> Response:
    """Keep out of what caches keep for all whatever is of one person, above all a session
    that a remembered log-in has begun meanwhile."""
    if response.cache_control.public:
        session.modified = False
        session.accessed = False  # last, since each look at it is an access
    return response


def answer_error(error: HTTPException) -> Any:
    """Answer an HTTP error in words; one that is a redirect goes out as it is.

    An error may have a `told`, the `CmsError` that says it better, and for programs
    `more` members of the answer.
    """
    if error.code is None or error.code < BadRequest.code:
        return error
    title, sentence = next(_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS)
    facts: Mapping[str, Any] = {"limit": (request.max_content_length or 0) // 1_000_000}
    if told := getattr(error, "told", None):
        sentence, facts = told.sentence, told.facts
    more = getattr(error, "more", {})
    response = make_response(
        _answer(error.code, gettext(title), gettext(sentence, **facts), **more)
    )
    # Which methods there are, how long a file is.
    headers = (pair for pair in error.get_headers(request.environ) if pair[0] != "Content-Type")
    response.headers.extend(headers)
    if isinstance(error, TooManyRequests) and limiter.current_limit:
        response.headers["Retry-After"] = str(max(1, ceil(limiter.current_limit.reset_at - time())))
    return response


def _answer_cms_error(error: errors.CmsError) -> Any:
    kind, code = _CODES.get(type(error), (UnprocessableEntity, 422))
    return _answer(code, gettext(_WORDS[kind][0]), gettext(error.sentence, **error.facts))


def _answer_conflict(error: IntegrityError) -> Any:
    logger.warning("refused by the database: %s", error.orig)
    return answer_error(Conflict())


def _answer_unexpected(error: Exception) -> Any:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer_error(InternalServerError())


def _answer(code: int, title: str, sentence: str, **more: Any) -> Any:
    """Answer an error in the form that the asker reads, without inner facts."""
    db.session.rollback()
    number = request.environ[_IDS]["request"]
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
