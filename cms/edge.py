"""The edge of each request: who is let in, who commits, what caches may keep."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import cache
from time import time
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from babel import dates
from flask import (
    Flask,
    Response,
    current_app,
    has_request_context,
    jsonify,
    redirect,
    request,
    session,
    url_for,
)
from flask.globals import request_ctx
from flask_babel import gettext
from flask_login import current_user
from flask_security.utils import validate_redirect_url
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    ServiceUnavailable,
    UnsupportedMediaType,
)

from cms import logs, refusals
from cms.accounts.factors import WAITS
from cms.accounts.policy import may
from cms.audit import refusals as trail
from cms.config import Settings, settings
from cms.extensions import db
from cms.look import LANGUAGES

logger = logging.getLogger(__name__)

LOCALES = dict(LANGUAGES)
_LOCALE_COOKIE = "cms_locale"
_ZONE_COOKIE = "cms_zone"

# What anybody may ask for. Every other address wants a log-in; a view of our
# own is opened by `@public`.
_PUBLIC_ENDPOINTS = {
    "static",
    "security.login",
    "security.forgot_password",
    "security.reset_password",
}

# What whoever gave a password may ask for that was right, but is not enough.
_SECOND_STEPS = {
    "security.tf_select",
    "security.two_factor_setup",
    "security.two_factor_token_validation",
    "security.mf_recovery",
    "security.wan_signin",
    "security.wan_signin_response",
}

# Files that people brought: saved or shown, and never run or framed.
FILE_POLICY = {"default-src": "'none'", "frame-ancestors": "'none'", "sandbox": ""}

# What takes more than a form's worth of bytes, and what one must be allowed to do for
# it. All other bodies are cut short: a stranger's would fill the disk before its 400.
_LARGE_BODIES = {
    "image.upload": ("create", "image"),
    "image.replace": ("edit", "image"),
    "document.upload": ("create", "document"),
    "document.replace": ("edit", "document"),
    "import.begin": ("create", "import"),
    "site_import.begin": ("create", "site_import"),
}
_FORM_BYTES = 2_000_000
# The texts that may be a million signs long, of twelve bytes each as forms send them.
_TEXTS = {
    f"{kind}.{page}": ("edit", kind)
    for kind in ("article", "page")
    for page in ("edit_view", "autosave")
}
TEXT_BYTES = 16_000_000

# A proxy's number for a request, if it is fit for a log and for being read aloud.
_SANE_NUMBER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_INNER = re.compile(r"/(?![/\\])[^\x00-\x20\x7f]*").fullmatch
_LATE = 20  # seconds
_READS = {"GET", "HEAD"}
_MOMENT = re.compile(r"[0-9]{1,11}(\.[0-9]{1,6})?")  # as nginx has it


def public(view: Any) -> Any:
    """Open a view to people who are not logged in."""
    view.is_public = True
    return view


def is_public(endpoint: str, view: Any) -> bool:
    """Tell whether strangers may ask for a view."""
    return endpoint in _PUBLIC_ENDPOINTS or getattr(view, "is_public", False)


def init_app(app: Flask) -> None:
    """Attach the edge. To be called before any extension that reads the body,
    so that a stranger's upload is refused before it is read."""
    app.wsgi_app = _numbered(app)  # type: ignore[method-assign]
    app.jinja_env.globals.update(page_here=page_here, zone_cookie=zone_cookie)
    app.before_request(_refuse_what_is_late)
    app.before_request(_overlook_unreadable_page)
    app.before_request(_require_login)
    app.before_request(_limit_body)
    app.before_request(_refuse_json_at_the_door)
    app.before_request(_refuse_unreadable_target)
    app.after_request(_without_cookies)
    app.after_request(_keep_to_the_person)
    app.after_request(_commit_or_roll_back)


def _numbered(app: Flask) -> Any:
    """Give each request a number: into its log lines, its answer, and its error page."""
    answer = app.wsgi_app
    settings: Settings = app.config["CMS_SETTINGS"]

    def numbered(environ: Any, start_response: Any) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "") if settings.proxy_hops else ""
        number = given if _SANE_NUMBER.fullmatch(given) else secrets.token_hex(6)
        environ[logs.IDS] = {"request": number}

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, ("X-Request-ID", number)], *error)

        with logs.bind(request=number):
            return answer(environ, start)

    return numbered


def cookie(name: str, settings: Settings) -> str:
    """Return what a cookie of ours is called. In production browsers take one of that name over
    HTTPS alone, and from this very host, none beside it."""
    return f"__Host-{name}" if settings.env == "production" else name


def locale_cookie() -> str:
    """Return the name of the cookie that remembers the language."""
    return cookie(_LOCALE_COOKIE, settings())


def select_locale() -> str:
    """Return the language chosen here, else the account's, else the browser's.

    Jobs and commands have neither, and speak the installation's own.
    """
    if not has_request_context():
        return settings().locale
    chosen = request.cookies.get(locale_cookie())
    if chosen not in LOCALES and current_user and current_user.is_authenticated:
        chosen = current_user.locale
    return chosen if chosen in LOCALES else _browser_locale() or settings().locale


def zone_cookie() -> str:
    """Return the name of the cookie in which `page.js` tells the reader's time zone."""
    return cookie(_ZONE_COOKIE, settings())


def select_zone() -> Any:
    """Return the time zone of the reader's browser, else the installation's own.

    Jobs and commands have no reader.
    """
    told = request.cookies.get(zone_cookie(), "") if has_request_context() else ""
    for name in (told, settings().time_zone):
        if name in _zones():
            with suppress(LookupError):  # Babel has a list of its own
                return dates.get_timezone(name)
    return None


