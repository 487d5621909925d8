"""What orders the site of the pictures, and its documents."""

from __future__ import annotations

import io

from PIL import Image

from cms.content import categories, menus
from cms.editorial import documents as acts
from cms.extensions import db
from cms.media.models import Document, DocumentStatus
from tests.documents import docx, xlsx
from tests.factories import make_upload
from tests.processes import wait_for
from tests.screenshots.album import drawn, person


def furnish(site):
    """Add categories, a menu and documents; wait until these were looked at."""
    with site.inside():
        travel = categories.create("Travel")
        asia = categories.create("Asia", parent=travel)
        for title, parent in (("Japan", asia), ("Europe", travel)):
            categories.create(title, parent=parent)
        (food, _news) = (categories.create(title) for title in ("Food", "News"))
        tours = {"label": "Tours", "address": "https://tours.example/"}
        items = [{"category_id": travel.id, "items": [{"category_id": asia.id}, tours]}]
        menus.put(menus.get("main", "en"), [*items, {"category_id": food.id}])
        editor = person("editor")
        for data, name, private in (
            (_report(), "Annual report.pdf", False),
            (docx(), "Letter to the crew.docx", True),
            (xlsx(), "Prices 2026.xlsx", False),
            (_report(3), "Map of the harbour.pdf", False),
        ):
            acts.upload([make_upload(data, name)], editor, private=private, again=True)
        db.session.commit()
        wait_for(_all_ready, "the documents to be looked at")


def _report(seed=8):
    whole = io.BytesIO()
    with Image.open(io.BytesIO(drawn(seed, (595, 842)))) as page:
        page.convert("RGB").save(whole, "PDF")
    return whole.getvalue()


def _all_ready():
    db.session.rollback()
    rows = db.session.query(Document.status).all()
    return all(status is DocumentStatus.READY for (status,) in rows)
