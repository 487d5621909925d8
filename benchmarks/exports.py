"""What it takes to write a million pictures into a file: seconds to its first byte and to its
last, and memory.

Ours is a job, as a consumer runs it; the file is watched from outside while it grows. Beside
it, in the same run and on the same rows, Flask-Admin's own export, whose first byte is the
answer's. Each has a process of its own. The database is SQLite unless another is named; it
must be empty, or have been filled by an earlier run.

    python benchmarks/exports.py [--database postgresql://…] [--rows N] [--folder DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent)  # queue.py here is not Python's own `queue`

import argparse
import json
import re
import subprocess
import tempfile
import threading
import time
from http import HTTPStatus
from typing import Any

import flask_migrate
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from sqlalchemy import String, cast, func, insert, literal, select, text

from cms.accounts.models import User
from cms.accounts.services import create_user
from cms.app import create_app
from cms.editorial.exchange import begin_export
from cms.exchange import sources
from cms.exchange.models import Export, ExportState, Format
from cms.exchange.sources import Scope
from cms.extensions import db
from cms.media.models import Image, ImageStatus, Orientation
from cms.tasks import huey

COLUMNS = (
    "id", "title", "alt_text", "filename", "status", "mime", "size", "width", "height",
    "owner.email", "created_at", "processed_at",
)  # fmt: skip
KINDS = ("ours, CSV", "ours, XLSX", "ours, JSON", "Flask-Admin, CSV")
SEED = 1_000
FIRST_ROWS = 10_000  # bytes: more than a heading


def application(folder: Path, database: str | None) -> Flask:
    settings = {"CMS_DATA_DIR": folder, "CMS_ENV": "testing", "CMS_LOCALE": "en"}
    return create_app(settings | ({"CMS_DATABASE_URL": database} if database else {}))


def fill(rows: int) -> None:
    """Write so many pictures, without files, if there are none yet."""
    flask_migrate.upgrade()
    if db.session.scalar(select(func.max(Image.id))):
        return
    owner = create_user("exports@example.com", "correct horse battery", ["editor"])
    db.session.flush()
    pattern = {
        "mime": "image/jpeg", "size": 2_345_678, "sha256": "0" * 64, "width": 4000,
        "height": 3000, "orientation": Orientation.WIDE, "status": ImageStatus.READY,
        "owner_id": owner.id,
    }  # fmt: skip
    seed = [
        {"id": n, "title": f"Harbour at dawn {n}", "alt_text": "运河边的老茶馆 with a lantern",
         "filename": f"IMG_{n:06}.jpg", "key": f"originals/{n}"} | pattern
        for n in range(1, min(SEED, rows) + 1)
    ]  # fmt: skip
    db.session.execute(insert(Image), seed)
    have = len(seed)
    while have < rows:
        made = {
            column: getattr(Image, column.key)
            for column in Image.__table__.columns
            if column.key not in ("id", "key")
        }
        number = Image.id + have
        chosen = select(
            number, literal("originals/").concat(cast(number, String(20))), *made.values()
        ).where(Image.id <= rows - have)
        names = ["id", "key", *(column.key for column in made)]
        db.session.execute(insert(Image).from_select(names, chosen))
        have = min(have * 2, rows)
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE"))
        db.session.commit()


class Memory:
    """How much more memory this process came to have than when this was made, in MB."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = self._read("VmRSS")

    def growth(self) -> float:
        return (self._read("VmHWM") - self._before) / 1024

    @staticmethod
    def _read(name: str) -> int:
        found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
        assert found
        return int(found[1])


class Watcher(threading.Thread):
    """Watches a folder until a file in it has begun, and until it holds rows."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.start_at = folder, time.perf_counter()
        self.first = self.rows = 0.0

    def run(self) -> None:
        while not self.rows:
            size = sum(path.stat().st_size for path in self.folder.glob("*") if path.is_file())
            now = time.perf_counter() - self.start_at
            self.first = self.first or (now if size else 0.0)
            self.rows = now if size > FIRST_ROWS else 0.0
            time.sleep(0.005)


def ours(folder: Path, database: str | None, form: Format) -> dict[str, float]:
    app = application(folder, database)
    with app.app_context():
        person = db.session.scalars(select(User)).first()
        export = begin_export(sources.find("image"), person, Scope("all"), COLUMNS, form)
        number = export.id
        db.session.commit()
        incoming = folder / "files" / ".incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        task = huey.dequeue()
        memory, watcher, start = Memory(), Watcher(incoming), time.perf_counter()
        watcher.start()
        huey.execute(task)
        total = time.perf_counter() - start
        export = db.session.get(Export, number, populate_existing=True)
        assert export.state is ExportState.READY, export.sentence
        return {"first": watcher.first, "rows": watcher.rows, "total": total,
                "memory": memory.growth(), "size": export.size / 1e6}  # fmt: skip


def stock(folder: Path, database: str | None) -> dict[str, float]:
    app = application(folder, database)
    plain = Flask("stock", root_path=str(folder), template_folder=None, static_folder=None)
    plain.config["SECRET_KEY"] = "stock"
    plain.config["SQLALCHEMY_DATABASE_URI"] = app.config["SQLALCHEMY_DATABASE_URI"]
    db.init_app(plain)
    Babel(plain)

    class ImageView(ModelView):  # type: ignore[misc]
        can_export = True
        column_list = COLUMNS
        column_select_related_list = (Image.owner,)  # else it asks for each row, in vain
        column_default_sort = ("id", True)

    Admin(plain).add_view(ImageView(Image, db, endpoint="image"))
    memory, start = Memory(), time.perf_counter()
    answer = plain.test_client().get("/admin/image/export/csv/", buffered=False)
    assert answer.status_code == HTTPStatus.OK
    first, size = 0.0, 0
    for chunk in answer.response:
        first = first or time.perf_counter() - start
        size += len(chunk)
    total = time.perf_counter() - start
    return {"first": first, "rows": first, "total": total, "memory": memory.growth(),
            "size": size / 1e6}  # fmt: skip


def one(kind: str, folder: Path, database: str | None) -> dict[str, float]:
    if kind.startswith("Flask-Admin"):
        return stock(folder, database)
    forms = {"CSV": Format.CSV, "XLSX": Format.XLSX, "JSON": Format.JSON}
    return ours(folder, database, forms[kind.rpartition(" ")[2]])


def measure(folder: Path, asked: argparse.Namespace) -> None:
    with application(folder, asked.database).app_context():
        fill(asked.rows)
        print(f"{db.engine.dialect.name}, {asked.rows:,} pictures, {len(COLUMNS)} columns")
    heads = ("first byte", "first rows", "total", "of CPU", "memory", "file")
    print(" " * 18 + "".join(f"{words:>12}" for words in heads))
    for kind in asked.kinds:
        command = [sys.executable, __file__, "--one", kind, "--folder", str(folder)]
        command += ["--database", asked.database] if asked.database else []
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        seconds = "".join(f"{found[name]:10.2f} s" for name in ("first", "rows", "total", "cpu"))
        sizes = "".join(f"{found[name]:9.0f} MB" for name in ("memory", "size"))
        print(f"{kind:18}{seconds}{sizes}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="the address of an empty database")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--folder", type=Path, help="where to keep what was filled")
    parser.add_argument("--one", choices=KINDS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        start = time.process_time()
        found = one(asked.one, asked.folder, asked.database)
        print(json.dumps(found | {"cpu": time.process_time() - start}))
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(asked.folder or Path(folder), asked)


if __name__ == "__main__":
    main()
