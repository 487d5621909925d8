"""Going through all pictures and all stored files: how many, how large, and whether each
row has its file and each file its row.

Files and rows are gone through side by side, in the order of their keys, so that it costs
one listing of the store and one reading of each index, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import delete, func, select

from cms import clock, trash
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.media import files, lookalikes, presets, recipes
from cms.media.models import (
    Document,
    Image,
    ImageStatus,
    ImageVersion,
    LibrarySurvey,
    Rendition,
)
from cms.storage.base import StoredFile

Report = Callable[[int, int], None]

PREFIXES = ("originals", "renditions", "documents", "previews")
# What each kind of row names a file by, and whose that is.
_KEYS: tuple[tuple[str, Any, Any], ...] = (
    ("image", Image.key, Image.id),
    ("rendition", Rendition.key, Rendition.image_id),
    ("image_version", ImageVersion.key, ImageVersion.image_id),
    ("document", Document.key, Document.id),
    ("document", Document.preview_key, Document.id),
)
# A younger file may be of an upload that has not been committed.
GRACE = timedelta(days=1)
# No more than a statement can name.
MOST_LISTED = 10_000
AT_ONCE = 500
# So few are never a sign that files and database do not belong together.
ALWAYS_FEW = 20
_HASHED_SINCE = timedelta(days=2)


class TooManyStrays(CmsError):
    """More than half of the files are strays: the database may be another's."""

    sentence = N_(
        "Most of the stored files belong to no picture. Perhaps this is another database than"
        " theirs, so nothing was removed."
    )
    hopeless = True


@dataclass
class Figures:
    """What a survey has found. Sizes are bytes. What is in the trash, with all its files,
    is counted as `trashed`, and in no other sum. `incomplete` counts the ready pictures that
    lack a rendition, or have one that is out of date; the lists name at most `MOST_LISTED`
    of them, and of the pictures that have a file which is not in the store; `strays` are
    files of no picture that are older than `GRACE`."""

    pictures: int = 0
    originals_size: int = 0
    renditions: int = 0
    renditions_size: int = 0
    versions: int = 0
    versions_size: int = 0
    trashed: int = 0
    trashed_size: int = 0
    incomplete: int = 0
    incomplete_ids: list[int] = field(default_factory=list)
    lost_originals: list[int] = field(default_factory=list)
    lost_renditions: list[int] = field(default_factory=list)
    files: int = 0
    strays: int = 0
    strays_size: int = 0


def newest() -> LibrarySurvey | None:
    """Return the newest survey."""
    return db.session.scalar(select(LibrarySurvey).order_by(LibrarySurvey.id.desc()).limit(1))


def figures_of(survey: LibrarySurvey | None) -> Figures | None:
    """Return what a survey has found, whichever version made it."""
    known = Figures.__dataclass_fields__
    kept = survey.figures if survey else None
    return None if kept is None else Figures(**{k: v for k, v in kept.items() if k in known})


def take(report: Report) -> LibrarySurvey:
    """Go through everything and keep what is found, in place of the last survey.

    `report(done, total)` is called now and then, and may commit.
    """
    _look_again(report)
    figures = _counted()
    _take_out_trash(figures)
    with trash.included():
        _compare_all(figures, report)
    for lost in (figures.lost_originals, figures.lost_renditions):
        lost[:] = _not_in_trash(lost)
    db.session.execute(delete(LibrarySurvey))
    survey = LibrarySurvey(figures=asdict(figures))
    db.session.add(survey)
    db.session.flush()
    return survey


def keys_in_use(keys: Collection[str]) -> set[str]:
    """Return those of some keys that a row names, also one in the trash."""
    with trash.included():
        return {
            key
            for _kind, column, _owner in _KEYS
            for key in db.session.scalars(select(column).where(column.in_(keys)))
        }


def _compare_all(figures: Figures, report: Report) -> None:
    total = figures.pictures + figures.renditions + figures.versions
    for prefix in PREFIXES:
        last = f"{prefix}/"
        for batch in _batches(files.storage().walk(prefix)):
            upto = batch[-1].key
            _compare(figures, _rows(prefix, last, upto), batch)
            last = upto
            report(min(figures.files, total), total)
        _compare(figures, _rows(prefix, last, None), [])


def remove_strays(report: Report) -> int:
    """Delete the files that belong to no picture; return how many. Raises `TooManyStrays`."""
    figures = figures_of(newest())
    if figures is None:
        return 0
    refuse_too_many(figures)
    removed = seen = 0
    for prefix in PREFIXES:
        for batch in _batches(files.storage().walk(prefix)):
            for stray in _strays(batch):
                files.storage().delete(stray.key)
                removed += 1
            seen += len(batch)
            report(min(seen, figures.files), figures.files)
    if survey := newest():  # perhaps another one by now
        survey.figures = {**survey.figures, "strays": 0, "strays_size": 0}
    db.session.flush()
    return removed


