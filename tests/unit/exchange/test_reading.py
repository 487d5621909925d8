"""Files that people import, as their programs write them."""

import io
import zipfile

import openpyxl
import pytest

from cms.errors import CmsError
from cms.exchange import reading, workbooks
from cms.exchange.reading import (
    BrokenLine,
    NoTable,
    OldWorkbook,
    TooManyColumns,
    TooManyRows,
    encoding_of,
    lines,
)
from cms.exchange.workbooks import NoWorkbook, SwellingWorkbook

TABLE = "编号,标题,替代文字\r\n1,日出时的港口,海边的一座老灯塔\r\n2,运河边的老茶馆,喝茶的人们\r\n"
ROWS = [
    (1, ["编号", "标题", "替代文字"]),
    (2, ["1", "日出时的港口", "海边的一座老灯塔"]),
    (3, ["2", "运河边的老茶馆", "喝茶的人们"]),
]


@pytest.fixture
def read(tmp_path):
    def go(data):
        path = tmp_path / "file"
        path.write_bytes(data)
        with lines(path) as found:
            return list(found)

    return go


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_told(read, encoding):
    assert read(TABLE.encode(encoding)) == ROWS


def test_a_western_file_is_read(read):
    assert read("ID;Titel\r\n1;Müller’s Café an der Brücke, schöne Grüße\r\n".encode("cp1252")) == [
        (1, ["ID", "Titel"]),
        (2, ["1", "Müller’s Café an der Brücke, schöne Grüße"]),
    ]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiters_are_told(read, sign):
    assert read(TABLE.replace(",", sign).encode()) == ROWS


def test_what_says_its_delimiter_is_believed(read):
    assert read(b"sep=;\r\na,b;c\r\n1;2\r\n") == [(1, ["a,b", "c"]), (2, ["1", "2"])]


def test_rows_keep_their_numbers_where_some_are_empty_or_have_several_lines(read):
    assert read(b'id,text\n1,"two\nlines"\n,\n\n2,x\n') == [
        (1, ["id", "text"]), (2, ["1", "two\nlines"]), (5, ["2", "x"]),
    ]  # fmt: skip


def book(*rows):
    made, data = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(data)
    return data.getvalue()


def test_a_workbook_is_read(read):
    assert read(book(["ID", "标题"], [1, "港口"], [], [2.0, True])) == [
        (1, ["ID", "标题"]), (2, ["1", "港口"]), (4, ["2", "true"]),
    ]  # fmt: skip


def zipped(**parts):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return data.getvalue()


@pytest.mark.case(20)
def test_a_workbook_that_swells_is_not_opened(read, monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_EXPANDED", 1_000_000)
    bomb = zipped(**{"xl__workbook.xml": b"", "xl__sharedStrings.xml": bytes(2_000_000)})
    assert len(bomb) < 10_000
    with pytest.raises(SwellingWorkbook):
        read(bomb)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"PK\x03\x04 and then nothing", NoWorkbook),
        (zipped(mimetype=b"application/vnd.oasis"), NoWorkbook),
        (zipped(**{"xl__workbook.xml": b"<broken"}), NoWorkbook),
        (book(["a"], [1])[:-200], NoWorkbook),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), OldWorkbook),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), NoTable),
        (b'id,text\n1,"never closed\n2,x\n', BrokenLine),
        (b",".join([b"x"] * 300) + b"\n", TooManyColumns),
    ],
)
def test_another_file_is_refused_in_words(read, data, error):
    with pytest.raises(error) as caught:
        read(data)
    assert caught.value.hopeless
    assert str(caught.value).endswith(".")


def test_too_many_rows_are_refused(read, monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    assert len(read(b"id\n1\n2\n")) == 3
    with pytest.raises(TooManyRows):
        read(b"id\n1\n2\n3\n")


def test_a_damaged_workbook_is_never_an_unforeseen_error(read):
    whole = book(["ID", "标题"], *[[n, f"text {n}"] for n in range(50)])
    told = 0
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        try:
            read(bytes(damaged))
        except CmsError:
            told += 1
    assert told


def test_utf_8_is_preferred(tmp_path):
    path = tmp_path / "file"
    path.write_bytes("a,ä".encode())
    assert encoding_of(path, b"a,\xc3\xa4") == "utf-8"
