"""Pages that anybody may see."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user

from cms.edge import LOCALE_COOKIE, LOCALES, inner_target, public
from cms.media import services

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


@site.get("/favicon.ico")
@public
def favicon() -> Any:
    return redirect(url_for("static", filename="favicon.svg"), 301)
