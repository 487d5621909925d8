"""Which files are documents: known by what is in them, and only those that are listed.

No library is asked. Those that know hundreds of kinds (puremagic, filetype) answer with the
likeliest, helped by the name; here a short list is open and all else is shut, and what
matters most, what an archive would unpack to, none of them looks at. Nothing is unpacked:
of an archive its list of members is read.
"""

from __future__ import annotations

import codecs
import mmap
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from charset_normalizer import from_bytes

from cms.errors import N_, CmsError

MOST_MEMBERS = 10_000
MOST_UNPACKED_MB = 2_000
_MEGABYTE = 1_000_000
_HEAD = 4_096
_FULL = 0xFFFFFFFF
_AT_ONCE = 1 << 20
_SAMPLE = 1 << 16


@dataclass(frozen=True)
class Kind:
    """A kind of document. The first of its `endings` is the usual one."""

    name: str
    mime: str
    words: str
    endings: tuple[str, ...]

    @property
    def extension(self) -> str:
        """The usual ending, without its dot."""
        return self.endings[0].removeprefix(".")


_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("pdf", "application/pdf", "PDF", (".pdf",)),
        Kind("docx", f"{_OFFICE}wordprocessingml.document", "Word (DOCX)", (".docx",)),
        Kind("xlsx", f"{_OFFICE}spreadsheetml.sheet", "Excel (XLSX)", (".xlsx",)),
        Kind("pptx", f"{_OFFICE}presentationml.presentation", "PowerPoint (PPTX)", (".pptx",)),
        Kind("doc", "application/msword", "Word (DOC)", (".doc",)),
        Kind("xls", "application/vnd.ms-excel", "Excel (XLS)", (".xls",)),
        Kind("ppt", "application/vnd.ms-powerpoint", "PowerPoint (PPT)", (".ppt",)),
        Kind("odt", f"{_OPEN}text", "OpenDocument (ODT)", (".odt",)),
        Kind("ods", f"{_OPEN}spreadsheet", "OpenDocument (ODS)", (".ods",)),
        Kind("odp", f"{_OPEN}presentation", "OpenDocument (ODP)", (".odp",)),
        Kind("rtf", "application/rtf", "RTF", (".rtf",)),
        Kind("txt", "text/plain", "TXT", (".txt", ".text", ".log")),
        Kind("csv", "text/csv", "CSV", (".csv", ".tsv")),
        Kind("md", "text/markdown", "Markdown", (".md", ".markdown")),
        Kind("zip", "application/zip", "ZIP", (".zip",)),
        Kind("7z", "application/x-7z-compressed", "7z", (".7z",)),
        Kind("gz", "application/gzip", "GZ", (".gz", ".tgz")),
        Kind("tar", "application/x-tar", "TAR", (".tar",)),
    )
}
_TEXTS = ("txt", "csv", "md")


class NotADocument(CmsError):
    """No kind that is listed, whatever its name says."""

    sentence = N_("This is no document of a kind that is accepted here: %(kinds)s.")


class DamagedArchive(CmsError):
    """What it holds cannot be read."""

    sentence = N_("The file is damaged: what it holds cannot be read.")


class SwellingArchive(CmsError):
    """Whoever unpacked it would have a full disk."""

    sentence = N_(
        "The file would unpack to more than %(size)s MB, or to more than %(count)s files,"
        " and is not accepted."
    )


class EscapingArchive(CmsError):
    """Whoever unpacked it carelessly would have files overwritten elsewhere."""

    sentence = N_("The file would unpack outside of its own folder, and is not accepted.")


class HoldsMacros(CmsError):
    """Programs that run when it is opened."""

    sentence = N_("The document holds macros, which are programs. Save it without them.")


