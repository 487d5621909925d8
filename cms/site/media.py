"""The files of pictures, for anybody: kept for ever by browsers, sent by whoever does it best."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import BinaryIO

from flask import redirect, request, send_file
from werkzeug.exceptions import NotFound, RequestedRangeNotSatisfiable
from werkzeug.http import is_resource_modified
from werkzeug.wrappers import Response

from cms.config import settings
from cms.edge import public
from cms.extensions import talisman
from cms.media import files, services
from cms.media.models import Rendition
from cms.site.pages import A_YEAR, site
from cms.storage.base import ADDRESS_LASTS, MissingFile
from cms.storage.keys import BadKey, check

logger = logging.getLogger(__name__)

# Where nginx is told to look: a location of this name that only it can enter.
NGINX_LOCATION = "/stored/"


@site.get("/media/<path:key>")
@public
@talisman(content_security_policy={"default-src": "'none'", "sandbox": ""})
def media(key: str) -> Response:
    """Send a rendition. Keys are random and never reused, so it may be kept for ever.

    Originals hold places and serial numbers, and are not sent from here.
    """
    try:
        rendition = services.find_rendition(check(key))
        if rendition is None:
            raise NotFound
        return _redirected(rendition) or _handed_over(rendition) or _streamed(rendition)
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


def _handed_over(rendition: Rendition) -> Response | None:
    """Name the file to the proxy in front, which sends it, and ranges of it, in our place."""
    proxy = settings().sendfile
    place = files.storage().place(rendition.key) if proxy != "none" else None
    if place is None:
        return None
    response = _described(rendition, io.BytesIO()).make_conditional(request.environ)
    if response.status_code != 304:  # noqa: PLR2004 - some proxies would send the file even so
        if proxy == "nginx":
            response.headers["X-Accel-Redirect"] = NGINX_LOCATION + rendition.key
        else:
            response.headers["X-Sendfile"] = str(place)
    return response


def _streamed(rendition: Rendition) -> Response:
    file = files.storage().open(rendition.key)
    response = _described(rendition, file)
    response.content_length = rendition.size
    length = None if _goes_whole(rendition, response) else rendition.size
    try:
        return response.make_conditional(
            request.environ, accept_ranges=True, complete_length=length
        )
    except RequestedRangeNotSatisfiable:
        file.close()
        raise


def _goes_whole(rendition: Rendition, response: Response) -> bool:
    """Tell whether all or nothing is sent, whatever `Range` asks for.

    So it is with a `HEAD`, with a picture that the browser has, and where it asks for
    several parts, for a last part longer than the whole, or by another unit than bytes.
    """
    known = response.headers
    if request.method != "GET" or not is_resource_modified(
        request.environ, known["ETag"], last_modified=known["Last-Modified"]
    ):
        return True
    asked = request.range
    return asked is not None and (
        asked.units != "bytes" or len(asked.ranges) > 1 or asked.ranges[0][0] < -rendition.size
    )


def _described(rendition: Rendition, file: BinaryIO) -> Response:
    response = send_file(
        file,
        mimetype=rendition.mime,
        download_name=_shown_name(rendition),
        conditional=False,
        etag=rendition.key,
        last_modified=rendition.created_at,
        max_age=A_YEAR,
    )
    response.cache_control.immutable = True
    return response


def _shown_name(rendition: Rendition) -> str:
    """Return the upload's name with the ending of this file."""
    return Path(rendition.image.filename).stem + Path(rendition.key).suffix
