"""Files that rows are read from, whatever program wrote them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from charset_normalizer import from_bytes

from cms.errors import N_, CmsError
from cms.exchange import workbooks
from cms.exchange.cells import as_written

MOST_ROWS = 100_000
MOST_COLUMNS = 200
LONGEST_CELL = 1_000_000
SAMPLE = 64_000  # bytes
AT_ONCE = 1_000_000  # bytes

DELIMITERS = ",;\t|"
# Where it is not UTF-8: what spreadsheets of China, Taiwan and the West write.
_OTHERS = ["gb18030", "big5", "cp1252"]
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_SAYS_DELIMITER = re.compile(r"sep=(.)\r?\n")

Line = tuple[int, list[str]]


class NoTable(CmsError):
    """Neither text nor a workbook."""

    sentence = N_("This is neither a CSV file nor an Excel workbook (XLSX).")
    hopeless = True


class OldWorkbook(CmsError):
    """An XLS file, or a workbook with a password."""

    sentence = N_(
        "This is an old Excel file (XLS), or one with a password. Save it as XLSX without one."
    )
    hopeless = True


class NoRows(CmsError):
    """There are no headings, or nothing below them."""

    sentence = N_("This file has no rows below its headings.")
    hopeless = True


class TooManyRows(CmsError):
    """More than one import takes."""

    sentence = N_("This file has more than %(most)s rows. Divide it into several.")
    hopeless = True


class TooManyColumns(CmsError):
    """A line without end, more likely."""

    sentence = N_("This file has more than %(most)s columns.")
    hopeless = True


class BrokenLine(CmsError):
    """A quotation mark that is never closed, more likely."""

    sentence = N_("Row %(line)s cannot be read: a quotation mark is out of place.")
    hopeless = True


@contextmanager
def lines(path: Path) -> Iterator[Iterator[Line]]:
    """Give the rows of a file as text, with their numbers; the first are the headings.

    Rows without text are left out. Raises what says why it is no table, also while the
    rows are read.
    """
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    if start.startswith(b"PK"):
        with workbooks.rows(path) as rows:
            yield _checked(rows)
        return
    if start.startswith(_OLD_OFFICE):
        raise OldWorkbook
    with path.open(encoding=encoding_of(path, start), newline="") as text:
        yield _checked(_rows_of_text(text))


def encoding_of(path: Path, start: bytes) -> str:
    """Return the encoding of a text file that begins with `start`. Raises `NoTable`."""
    for mark, name in _BOMS.items():
        if start.startswith(mark):
            return name
    if b"\x00" in start:
        raise NoTable
    if _decodes(path, "utf-8"):
        return "utf-8"
    guess = from_bytes(start, cp_isolation=_OTHERS).best()
    likely = [guess.encoding] if guess else []
    for name in [*likely, *_OTHERS]:
        if _decodes(path, name):
            return name
    raise NoTable


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(AT_ONCE):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _rows_of_text(text: io.TextIOBase) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    said = _SAYS_DELIMITER.fullmatch(text.readline(20))
    text.seek(0)
    if said:
        text.readline()
    start = text.tell()
    delimiter = said[1] if said else _delimiter(text)
    text.seek(start)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise BrokenLine(line=number) from None
        except UnicodeDecodeError:  # half a character at the end
            raise NoTable from None
        yield row


def _delimiter(text: io.TextIOBase) -> str:
    """Return what divides the headings into the most."""
    first = text.readline(SAMPLE)

    def parts(sign: str) -> int:
        try:
            return len(next(csv.reader([first], delimiter=sign), []))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=parts)


def _checked(rows: Iterator[list[str]]) -> Iterator[Line]:
    found = 0
    for line, cells in enumerate(rows, 1):
        if len(cells) > MOST_COLUMNS:
            raise TooManyColumns(most=MOST_COLUMNS)
        if not any(cell.strip() for cell in cells):
            continue
        found += 1
        if found > MOST_ROWS + 1:
            raise TooManyRows(most=MOST_ROWS)
        yield line, [as_written(cell) for cell in cells]
