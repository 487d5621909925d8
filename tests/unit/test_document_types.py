"""Which files are documents, by what is in them."""

import pytest

from cms.config import DOCUMENT_TYPES
from cms.media.document_types import (
    KINDS,
    DamagedArchive,
    EscapingArchive,
    HoldsMacros,
    NotADocument,
    SwellingArchive,
    recognised,
)
from tests import documents, pictures


@pytest.fixture
def look(tmp_path):
    def go(data, name="file", allowed=DOCUMENT_TYPES):
        path = tmp_path / "file"
        path.write_bytes(data)
        return recognised(path, name, tuple(allowed)).name

    return go


def test_what_can_be_set_is_what_is_known():
    assert tuple(KINDS) == DOCUMENT_TYPES


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (documents.pdf(), "anything.exe", "pdf"),
        (documents.docx(), "x", "docx"),
        (documents.xlsx(), "x.docx", "xlsx"),
        (documents.odt(), "x", "odt"),
        (documents.archive(a=b"1"), "x.docx", "zip"),
        (documents.ole(), "x", "doc"),
        (documents.ole("Workbook"), "x", "xls"),
        (documents.ole("PowerPoint Document"), "x", "ppt"),
        (b"{\\rtf1 hello}", "x", "rtf"),
        (b"7z\xbc\xaf\x27\x1c....", "x", "7z"),
        (b"\x1f\x8b\x08rest", "x", "gz"),
        (b"\0" * 257 + b"ustar\x0000" + b"\0" * 248, "x", "tar"),
        ("Grüße, 你好\n".encode(), "notes.txt", "txt"),
        ("你好，世界。这是一个文本文件。\n".encode("gb18030") * 20, "notes.txt", "txt"),
        ("a;b\n".encode("utf-16"), "table.csv", "csv"),
        (b"# Title\n", "read.md", "md"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_kind_is_known_by_what_is_in_the_file(look, data, name, kind):
    assert look(data, name) == kind


@pytest.mark.case(18)
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<!DOCTYPE html><script>alert(1)</script>", "page.txt"),
        (b"\xef\xbb\xbf  <svg onload=alert(1)>", "drawing.txt"),
        (b"<?xml version='1.0'?><a/>", "data.csv"),
        ("<html>".encode("utf-16"), "page.txt"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "drawing.txt"),
        (pictures.jpeg(8, 8), "picture.pdf"),
        (b"MZ\x90\x00program", "setup.txt"),
        (b"#!/bin/sh\n", "run.sh"),
        (b"plain", "page.html"),
        (documents.ole("Something"), "x.doc"),
    ],
)
def test_what_is_none_is_refused_whatever_it_is_called(look, data, name):
    with pytest.raises(NotADocument, match="PDF, Word"):
        look(data, name)


def test_what_is_not_listed_is_refused(look):
    with pytest.raises(NotADocument, match="accepted here: PDF, TXT"):
        look(documents.docx(), allowed=("pdf", "txt"))


@pytest.mark.case(20)
@pytest.mark.parametrize(
    ("data", "error"),
    [
        (documents.swelling(), SwellingArchive),
        (documents.archive_of({f"{n}": "" for n in range(10_001)}), SwellingArchive),
        (documents.docx(**{"../../etc/passwd": "x"}), EscapingArchive),
        (documents.archive_of({"/etc/passwd": "x"}), EscapingArchive),
        (documents.archive_of({"a\\..\\..\\b": "x"}), EscapingArchive),
        (documents.archive_of({"C:/x": "x"}), EscapingArchive),
        (documents.docx(**{"word/vbaProject.bin": "x"}), HoldsMacros),
        (documents.ole("Workbook", "_VBA_PROJECT_CUR"), HoldsMacros),
        (documents.archive(a=b"x" * 500)[:-10], DamagedArchive),
        (b"PK\x03\x04" + b"\0" * 100, DamagedArchive),
    ],
)
def test_an_archive_that_would_do_harm_is_refused(look, data, error):
    with pytest.raises(error):
        look(data, "file.zip")
