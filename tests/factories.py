"""Things that tests need, made with as little said as possible. Callers commit."""

from __future__ import annotations

import io
from itertools import count

from werkzeug.datastructures import FileStorage

from cms.accounts.services import create_user
from cms.config import settings
from cms.content import articles, pages
from cms.editorial.uploads import upload_pictures
from cms.extensions import db
from cms.media import files
from cms.media.incoming import IncomingFile
from tests import pictures
from tests.processes import PASSWORD

# For `create_app`: Argon2 costs a third of a second by design, and hundreds of tests log in.
QUICK_TO_HASH = {
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__rounds": 1,
        "argon2__memory_cost": 8,
        "argon2__parallelism": 1,
    }
}

_numbers = count(1)


def make_user(role="editor", email=None, password=PASSWORD):
    """An account that can log in with `PASSWORD`."""
    return create_user(email or f"{role}{next(_numbers)}@example.com", password, [role])


def make_upload(data, filename="picture.jpg"):
    """A file as it arrives from a browser."""
    incoming = IncomingFile(files.storage(), settings().upload_max_bytes)
    incoming.write(data)
    return FileStorage(incoming, filename)


def make_picture(data=None, filename="picture.jpg", owner=None):
    """A picture with its stored file and its job, as an upload leaves them."""
    result = upload_pictures(
        [make_upload(data or pictures.jpeg(64, 48), filename)], owner, again=True
    )
    db.session.flush()
    ((image, _job),) = result.taken
    return image


def make_article(by=None, **fields):
    """An article of an author's own, with a title and a text: a draft."""
    given = {"title": f"Article {next(_numbers)}", "body": "<p>Some words.</p>", **fields}
    return articles.create(by or make_user("author"), **given)


def make_page(by=None, **fields):
    """A page of an editor's, with a title and a text: a draft."""
    given = {"title": f"Page {next(_numbers)}", "body": "<p>Some words.</p>", **fields}
    return pages.create(by or make_user("editor"), **given)


def form_file(data, filename="picture.jpg"):
    """A file for the test client's `data=`."""
    return io.BytesIO(data), filename
