"""Documents: given as attachments, the private ones to whom the policy lets or who has a link."""

from __future__ import annotations

import logging

from flask import request
from flask_login import current_user
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from cms.audit import refusals
from cms.edge import FILE_POLICY, public
from cms.editorial import documents as acts
from cms.extensions import db, talisman
from cms.media import documents
from cms.media.models import Document
from cms.site import sending
from cms.site.pages import site
from cms.site.sending import Sent
from cms.storage.base import MissingFile

logger = logging.getLogger(__name__)

# Where a signed link says that it is one.
TOKEN = "link"  # noqa: S105 - the name of it


@site.get("/document/<int(max=2147483647):document_id>/<path:name>")
@public
@talisman(content_security_policy=FILE_POLICY)
def document(document_id: int, name: str) -> Response:
    """Send a document, always to be saved and never shown. `name` is for people alone."""
    del name
    found = db.session.get(Document, document_id)
    token = request.args.get(TOKEN, "")
    if found is None or found.in_trash or not acts.may_fetch(found, current_user, token):
        if found is not None and not found.in_trash:
            refusals.tell_of_hidden(Document, document_id)
        raise NotFound
    try:
        return sending.send(_sent(found))
    except MissingFile:
        logger.warning("%s is missing from the storage", found.key)
        raise NotFound from None


def _sent(document: Document) -> Sent:
    return Sent(
        key=document.key,
        mime=document.mime,
        size=document.size,
        made_at=document.changed_at,
        name=documents.shown_name(document),
        attachment=True,
        lasts=False,
        private=document.private,
    )
