"""Bringing an installation up, and filling an empty one with something to look at."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import closing
from pathlib import Path

import click
import flask_migrate
from flask.cli import with_appcontext
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from cms.accounts.models import User
from cms.accounts.policy import ADMINISTRATOR, may
from cms.accounts.services import FIRST_ADMIN, create_user
from cms.audit.services import record
from cms.cli import demo_content
from cms.config import settings
from cms.editorial.uploads import upload_pictures
from cms.extensions import db
from cms.imaging.samples import draw_sample
from cms.media import files
from cms.media.incoming import IncomingFile
from cms.media.models import Image

# File name, title and alternative text: half of an editorial team writes Chinese.
DEMO_PICTURES = (
    ("hills.jpg", "Hills at dawn", "Layered hills under a rising sun"),
    ("海边.jpg", "海边", "海面与远处的岛屿"),
    ("dunes.jpg", "Dunes in the evening", "Sand dunes in warm light, the sun low"),
    ("夜色.jpg", "夜色", "星空下起伏的山脊"),
    ("lake.jpg", "Lake in spring", "A lake between green hills under a pale sky"),
    ("群山.jpg", "群山", "暮色中层层叠叠的远山"),
)


@click.command()
@with_appcontext
def setup() -> None:
    """Migrate the database; on the first run add an administrator and demo content.

    The administrator's password is made at random and printed this once. In production it
    adds nothing.
    """
    flask_migrate.upgrade()
    if db.session.scalar(select(func.count()).select_from(User)):
        return
    if settings().env == "production":
        click.echo("Nobody has an account yet: flask cms create-admin EMAIL makes the first.")
        return
    password = secrets.token_urlsafe(12)
    admin = create_user(FIRST_ADMIN, password, [ADMINISTRATOR])
    record("create", admin, email=[None, admin.email], roles=[None, [ADMINISTRATOR]])
    _add_demo(admin)
    db.session.commit()
    click.echo(f"\n  Log in as {FIRST_ADMIN} with the password  {password}\n")


@click.command()
@with_appcontext
def demo() -> None:
    """Add the demo pictures, and articles and pages with them, in English and Chinese."""
    people = db.session.scalars(select(User).where(User.active).order_by(User.id))
    _add_demo(next((user for user in people if may(user, "create", "article")), None))
    db.session.commit()


def _add_demo(owner: User | None) -> None:
    covers = _upload_demo(owner)
    if owner is not None:
        demo_content.add(owner, covers)


def _upload_demo(owner: User | None) -> dict[str, Image]:
    """Return the pictures by the names of their files, be they new or here already."""
    pictures = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed, (name, title, alt_text) in enumerate(DEMO_PICTURES):
            path = Path(folder) / f"{seed}.jpg"
            draw_sample(seed, (2400, 1600), path)
            with closing(_as_upload(path, name)) as upload:
                result = upload_pictures([upload], owner)
            for image, _job in result.taken:
                image.title, image.alt_text = title, alt_text
                pictures[name] = image
            pictures.update((name, one.image) for one in result.duplicates)
    return pictures


def _as_upload(path: Path, name: str) -> FileStorage:
    incoming = IncomingFile(files.storage(), settings().upload_max_bytes)
    incoming.write(path.read_bytes())
    return FileStorage(incoming, name)  # type: ignore[arg-type]
