"""Pages and files that anybody may see."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, send_file, url_for
from flask_login import current_user
from werkzeug.exceptions import NotFound

from cms.edge import LOCALE_COOKIE, LOCALES, inner_target, public
from cms.extensions import talisman
from cms.media import files, services
from cms.storage.base import MissingFile
from cms.storage.keys import BadKey

A_YEAR = 365 * 24 * 60 * 60
PICTURES_ON_HOME = 24

site = Blueprint("site", __name__)


@site.get("/")
@public
def home() -> str:
    """Show the newest pictures."""
    return render_template("site/home.html", pictures=services.newest_ready(PICTURES_ON_HOME))


@site.post("/language")
@public
def set_language() -> Any:
    """Remember the language, in a cookie and with the account, and go back."""
    locale = request.form.get("locale", "")
    if locale not in LOCALES:
        abort(400)
    if current_user.is_authenticated:
        current_user.locale = locale
    response = redirect(inner_target(request.form.get("next")) or url_for("site.home"))
    response.set_cookie(
        LOCALE_COOKIE,
        locale,
        max_age=A_YEAR,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


@site.get("/media/<path:key>")
@public
@talisman(content_security_policy={"default-src": "'none'", "sandbox": ""})
def media(key: str) -> Response:
    """Send a rendition. Keys are random and never reused, so it may be kept for ever.

    Originals hold places and serial numbers, and are not sent from here.
    """
    if not key.startswith("renditions/"):
        raise NotFound
    try:
        file = files.storage().open(key)
    except (MissingFile, BadKey):
        raise NotFound from None
    response = send_file(file, download_name=key.rsplit("/", 1)[-1], max_age=A_YEAR, etag=key)
    response.cache_control.public = True
    response.cache_control.immutable = True
    return response


@site.get("/favicon.ico")
@public
def favicon() -> Any:
    return redirect(url_for("static", filename="favicon.svg"), 301)
