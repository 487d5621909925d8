"""What can be done with pictures. Callers commit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import contains_eager, selectinload

from cms import clock
from cms.accounts.models import User
from cms.extensions import db
from cms.imaging.operations import parse
from cms.imaging.probe import Probe
from cms.jobs import ledger
from cms.media import files, lookalikes, renditions, survey
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
        animated=found.animated,
        owner=owner,
    )
    db.session.add(image)
    db.session.flush()
    return image


def title_from(filename: str) -> str:
    """Return a first title: the file's name without folder and ending."""
    return Path(filename).stem.replace("_", " ").strip() or filename


def begin_processing(image_id: int) -> Image | None:
    """Mark a picture as being worked on; None when it has been deleted meanwhile, or is in
    the trash."""
    image = db.session.get(Image, image_id)
    if image is None or image.in_trash:
        return None
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
    """Make the renditions of a picture and call it ready.

    Of all presets what is missing or out of date, and what no preset asks for any
    more goes; with `operations`, what those say. Old files serve until the new ones
    are whole, and go after the commit. Raises `cms.imaging` errors for unusable
    operations or a broken file, and `cms.storage` errors when the file is missing.
    """
    if operations is None:
        renditions.complete(image)
    else:
        renditions.make(image, parse(operations))
    _is_ready(image)


def remake(image: Image, names: Collection[str] | None = None, *, anew: bool = True) -> bool:
    """Make the files of the presets of these names again, or of all; without `anew`, what
    is missing or out of date. Return whether there were any. The picture keeps its status,
    but if it had failed it is ready now. Raises what `make_renditions` does.
    """
    made = renditions.complete(image, names, anew=anew)
    if image.status == ImageStatus.FAILED and names is None:
        _is_ready(image)
    elif made:
        lookalikes.note(image)  # of an old picture it is the first hash
    return made


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
    if image is None or image.status == ImageStatus.READY:  # by a newer job
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
    """Delete the rows now and the files, unless others use them, once that is committed."""
    lookalikes.forget(image)
    keys = {image.key, *(r.key for r in image.renditions), *(v.key for v in image.versions)}
    db.session.delete(image)
    db.session.flush()
    for key in keys - survey.keys_in_use(keys):
        files.replaced(key)


def count_by_status() -> dict[ImageStatus, int]:
    """Return how many pictures are in each status, zeros included."""
    rows = db.session.execute(select(Image.status, func.count()).group_by(Image.status))
    return dict.fromkeys(ImageStatus, 0) | dict(rows.all())


def count_processed(at_most: int) -> int:
    """Return how many pictures have been ready once, counting to `at_most`."""
    ones: Any = (
        select(literal_column("1")).select_from(Image).where(Image.processed_at.is_not(None))
    )
    return db.session.scalar(select(func.count()).select_from(ones.limit(at_most).subquery())) or 0


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


def newest_of(user_id: int, limit: int) -> list[Image]:
    """Return the newest pictures that somebody has uploaded, renditions loaded."""
    query = select(Image).where(Image.owner_id == user_id).options(selectinload(Image.renditions))
    return list(db.session.scalars(query.order_by(Image.id.desc()).limit(limit)))


def find_rendition(key: str) -> Rendition | None:
    """Return the rendition whose file has this key, its picture loaded; none of a picture
    that is in the trash."""
    query = select(Rendition).join(Rendition.image).where(Rendition.key == key)
    return db.session.scalar(query.options(contains_eager(Rendition.image)))


def _is_ready(image: Image) -> None:
    image.status = ImageStatus.READY
    image.sentence = image.facts = None
    image.processed_at = clock.now()
    db.session.flush()
    lookalikes.note(image)
