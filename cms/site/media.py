"""The files of pictures, for anybody: kept for ever by browsers, sent by whoever does it best."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import redirect
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from cms.edge import FILE_POLICY, public
from cms.extensions import talisman
from cms.media import files, services
from cms.media.models import Rendition
from cms.site import sending
from cms.site.pages import site
from cms.site.sending import Sent
from cms.storage.base import ADDRESS_LASTS, MissingFile
from cms.storage.keys import BadKey, check

logger = logging.getLogger(__name__)


@site.get("/media/<path:key>")
@public
@talisman(content_security_policy=FILE_POLICY)
def media(key: str) -> Response:
    """Send a rendition. Keys are random and never reused, so it may be kept for ever.

    Originals hold places and serial numbers, and are not sent from here.
    """
    try:
        rendition = services.find_rendition(check(key))
        if rendition is None:
            raise NotFound
        return _redirected(rendition) or sending.send(_sent(rendition))
    except BadKey:
        raise NotFound from None
    except MissingFile:
        logger.warning("%s is missing from the storage", key)
        raise NotFound from None


def _redirected(rendition: Rendition) -> Response | None:
    """Lead to the storage's own address, if it gives one."""
    address = files.storage().address(
        rendition.key, mime=rendition.mime, name=_shown_name(rendition)
    )
    if address is None:
        return None
    response = redirect(address)
    response.cache_control.public = True
    response.cache_control.max_age = int(ADDRESS_LASTS.total_seconds() / 2)
    return response


def _sent(rendition: Rendition) -> Sent:
    return Sent(
        key=rendition.key,
        mime=rendition.mime,
        size=rendition.size,
        made_at=rendition.created_at,
        name=_shown_name(rendition),
    )


def _shown_name(rendition: Rendition) -> str:
    """Return the upload's name with the ending of this file."""
    return Path(rendition.image.filename).stem + Path(rendition.key).suffix
