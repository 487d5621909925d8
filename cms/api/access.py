"""Who may ask the API for what: a bearer token, or the session of somebody's browser.

Closed until it says what it needs: each endpoint has a `Need`. A token must have the
scope, and its person must be allowed by `cms.accounts.policy`, as anybody is. A session
may read; to write it also proves by a CSRF token that a page of ours asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app, g, request
from flask_limiter.util import get_remote_address
from flask_login import current_user
from sqlalchemy import ColumnElement, select
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    Forbidden,
    HTTPException,
    NotAcceptable,
    NotFound,
    Unauthorized,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from cms import edge
from cms.accounts import tokens
from cms.accounts.policy import may
from cms.accounts.tokens import ApiToken
from cms.audit import refusals
from cms.config import settings
from cms.database import storable
from cms.errors import N_, CmsError
from cms.errors import NotFound as NothingThere
from cms.extensions import csrf, db, limiter

Problem = TypeVar("Problem", bound=HTTPException)

JSON, MULTIPART = "application/json", "multipart/form-data"
REFUSED_NOTED_EVERY = 60  # seconds
LARGEST_KEY = 2**31 - 1  # a number beyond it is of nothing, and some databases refuse it
_READS = ("GET", "HEAD", "OPTIONS")
_TEXTS = ("article", "page")


class WantsToken(CmsError):
    """Nothing said who is asking."""

    sentence = N_("Send a token: “Authorization: Bearer …”. It is made in the administration.")


class UnusableToken(CmsError):
    """Unknown, ended or revoked: which, is nobody's business."""

    sentence = N_("This token is not known, has ended, or was revoked.")


class LacksScope(CmsError):
    """The person might; the token may not."""

    sentence = N_("This token is not good for “%(scope)s”.")


@dataclass(frozen=True)
class Need:
    """What an endpoint needs: a scope of the token, and leave of the policy for `action` on
    `kind`, unless it is `public`. `takes` is the kind of body that it reads, and that of
    files may be large, that of a text as long as one may be."""

    scope: str
    action: str
    kind: str
    takes: str | None = None
    public: bool = False


def admit() -> None:
    """Let the request in that this context holds, or raise what is wrong with it."""
    view: Any = current_app.view_functions[request.endpoint or ""]
    need: Need = view.need
    accepted = request.accept_mimetypes
    if accepted and not accepted.best_match([JSON, "application/problem+json"]):
        raise NotAcceptable
    _count()
    token = g.api_token = _identify()
    if current_user.is_authenticated:
        edge.note_person()
    elif not need.public:
        raise _unauthorized(WantsToken())
    want_scope(need.scope)
    if not (need.public or may(current_user, need.action, need.kind)):
        raise Forbidden
    _look_at(need)
    if token is None and request.method not in _READS:
        csrf.protect()


def want_scope(scope: str) -> None:
    """Refuse a token that is not good for `scope`. A session is good for all."""
    token: ApiToken | None = g.api_token
    if token is not None and scope not in token.scopes:
        raise telling(Forbidden(), LacksScope(scope=scope))


def person() -> Any:
    """Return the account of who is asking, no stand-in for it; a stranger may nothing."""
    return current_user._get_current_object()  # noqa: SLF001 - the way Werkzeug gives


def find(model: type[Any], key: int | str, action: str, kind: str, *, lock: bool = False) -> Any:
    """Return the row `key` of `model`, to do `action` to it, until the commit if `lock`.

    404 for one that is not there or not the person's to see, 403 for one that they may not
    do that to.
    """
    locked = {"of": model} if lock else None
    known = isinstance(key, str) or key <= LARGEST_KEY
    thing = db.session.get(model, key, with_for_update=locked) if known else None
    if thing is None or not may(current_user, "view", kind, thing):
        if thing is not None:
            refusals.tell_of_hidden(model, key)
        raise telling(NotFound(), NothingThere())
    if not may(current_user, action, kind, thing):
        raise Forbidden
    return thing


def there(model: Any, key: int, *seen: ColumnElement[bool], lock: bool = False) -> Any:
    """Return the row `key` of `model`, read anew and locked until the commit if `lock`; 404
    without, or if it is not `seen`. Without that everybody sees it who may ask for it."""
    query = select(model).where(model.id == key, *seen)
    if lock:
        query = query.with_for_update(of=model).execution_options(populate_existing=True)
    thing = db.session.scalar(query) if key <= LARGEST_KEY else None
    if thing is None:
        if seen and key <= LARGEST_KEY:
            refusals.tell_of_hidden(model, key)
        raise telling(NotFound(), NothingThere())
    return thing


def telling(error: Problem, told: CmsError) -> Problem:
    """Return `error`, told by the words of another."""
    error.told = told  # type: ignore[attr-defined]
    return error


def _look_at(need: Need) -> None:
    """Refuse what no database keeps, and a body of another kind than is read."""
    parts = [*(request.view_args or {}).values(), *request.args, *request.args.values()]
    if not all(storable(part) for part in parts if isinstance(part, str)):
        raise UnprocessableEntity
    if need.takes and request.mimetype != need.takes:
        raise UnsupportedMediaType
    if need.takes == MULTIPART:
        request.max_content_length = settings().request_max_bytes
    elif need.takes == JSON and need.kind in _TEXTS and need.action in ("create", "edit"):
        request.max_content_length = edge.TEXT_BYTES


def _identify() -> ApiToken | None:
    """Make the person of the token that was sent the one who asks. Without, it is that of
    the session."""
    if "Authorization" not in request.headers:
        return None
    given = request.authorization
    text = given.token if given is not None and given.type == "bearer" else None
    token = tokens.known(text) if text else None
    if token is None or not token.is_good:
        _tell_of_refused(token)
        raise _unauthorized(UnusableToken(), "invalid_token")
    tokens.note_use(token)
    g._login_user = token.user  # noqa: SLF001 - where Flask-Login keeps it
    return token


def _tell_of_refused(token: ApiToken | None) -> None:
    """Leave word of a token that is good for nothing, once a minute for each address. One that
    nobody knows is not kept, nor any part of it: it may be good elsewhere."""
    facts: dict[str, Any] = {"page": request.endpoint}
    if token is not None:
        lacks = "no second factor" if token.user.active else "account off"
        reason = lacks if token.state == "active" else token.state
        facts |= {"name": token.name, "email": token.user.email, "reason": reason}
    number = str(token.id if token else 0)
    told = ("refuse token", ApiToken.__tablename__, number)
    refusals.tell(*told, every=REFUSED_NOTED_EVERY, mark=number, **facts)


def _unauthorized(told: CmsError, error: str | None = None) -> Unauthorized:
    challenge = WWWAuthenticate("bearer", {"realm": "QsCMS", **({"error": error} if error else {})})
    return telling(Unauthorized(www_authenticate=challenge), told)


def _given_token() -> str:
    return "token " + tokens.digest(request.headers.get("Authorization", ""))


# Once, here: a limit set again for each application would be counted again.
@limiter.shared_limit(lambda: settings().api_limit, scope="api", key_func=get_remote_address)
@limiter.shared_limit(
    lambda: settings().api_limit,
    scope="api",
    key_func=_given_token,
    exempt_when=lambda: "Authorization" not in request.headers,
)
def _count() -> None:
    """Count the request, and stop it if there were too many."""
