"""Documents that tests need, made here."""

from __future__ import annotations

import io
import struct
import zipfile

import pypdfium2


def pdf(pages=1, width=200, height=300):
    """A PDF of empty pages."""
    made, whole = pypdfium2.PdfDocument.new(), io.BytesIO()
    for _page in range(pages):
        made.new_page(width, height)
    made.save(whole)
    made.close()
    return whole.getvalue()


def pdf_with_script():
    """A PDF that says something by a script when it is opened."""
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R /Names << /JavaScript << /Names [(hi) 4 0 R] >> >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
        b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>",
    ]
    whole, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(whole)
    whole += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    whole += b"".join(b"%010d 00000 n \n" % place for place in places)
    return whole + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(parts) + 1,
        start,
    )


def archive(**members):
    """A ZIP with these members; `__` in a name is a slash."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name.replace("__", "/"), data)
    return whole.getvalue()


def archive_of(names):
    """A ZIP with members of any names."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as made:
        for name, data in names.items():
            made.writestr(zipfile.ZipInfo(name), data)
    return whole.getvalue()


def docx(**more):
    """What a Word file is known by."""
    return archive_of(
        {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document/>", **more}
    )


def xlsx():
    return archive_of({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"})


def odt():
    return archive_of(
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<office/>"}
    )


def ole(stream="WordDocument", *more):
    """The beginning of an older Office file, and the names of its streams."""
    names = b"".join(name.encode("utf-16-le") + b"\0\0" for name in (stream, *more))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + names


def swelling(gigabytes=10):
    """A ZIP that says of its one small member that it is ten gigabytes."""
    size = struct.pack("<I", min(gigabytes * 10**9, 0xFFFFFFFE))
    data = bytearray(archive(a=b"x" * 100))
    head = data.find(b"PK\x01\x02")
    data[head + 24 : head + 28] = size
    return bytes(data)