def recognised(path: Path, filename: str, allowed: tuple[str, ...]) -> Kind:
    """Return what kind of document a file is. Raises what says why it is not taken.

    The name decides only what cannot be seen: which kind of text a text is.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    name = _by_content(path, head) or _text(path, head, Path(filename).suffix.lower())
    if name is None or name not in allowed:
        known = (KINDS[one].words for one in allowed if one in KINDS)
        raise NotADocument(kinds=", ".join(known))
    return KINDS[name]


def _by_content(path: Path, head: bytes) -> str | None:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole(path)
    signs = {b"7z\xbc\xaf\x27\x1c": "7z", b"\x1f\x8b\x08": "gz", b"{\\rtf": "rtf"}
    if head[257:262] == b"ustar":
        return "tar"
    return next((name for sign, name in signs.items() if head.startswith(sign)), None)


# Archives, and what is one


def _zip(path: Path) -> str | None:
    if _members(path) > MOST_MEMBERS:
        raise _swells()
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_unsafe(members)
            names = {member.filename for member in members}
            return _of_names(archive, names)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, RuntimeError, OSError):
        raise DamagedArchive from None


def _members(path: Path) -> int:
    """Return how many members a ZIP says that it has, before a list of them is made."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_557))
        end = file.read()
    place = end.rfind(b"PK\x05\x06")
    if place < 0 or len(end) < place + 22:
        raise DamagedArchive
    count, length = map(int, struct.unpack_from("<HI", end, place + 10))
    # The count may lie, or be elsewhere (ZIP64); no honest list takes a kilobyte a member.
    return max(count, 0 if length == _FULL else length // 1_024)


def _refuse_unsafe(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS or sum(it.file_size for it in members) > (
        MOST_UNPACKED_MB * _MEGABYTE
    ):
        raise _swells()
    for member in members:
        name = member.orig_filename.replace("\\", "/")
        if name.startswith("/") or name[1:2] == ":" or ".." in PurePosixPath(name).parts:
            raise EscapingArchive


def _swells() -> SwellingArchive:
    return SwellingArchive(size=MOST_UNPACKED_MB, count=MOST_MEMBERS)


def _of_names(archive: zipfile.ZipFile, names: set[str]) -> str | None:
    if "[Content_Types].xml" in names:
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise HoldsMacros
        parts = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
        parts["ppt/presentation.xml"] = "pptx"
        return next((kind for part, kind in parts.items() if part in names), "zip")
    if "mimetype" in names and archive.getinfo("mimetype").file_size < _HEAD:
        mime = archive.read("mimetype").decode("ascii", "replace").strip()
        open_kinds = (kind for kind in KINDS.values() if kind.mime == mime)
        if (found := next(open_kinds, None)) is not None:
            if any(name.startswith("Basic/") for name in names):
                raise HoldsMacros
            return found.name
    return "zip"


def _ole(path: Path) -> str | None:
    """Return which of the older Office kinds a file is, by the names of its streams."""
    streams = {"WordDocument": "doc", "Workbook": "xls", "PowerPoint Document": "ppt"}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        if whole.find("_VBA_PROJECT".encode("utf-16-le")) >= 0:
            raise HoldsMacros
        found = (kind for name, kind in streams.items() if whole.find(name.encode("utf-16-le")) > 0)
        return next(found, None)


# Text


def _text(path: Path, head: bytes, ending: str) -> str | None:
    """Return which kind of text a file is; None for one that is none, or that a browser runs."""
    kind = next((name for name in _TEXTS if ending in KINDS[name].endings), None)
    return kind if kind and not _is_markup(head) and _is_text(path, head) else None


def _is_markup(head: bytes) -> bool:
    start = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    signs = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<head", b"<body", b"%!ps")
    return start.startswith(signs)


def _is_text(path: Path, head: bytes) -> bool:
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        decode = codecs.getincrementaldecoder("utf-16" if wide else "utf-8")()
        for piece in _pieces(path):
            if not wide and b"\x00" in piece:
                return False
            decode.decode(piece)
        decode.decode(b"", final=True)
    except UnicodeDecodeError:
        return from_bytes(head[:_SAMPLE]).best() is not None
    return True


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_AT_ONCE):
            yield piece
