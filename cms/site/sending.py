"""Sending a stored file: by the proxy in front if there is one, whole or in ranges."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from flask import request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import is_resource_modified
from werkzeug.wrappers import Response

from cms.assets import A_YEAR
from cms.config import settings
from cms.media import files

# Where nginx is told to look: a location of this name that only it can enter.
NGINX_LOCATION = "/stored/"


@dataclass(frozen=True)
class Sent:
    """A file as it is sent. One that does not last may be another tomorrow, at the same
    address; one that is `private` is kept by nobody between."""

    key: str
    mime: str
    size: int
    made_at: datetime
    name: str
    attachment: bool = False
    lasts: bool = True
    private: bool = False


def send(sent: Sent) -> Response:
    """Send a file, or let the proxy. Raises `MissingFile`."""
    return _handed_over(sent) or _streamed(sent)


def _handed_over(sent: Sent) -> Response | None:
    """Name the file to the proxy in front, which sends it, and ranges of it, in our place."""
    proxy = settings().sendfile
    place = files.storage().place(sent.key) if proxy != "none" else None
    if place is None:
        return None
    response = _described(sent, io.BytesIO()).make_conditional(request.environ)
    if response.status_code != 304:  # noqa: PLR2004 - some proxies would send the file even so
        if proxy == "nginx":
            response.headers["X-Accel-Redirect"] = NGINX_LOCATION + sent.key
        else:
            response.headers["X-Sendfile"] = str(place)
    return response


def _streamed(sent: Sent) -> Response:
    file = files.storage().open(sent.key)
    response = _described(sent, file)
    response.content_length = sent.size
    length = None if _goes_whole(sent, response) else sent.size
    try:
        return response.make_conditional(
            request.environ, accept_ranges=True, complete_length=length
        )
    except RequestedRangeNotSatisfiable:
        file.close()
        raise


def _goes_whole(sent: Sent, response: Response) -> bool:
    """Tell whether all or nothing is sent, whatever `Range` asks for.

    So it is with a `HEAD`, with a file that the browser has, and where it asks for
    several parts, for a last part longer than the whole, or by another unit than bytes.
    """
    known = response.headers
    if request.method != "GET" or not is_resource_modified(
        request.environ, known["ETag"], last_modified=known["Last-Modified"]
    ):
        return True
    asked = request.range
    return asked is not None and (
        asked.units != "bytes" or len(asked.ranges) > 1 or asked.ranges[0][0] < -sent.size
    )


def _described(sent: Sent, file: BinaryIO) -> Response:
    response = send_file(
        file,
        mimetype=sent.mime,
        as_attachment=sent.attachment,
        download_name=sent.name,
        conditional=False,
        etag=sent.key,
        last_modified=sent.made_at,
        max_age=A_YEAR if sent.lasts else 0,
    )
    if sent.lasts:
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    if sent.private:
        response.cache_control.private = True
    return response
