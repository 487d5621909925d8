"""The first page of a PDF as a picture, and what is in it beside pages.

Done in a child with limits: see `cms.imaging.workshop`. PDFium is the reader of Chromium.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from cms.errors import N_, CmsError

LONGEST_SIDE = 800
QUALITY = 80
_POINTS = 1_000_000  # no page is as long; some say that they are


class BrokenPdf(CmsError):
    """It can be opened nowhere."""

    sentence = N_("The PDF cannot be read. It may be damaged, or not whole.")
    hopeless = True


@dataclass(frozen=True)
class FirstPage:
    """What was found: `width` and `height` of the picture in pixels are None where none was
    drawn, since a password is asked for, or there is no page."""

    pages: int = 0
    width: int | None = None
    height: int | None = None
    scripts: int = 0
    attachments: int = 0
    locked: bool = False


def first_page(source: Path, target: Path) -> FirstPage:
    """Draw the first page of a PDF into a WebP at `target`. Raises `BrokenPdf`."""
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD:
            return FirstPage(locked=True)
        raise BrokenPdf from error
    with document:
        scripts = max(0, pdfium.FPDFDoc_GetJavaScriptActionCount(document))
        attachments = max(0, pdfium.FPDFDoc_GetAttachmentCount(document))
        pages = len(document)
        width, height = _draw(document, target) if pages else (None, None)
        return FirstPage(pages, width, height, scripts, attachments)


def _draw(document: pypdfium2.PdfDocument, target: Path) -> tuple[int, int]:
    try:
        page = document[0]
        longest = min(max(*page.get_size(), 1), _POINTS)
        drawn = page.render(scale=LONGEST_SIDE / longest).to_pil().convert("RGB")
    except pypdfium2.PdfiumError as error:
        raise BrokenPdf from error
    drawn.save(target, "WEBP", quality=QUALITY)
    width, height = drawn.size
    return width, height