@cache
def _zones() -> Collection[str]:
    return available_timezones()  # reads a folder of files each time


def _browser_locale() -> str | None:
    for language in request.accept_languages.values():
        base = language.replace("_", "-").split("-")[0].lower()
        if base in ("en", "zh"):
            return "en" if base == "en" else "zh_Hans_CN"
    return None


def inner_target(target: str | None) -> str | None:
    """Return `target` if it leads to this site, as a path with one leading `/`.

    Browsers drop tabs and line ends inside an address and read a backslash as
    a slash, so a slash, a tab and a slash would lead away.
    """
    return target if target and _INNER(target) else None


def _limit_body() -> None:
    endpoint = request.endpoint or ""
    if endpoint in _LARGE_BODIES:
        if current_user.is_authenticated and not may(current_user, *_LARGE_BODIES[endpoint]):
            raise Forbidden
        return
    writes = endpoint in _TEXTS and may(current_user, *_TEXTS[endpoint])
    limit = TEXT_BYTES if writes else _FORM_BYTES
    request.max_content_length = request.max_form_memory_size = limit


def note_person() -> None:
    """Name in the log whose request this is."""
    request.environ[logs.IDS]["user"] = current_user.id
    logs.note(user=current_user.id)


def _refuse_what_is_late() -> None:
    """Refuse to draw what has waited for so long that whoever asked may be gone: else, with more
    requests than can be answered, all would wait for ever. What changes something is done."""
    began = request.headers.get("X-Request-Start", "").removeprefix("t=")
    if request.method not in _READS or not (settings().proxy_hops and _MOMENT.fullmatch(began)):
        return
    if time() - float(began) > _LATE:
        refusals.take_for_a_stranger()
        raise ServiceUnavailable(retry_after=refusals.SOON)


def _overlook_unreadable_page() -> None:
    """Take the page before for none if nobody can read its address: whoever looks breaks on it."""
    try:
        urlsplit(request.referrer or "")
    except ValueError:
        del request.environ["HTTP_REFERER"]


def _require_login() -> Any:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or is_public(request.endpoint or "", view):
        return None
    if current_user.is_authenticated:
        note_person()
        return None
    if request.endpoint in _SECOND_STEPS and WAITS in session:
        return None
    return ask_to_log_in()


def _refuse_json_at_the_door() -> None:
    # Flask-Security would read any amount of it, take a list for a form, and hand out
    # a token that passes by our forms' own.
    if request.is_json and request.blueprint == "security":
        raise UnsupportedMediaType


def _refuse_unreadable_target() -> None:
    """Refuse to lead on, from the door, to an address on which Flask-Security breaks."""
    if request.blueprint != "security":
        return
    try:
        for given in (request.args.get("next"), request.form.get("next")):
            validate_redirect_url(given or "")
    except ValueError:
        raise BadRequest from None


def ask_to_log_in() -> Any:
    """Send a stranger to the log-in page and back here, after a form to the page that it was
    on; a program gets a 401."""
    if refusals.wants_json():
        return jsonify(error=gettext("Please log in first.")), 401
    # A step of the door that comes too late leads nowhere: the log-in begins anew.
    is_step = request.method != "GET" and request.blueprint == "security"
    return redirect(url_for("security.login", next=None if is_step else page_here()))


def ask_again() -> Any:
    """Ask for the password once more, and lead back: to this page, or where it is none to look
    at, to the one before; a program, or a script of ours, gets a 401."""
    if refusals.wants_json():
        return jsonify(error=gettext("Enter your password again first.")), 401
    return redirect(url_for("security.verify", next=page_here()))


def page_here() -> str | None:
    """Return the address that leads to this page again; where only a form leads to it, to the
    page before. None without either."""
    methods = request.url_rule.methods or () if request.url_rule else ()
    is_page = request.method == "GET" or "GET" in methods
    return request.full_path.rstrip("?") if is_page else _page_before()


def _page_before() -> str | None:
    before = urlsplit(request.referrer or "")
    path = before._replace(scheme="", netloc="", fragment="").geturl()
    pages = request_ctx.url_adapter  # none for a host that is not ours
    if pages is None or before.netloc != request.host:
        return None
    # After a form that was refused, the page before is where it was sent: no page to look at.
    return inner_target(path) if pages.test(before.path, "GET") else None


def _commit_or_roll_back(response: Response) -> Response:
    if response.status_code < BadRequest.code:
        db.session.commit()
        return response
    db.session.rollback()
    if response.status_code == Forbidden.code and current_user.is_authenticated:
        trail.tell_of_page("refuse")
    try:
        if trail.note_told():
            db.session.commit()
    except SQLAlchemyError:
        db.session.rollback()
        logger.exception("a refusal could not be noted")
    return response


def _without_cookies(response: Response) -> Response:
    """Keep out of what caches keep for all whatever is of one person, above all a session
    that a remembered log-in has begun meanwhile."""
    if response.cache_control.public:
        session.modified = False
        session.accessed = False  # last, since each look at it is an access
    return response


def _keep_to_the_person(response: Response) -> Response:
    """Let no cache keep what is for who has logged in, and no window of another site hold on
    to one of ours."""
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    view = current_app.view_functions.get(request.endpoint or "")
    closed = view is not None and not is_public(request.endpoint or "", view)
    if closed or request.blueprint == "security":
        response.cache_control.private = True
        if response.cache_control.max_age is None and not response.cache_control.no_store:
            response.cache_control.no_cache = True
    return response
