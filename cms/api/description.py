"""The description of the API: as a document for programs, and as a page for people."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request

from cms.api.part import PREFIX
from cms.edge import public

DOCUMENT = "cms.api"  # where the extensions of an application keep it

api = Blueprint("api", __name__, url_prefix=PREFIX)


@api.get("/openapi.json")
@public
def openapi() -> Any:
    """Answer the document."""
    response: Response = jsonify(current_app.extensions[DOCUMENT])
    response.cache_control.no_cache = True
    response.add_etag()
    return response.make_conditional(request)


@api.get("/")
@public
def page() -> str:
    """Show the document, to be read and tried out."""
    return render_template("api/page.html")
