"""Text in cells: harmless outside, and back as it was."""

import csv
import io
import shutil
from datetime import UTC, datetime
from enum import StrEnum

import openpyxl
import pytest

from cms.exchange.cells import as_text, as_written, harmless
from cms.exchange.models import Format
from cms.exchange.reading import lines
from cms.exchange.writing import LONGEST_CELL, WRITERS
from cms.storage.local import LocalStorage

FORMULAS = ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=", "'=1", "''@x")
OTHERS = ("", "plain", "'quoted'", "a = b", "片", "two\nlines", 'say "no"', "a,b;c\td", " -", "'")


class State(StrEnum):
    READY = "ready"


@pytest.fixture
def written(tmp_path):
    """Write rows as a file of a format; its path."""
    storage = LocalStorage(tmp_path)

    def go(form, rows, headings=("ID", "Text")):
        with storage.incoming() as file:
            writer = WRITERS[form](file, list(headings), ["id", "text"])
            writer.write(rows)
            writer.close()
            file.flush()
            return shutil.copy(file.path, tmp_path / f"file.{form.value}")

    return go


@pytest.mark.case(38)
@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_leaves_as_text_and_comes_back_as_it_was(text):
    assert harmless(text).startswith("'")
    assert as_written(harmless(text)) == text


@pytest.mark.parametrize("text", OTHERS)
def test_other_text_is_left_alone(text):
    assert harmless(text) == text == as_written(text)


@pytest.mark.case(38)
def test_no_cell_of_a_csv_file_begins_a_formula(written):
    path = written(Format.CSV, [[1, text] for text in FORMULAS])
    cells = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))[1:]
    assert [cell[1][0] for cell in cells] == ["'"] * len(FORMULAS)


@pytest.mark.case(38)
def test_no_cell_of_a_workbook_is_a_formula_and_edited_text_stays_text(written):
    book = openpyxl.load_workbook(written(Format.XLSX, [[1, text] for text in FORMULAS]))
    cells = [row[1] for row in book.active.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    signs = [cell for cell in cells if cell.value[:1] in "=+-@"]
    assert signs
    assert all(cell.quotePrefix for cell in signs)


@pytest.mark.parametrize("form", [Format.CSV, Format.XLSX])
def test_what_was_written_is_read(written, form):
    texts = [text for text in FORMULAS + OTHERS if text]
    path = written(form, [[number, text] for number, text in enumerate(texts)])
    with lines(path) as rows:
        (_line, headings), *found = rows
    assert headings == ["ID", "Text"]
    assert [line for line, _cells in found] == list(range(2, len(texts) + 2))
    expected = [text.replace("\r", "\n") if form is Format.XLSX else text for text in texts]
    assert [cells[1] for _line, cells in found] == expected


def test_a_csv_file_opens_in_the_right_encoding(written):
    assert written(Format.CSV, [[1, "片"]]).read_bytes().startswith(b"\xef\xbb\xbfID,Text\r\n1,")


def test_json_has_numbers_moments_and_lasting_names(written):
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    text = written(Format.JSON, [[1, moment], [2, None], [3, State.READY]]).read_text("utf-8")
    assert text.splitlines() == [
        '{"id": 1, "text": "2026-03-01T12:00:00+00:00"}',
        '{"id": 2, "text": null}',
        '{"id": 3, "text": "ready"}',
    ]


def test_values_as_text():
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    given = (None, True, False, 5, -5, 2.0, 2.5, moment, State.READY, ["片"])
    assert [as_text(value) for value in given] == [
        "", "true", "false", "5", "-5", "2", "2.5", "2026-03-01 12:00:00", "ready", '["片"]',
    ]  # fmt: skip


def test_a_text_that_no_cell_holds_is_cut_and_counted(tmp_path):
    file = LocalStorage(tmp_path).incoming()
    writer = WRITERS[Format.XLSX](file, ["Text"], ["text"])
    writer.write([["x" * (LONGEST_CELL + 1)], ["y"]])
    writer.close()
    assert writer.cut == 1
    file.close()


def test_an_abandoned_workbook_leaves_nothing(tmp_path):
    with LocalStorage(tmp_path).incoming() as file:
        writer = WRITERS[Format.XLSX](file, ["Text"], ["text"])
        writer.write([["x"]])
        writer.drop()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
