"""What can be done with pictures. Callers commit."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from cms import clock
from cms.accounts.models import User
from cms.config import settings
from cms.extensions import db
from cms.imaging.operations import parse
from cms.imaging.presets import SHIPPED, Preset
from cms.imaging.probe import Probe
from cms.imaging.render import Look, Rendered, Rendering
from cms.imaging.workshop import Limits, render
from cms.jobs import ledger
from cms.media import files, lookalikes
from cms.media.incoming import IncomingFile
from cms.media.models import Image, ImageStatus, Rendition
from cms.storage.keys import new_key

Operations = Sequence[Mapping[str, Any]]
Aim = tuple[str, float, float, list[float] | None]


def add_picture(filename: str, file: IncomingFile, found: Probe, owner: User | None) -> Image:
    """Keep an arrived file and add its picture, which waits for its renditions."""
    key = new_key("originals", found.format.extension)
    file.adopt(key)
    files.written(key)
    image = Image(
        title=title_from(filename),
        filename=filename,
        key=key,
        mime=found.format.mime,
        size=file.size,
        sha256=file.sha256,
        width=found.width,
        height=found.height,
        owner=owner,
    )
    db.session.add(image)
    db.session.flush()
    return image


def title_from(filename: str) -> str:
    """Return a first title: the file's name without folder and ending."""
    return Path(filename).stem.replace("_", " ").strip() or filename


def begin_processing(image_id: int) -> Image | None:
    """Mark a picture as being worked on; None when it has been deleted meanwhile."""
    image = db.session.get(Image, image_id)
    if image is not None:
        image.status = ImageStatus.PROCESSING
        db.session.flush()
    return image


def aim_of(image: Image) -> Aim:
    """Return what decides how the renditions of a picture look, beside the presets."""
    return image.key, image.focal_x, image.focal_y, image.crop


def has_moved_on(image: Image, aim: Aim) -> bool:
    """Tell whether others have changed what renditions are to show, or deleted the picture.

    The row stays locked until the transaction ends, so that none of them does so now.
    """
    columns = (Image.key, Image.focal_x, Image.focal_y, Image.crop)
    query = select(*columns).where(Image.id == image.id).with_for_update()
    now = db.session.execute(query).one_or_none()
    return now is None or tuple(now) != aim


def make_renditions(image: Image, operations: Operations | None = None) -> None:
    """Make every rendition, record one row each, and call the picture ready.

    Without `operations` those of all presets.

    Renditions of the same names are replaced; their old files go after the
    commit. Raises `cms.imaging` errors for unusable operations or a broken
    file, and `cms.storage` errors when the file is missing.
    """
    wanted = SHIPPED if operations is None else parse(operations)
    with tempfile.TemporaryDirectory(prefix="cms-render-") as folder:
        made = _render(image, wanted, Path(folder))
        for rendered in made.files:
            _record(image, rendered)
    _drop_others(image, made.files, wanted)
    image.placeholder, image.phash, image.findings = made.placeholder, made.phash, made.findings
    image.status = ImageStatus.READY
    image.sentence = image.facts = None
    image.processed_at = clock.now()
    db.session.flush()
    lookalikes.note(image)


def in_brief(image: Image) -> dict[str, Any]:
    """Return what other systems are told of a picture."""
    return {
        "id": image.id,
        "title": image.title,
        "filename": image.filename,
        "width": image.width,
        "height": image.height,
        "renditions": [
            {"name": r.preset, "key": r.key, "mime": r.mime, "width": r.width, "height": r.height}
            for r in image.renditions
        ],
    }


def attempt_failed(image_id: int, error: BaseException, *, final: bool) -> None:
    """Say on the picture why it failed, or that it waits for the next attempt."""
    image = db.session.get(Image, image_id)
    if image is None:
        return
    image.status = ImageStatus.FAILED if final else ImageStatus.PENDING
    image.sentence, image.facts = ledger.in_words(error)
    db.session.flush()


def await_processing(image: Image) -> None:
    """Put a picture back to waiting, because a job for it was submitted again."""
    image.status = ImageStatus.PENDING
    image.sentence = image.facts = None
    db.session.flush()


def delete_picture(image: Image) -> None:
    """Delete the rows now and the files once that is committed."""
    lookalikes.forget(image)
    renditions = [rendition.key for rendition in image.renditions]
    for key in (image.key, *renditions, *(version.key for version in image.versions)):
        files.replaced(key)
    db.session.delete(image)
    db.session.flush()


def count_by_status() -> dict[ImageStatus, int]:
    """Return how many pictures are in each status, zeros included."""
    rows = db.session.execute(select(Image.status, func.count()).group_by(Image.status))
    return dict.fromkeys(ImageStatus, 0) | dict(rows.all())


def newest_ready(limit: int) -> list[Image]:
    """Return the newest pictures that can be shown, renditions loaded.

    Also those that are worked on again: what they have serves until then.
    """
    query = (
        select(Image)
        .where(Image.renditions.any())
        .options(selectinload(Image.renditions))
        .order_by(Image.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def find_rendition(key: str) -> Rendition | None:
    """Return the rendition whose file has this key, its picture loaded."""
    query = select(Rendition).where(Rendition.key == key).options(joinedload(Rendition.image))
    return db.session.scalar(query)


def _render(image: Image, presets: Sequence[Preset], folder: Path) -> Rendering:
    with files.storage().path(image.key) as source:
        look = Look((image.focal_x, image.focal_y), tuple(image.crop) if image.crop else None)
        return render(
            source,
            presets,
            folder,
            max_pixels=settings().image_max_pixels,
            look=look,
            limits=_limits(),
        )


def _limits() -> Limits:
    asked = settings()
    return Limits(asked.image_memory_mb, asked.image_seconds, asked.image_processes)


def _drop_others(image: Image, made: Sequence[Rendered], wanted: Sequence[Preset]) -> None:
    """Drop what the wanted presets had in formats that were not made this time.

    Where an opaque file was replaced by a transparent one, the old picture would stay.
    """
    kept = {(rendered.preset.name, rendered.format.name) for rendered in made}
    names = {preset.name for preset in wanted}
    for rendition in list(image.renditions):
        if rendition.preset in names and (rendition.preset, rendition.format) not in kept:
            files.replaced(rendition.key)
            image.renditions.remove(rendition)


def _record(image: Image, rendered: Rendered) -> None:
    key = new_key("renditions", rendered.format.extension)
    files.storage().save(key, rendered.path)
    files.written(key)
    made = {"preset": rendered.preset.name, "format": rendered.format.name}
    rendition = next(
        (r for r in image.renditions if (r.preset, r.format) == tuple(made.values())), None
    )
    if rendition is None:
        rendition = Rendition(**made)
        image.renditions.append(rendition)
    else:
        files.replaced(rendition.key)
    rendition.key, rendition.recipe = key, rendered.preset.recipe
    rendition.mime = rendered.format.mime
    rendition.width, rendition.height = rendered.width, rendered.height
    rendition.size = rendered.size
