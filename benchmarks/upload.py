"""How long an editor's request takes that uploads one 24-megapixel JPEG.

Ours reads the header, stores the file and leaves the rest to a job. Flask-Admin's
own `ImageUploadField` decodes and resizes within the request. Both get the same
bytes, in turn, through the same WSGI client; the medians are compared.

    python benchmarks/upload.py [runs]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent)  # queue.py here is not Python's own `queue`

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar

import flask_migrate
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_admin.form.upload import ImageUploadField
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from cms.accounts.services import create_user
from cms.app import create_app
from cms.extensions import db
from cms.imaging.samples import draw_sample

SIZE = (6000, 4000)
PASSWORD = "correct horse battery"

Upload = Callable[[bytes], float]


def ours(folder: Path) -> Upload:
    """Return an upload through QsCMS on its embedded default."""
    app = create_app({"CMS_DATA_DIR": folder, "WTF_CSRF_ENABLED": False})
    with app.app_context():
        flask_migrate.upgrade()
        create_user("editor@example.com", PASSWORD, ["editor"])
        db.session.commit()
    client = app.test_client()
    client.post("/login", data={"email": "editor@example.com", "password": PASSWORD})

    def upload(data: bytes) -> float:
        start = time.perf_counter()
        answer = client.post(
            "/admin/image/upload",
            data={"file": (io.BytesIO(data), "photo.jpg"), "again": "1"},
            headers={"Accept": "application/json"},
        )
        took = time.perf_counter() - start
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
        return took

    return upload


def stock(folder: Path) -> Upload:
    """Return an upload through Flask-Admin's own field, making the same two sizes."""

    class Base(DeclarativeBase):
        pass

    stock_db = SQLAlchemy(model_class=Base)

    class Picture(stock_db.Model):  # type: ignore[name-defined,misc]
        id: Mapped[int] = mapped_column(primary_key=True)
        path: Mapped[str]

    class PictureView(ModelView):
        form_overrides: ClassVar = {"path": ImageUploadField}
        form_args: ClassVar = {
            "path": {
                "base_path": str(folder),
                "max_size": (800, 600, False),
                "thumbnail_size": (200, 200, True),
            }
        }

    app = Flask("stock")
    app.config["SECRET_KEY"] = "stock"
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'stock.db'}"
    stock_db.init_app(app)
    Babel(app)  # Flask-Admin finds it installed and takes for granted that it is set up
    Admin(app).add_view(PictureView(Picture, stock_db, endpoint="picture"))
    with app.app_context():
        stock_db.create_all()
    client = app.test_client()

    def upload(data: bytes) -> float:
        start = time.perf_counter()
        answer = client.post("/admin/picture/new/", data={"path": (io.BytesIO(data), "photo.jpg")})
        took = time.perf_counter() - start
        assert answer.status_code == HTTPStatus.FOUND, answer.text
        return took

    return upload


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_sample(1, SIZE, folder / "photo.jpg")
        data = (folder / "photo.jpg").read_bytes()
        for part in ("ours", "stock"):
            (folder / part).mkdir()
        rivals = {"QsCMS": ours(folder / "ours"), "Flask-Admin": stock(folder / "stock")}
        times: dict[str, list[float]] = {rival: [] for rival in rivals}
        for run in range(runs + 1):
            for rival, upload in rivals.items():
                took = upload(data)
                if run:  # the first warms up
                    times[rival].append(took)
    medians = {rival: statistics.median(took) for rival, took in times.items()}
    print(f"one {SIZE[0]} × {SIZE[1]} JPEG of {len(data) / 1e6:.1f} MB, median of {runs} runs")
    for rival, median in medians.items():
        print(f"{rival:12} {median * 1000:8.1f} ms")
    print(f"ratio        {medians['QsCMS'] / medians['Flask-Admin']:8.3f}")


if __name__ == "__main__":
    main()
