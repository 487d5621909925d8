"""What was typed and not saved is kept by the browser (`static/js/drafts.js`); here it is
told what was saved, so that it forgets that."""

from __future__ import annotations

import re

from flask import request
from werkzeug.wrappers import Response

from cms.config import settings
from cms.edge import cookie

FIELD = "_form"
_COOKIE = "saved_form"
_LASTS = 60  # seconds: the next page reads it
_ID = re.compile(r"[A-Za-z0-9-]{1,40}")


def note_saved(answer: Response) -> None:
    """Name in a cookie the form that this answer leads away from: it was saved. The script
    reads it, so it is not kept from scripts."""
    given = request.form.get(FIELD, "")
    if _ID.fullmatch(given):
        name = cookie(_COOKIE, settings())
        answer.set_cookie(name, given, max_age=_LASTS, secure=request.is_secure, samesite="Lax")
