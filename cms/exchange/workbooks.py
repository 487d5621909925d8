"""Excel workbooks, read row by row, and looked at before they can swell."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl

from cms.errors import N_, CmsError
from cms.exchange.cells import as_text

# What a workbook of the largest import unfolds to, with room.
MOST_EXPANDED = 150_000_000  # bytes
MOST_PARTS = 1_000
MOST_CELLS_ACROSS = 201  # one more than an import takes, so that it is noticed
LAST_ROW = 1_048_576
_BOOK = "xl/workbook.xml"


class NoWorkbook(CmsError):
    """A ZIP file of another kind, or a damaged one."""

    sentence = N_("This is no Excel workbook (XLSX), or it is damaged.")
    hopeless = True


class SwellingWorkbook(CmsError):
    """It is small, and would unfold to very much."""

    sentence = N_("This workbook unfolds to more than %(most)s MB, and was not opened.")
    hopeless = True


@contextmanager
def rows(path: Path) -> Iterator[Iterator[list[str]]]:
    """Give the rows of the first sheet as text. Raises `NoWorkbook` or `SwellingWorkbook`."""
    _look(path)
    with path.open("rb") as file:  # of a name that says nothing, which it would mind
        with _told():
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        if not book.worksheets:
            raise NoWorkbook
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # which may claim anything
        yield _texts(sheet.iter_rows(max_col=MOST_CELLS_ACROSS, values_only=True))


def _look(path: Path) -> None:
    """Look into the table of contents. What it says of sizes, the unpacker keeps to."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise NoWorkbook from None
    if len(parts) > MOST_PARTS or _BOOK not in {part.filename for part in parts}:
        raise NoWorkbook
    if sum(part.file_size for part in parts) > MOST_EXPANDED:
        raise SwellingWorkbook(most=MOST_EXPANDED // 1_000_000)


def _texts(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[str]]:
    with _told():
        for number, row in enumerate(rows, 1):
            if number > LAST_ROW:
                return
            cells = [as_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            yield cells


@contextmanager
def _told() -> Iterator[None]:
    """Tell whatever a damaged workbook makes its reader raise in one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that it leaves out
            yield
    except Exception as error:  # its reader stumbles in its own ways, and its unpacker too
        raise NoWorkbook from error
