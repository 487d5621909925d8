"""The blueprint of the public site, and what of it is no page to read."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask_login import current_user

from cms.assets import A_YEAR
from cms.edge import LOCALES, inner_target, locale_cookie, public

site = Blueprint("site", __name__)


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
        locale_cookie(),
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
    return redirect(url_for("static", filename="favicon.svg"))