def refuse_too_many(figures: Figures) -> None:
    """Raise `TooManyStrays` where the files may be those of another database."""
    if figures.strays > ALWAYS_FEW and figures.strays * 2 > figures.files:
        raise TooManyStrays


def drop_lost_renditions(image: Image) -> None:
    """Forget the renditions of a picture whose files are not in the store."""
    for rendition in [*image.renditions]:
        if not files.storage().exists(rendition.key):
            image.renditions.remove(rendition)
    db.session.flush()


def _counted() -> Figures:
    figures = Figures()
    for name, size, column in (
        ("pictures", "originals_size", Image.size),
        ("renditions", "renditions_size", Rendition.size),
        ("versions", "versions_size", ImageVersion.size),
    ):
        count, total = db.session.execute(select(func.count(), func.sum(column))).one()
        setattr(figures, name, count)
        setattr(figures, size, int(total or 0))
    lacking = (
        Image.status == ImageStatus.READY,
        recipes.is_incomplete(presets.all_enabled()),
    )
    figures.incomplete = db.session.scalar(select(func.count(Image.id)).where(*lacking)) or 0
    if figures.incomplete:
        listed = select(Image.id).where(*lacking).limit(MOST_LISTED)
        figures.incomplete_ids = [*db.session.scalars(listed)]
    return figures


def _take_out_trash(figures: Figures) -> None:
    """Count what is in the trash by itself: its files are kept, and shown to nobody."""
    for name, size, rows in (
        ("pictures", "originals_size", select(func.count(), func.sum(Image.size))),
        (
            "renditions",
            "renditions_size",
            select(func.count(), func.sum(Rendition.size)).join(Rendition.image),
        ),
        (
            "versions",
            "versions_size",
            select(func.count(), func.sum(ImageVersion.size)).join(ImageVersion.image),
        ),
    ):
        with trash.included():
            query = rows.where(Image.deleted_at.is_not(None))
            count, total = db.session.execute(query).one()
        if name == "pictures":  # they were not counted among the others
            figures.trashed = count
        else:
            setattr(figures, name, getattr(figures, name) - count)
            setattr(figures, size, getattr(figures, size) - int(total or 0))
        figures.trashed_size += int(total or 0)


def _not_in_trash(ids: Sequence[int]) -> list[int]:
    there: set[int] = set()
    for batch in _batches(ids):
        there.update(db.session.scalars(select(Image.id).where(Image.id.in_(batch))))
    return [image_id for image_id in ids if image_id in there]


def _look_again(report: Report) -> None:
    """See once more what the newest pictures look like: two that were processed at the same
    moment did not see each other."""
    since = clock.now() - _HASHED_SINCE
    recent = select(Image.id).where(Image.processed_at > since, Image.phash.is_not(None))
    for ids in _batches(db.session.scalars(recent).all()):
        for image in db.session.scalars(select(Image).where(Image.id.in_(ids))):
            lookalikes.note(image)
        report(0, 1)


def _compare(
    figures: Figures, rows: Iterable[tuple[str, str, int]], stored: Sequence[StoredFile]
) -> None:
    """Add what is wrong in one stretch of keys."""
    left = {file.key: file for file in stored}
    for kind, key, image_id in rows:
        if left.pop(key, None) is None and not files.storage().exists(key):
            told = {"image": figures.lost_originals, "rendition": figures.lost_renditions}
            lost = told.get(kind)
            if lost is not None and len(lost) < MOST_LISTED and image_id not in lost:
                lost.append(image_id)
    figures.files += len(stored)
    for stray in _strays([*left.values()]):
        figures.strays += 1
        figures.strays_size += stray.size


def _rows(prefix: str, after: str, upto: str | None) -> Iterator[tuple[str, str, int]]:
    """Return kind, key and picture, or document, of the rows in a stretch of keys, page by page."""
    for kind, column, owner in _KEYS:
        last = after
        while True:
            query = select(column, owner).where(column > last)
            query = query.where(column.startswith(f"{prefix}/"))
            query = query if upto is None else query.where(column <= upto)
            page = db.session.execute(query.order_by(column).limit(AT_ONCE)).all()
            yield from ((kind, key, owner_id) for key, owner_id in page)
            if len(page) < AT_ONCE:
                break
            last = page[-1][0]


def _strays(stored: Sequence[StoredFile]) -> list[StoredFile]:
    """Return those of some files that no row names, and that are old enough."""
    # Files carry the store's time, so this asks the system, not cms.clock.
    oldest = datetime.now(UTC) - GRACE
    old = {file.key: file for file in stored if file.modified_at < oldest}
    used = keys_in_use(old) if old else ()
    return [file for key, file in old.items() if key not in used]


def _batches(things: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(things)
    while batch := list(islice(left, AT_ONCE)):
        yield batch
