"""Files that rows are written to, batch by batch, in little memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import xlsxwriter

from cms.exchange.cells import as_json, as_text, begins_formula, harmless, plain, same_lines
from cms.exchange.models import Format
from cms.storage.base import Incoming

BOM = "\ufeff"
MOST_ROWS_OF_A_SHEET = 1_048_576
LONGEST_CELL = 32_767
LARGEST_NUMBER = 2**53  # beyond, a spreadsheet rounds
WIDTH = 18


class Writer(Protocol):
    """A file that takes rows. `cut` counts texts that were too long for it."""

    cut: int

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write values, column by column."""

    def close(self) -> None:
        """Make the file whole."""

    def drop(self) -> None:
        """Leave it, and nothing else, behind."""


class CsvWriter:
    """Text that spreadsheets open in the right encoding, and in which no cell calculates."""

    cut = 0

    def __init__(self, file: Incoming, headings: Sequence[str], _names: Sequence[str]) -> None:
        self._file = file
        file.write(BOM.encode())
        self._write([headings])

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        self._write([_csv_cell(value) for value in row] for row in rows)

    def close(self) -> None:
        self._file.flush()

    def drop(self) -> None: ...

    def _write(self, rows: Iterable[Sequence[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._file.write(text.getvalue().encode())
        self._file.flush()


class JsonWriter:
    """One object in each line, by the lasting names of the columns."""

    cut = 0

    def __init__(self, file: Incoming, _headings: Sequence[str], names: Sequence[str]) -> None:
        self._file = file
        self._names = names

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        lines = (dict(zip(self._names, row, strict=True)) for row in rows)
        text = "".join(
            f"{json.dumps(line, ensure_ascii=False, default=as_json)}\n" for line in lines
        )
        self._file.write(text.encode())
        self._file.flush()

    def close(self) -> None:
        self._file.flush()

    def drop(self) -> None: ...


class XlsxWriter:
    """A workbook; after a million rows it goes on in another sheet.

    A text that looks like a formula is marked as text, which stays so when it is edited.
    """

    def __init__(self, file: Incoming, headings: Sequence[str], _names: Sequence[str]) -> None:
        self.cut = 0
        self._headings = headings
        options = {
            "constant_memory": True,
            "tmpdir": str(file.path.parent),  # which is cleared of what a killed job leaves
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(file, options)
        self._bold = self._book.add_format({"bold": True})
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._begin_sheet()

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            if self._row == MOST_ROWS_OF_A_SHEET:
                self._begin_sheet()
            for place, value in enumerate(row):
                self._cell(place, value)
            self._row += 1

    def close(self) -> None:
        self._book.close()

    def drop(self) -> None:
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()
            Path(sheet.row_data_filename).unlink(missing_ok=True)

    def _begin_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(self._headings) - 1, WIDTH)
        for place, words in enumerate(self._headings):
            self._sheet.write_string(0, place, words, self._bold)
        self._row = 1

    def _cell(self, place: int, value: Any) -> None:
        value = plain(value)
        if value is None or value == "":
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, place, value)
        elif isinstance(value, datetime):
            naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            self._sheet.write_datetime(self._row, place, naive, self._moment)
        elif isinstance(value, int | float) and abs(value) < LARGEST_NUMBER:
            self._sheet.write_number(self._row, place, value)
        else:
            self._text(place, same_lines(str(value)))

    def _text(self, place: int, text: str) -> None:
        quoted = begins_formula(text)
        if not quoted:
            text = harmless(text)  # what begins with apostrophes and then a sign
        if len(text) > LONGEST_CELL:
            text, self.cut = text[:LONGEST_CELL], self.cut + 1
        self._sheet.write_string(self._row, place, text, self._quoted if quoted else None)


WRITERS: dict[Format, type[CsvWriter | JsonWriter | XlsxWriter]] = {
    Format.CSV: CsvWriter,
    Format.XLSX: XlsxWriter,
    Format.JSON: JsonWriter,
}


def _csv_cell(value: Any) -> Any:
    if value is None or type(value) is int:
        return value
    return harmless(value) if isinstance(value, str) else _harmless_text(value)


def _harmless_text(value: Any) -> Any:
    value = plain(value)
    return harmless(value) if isinstance(value, str) else as_text(value)
