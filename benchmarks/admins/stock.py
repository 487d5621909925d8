"""The list of pictures as a plain `ModelView` of Flask-Admin shows it."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel

from benchmarks.admins import rounds
from cms.database import with_driver
from cms.extensions import db
from cms.media.models import Image

PAGES = {
    "page 1": "/admin/image/",
    "last page": "/admin/image/?page=39999",
    "deep page": "/admin/image/?page=20000",
    "status tab": "/admin/image/?flt1_status_equals=READY",
    "small status tab": "/admin/image/?flt1_status_equals=FAILED",
    "rare search": "/admin/image/?search=lighthouse",
    "common search": "/admin/image/?search=harbour",
    "no-hit search": "/admin/image/?search=zzzzz",
    "100 rows": "/admin/image/?page_size=100",
    "editable list": "/admin/editable/",
}


class ImageView(ModelView):
    column_list = ("title", "status", "size", "width", "height", "owner", "created_at")
    column_default_sort = ("id", True)
    column_searchable_list = ("title", "alt_text", "filename")
    column_filters = ("status",)
    page_size = 25
    page_size_options = (25, 50, 100)
    can_set_page_size = True
    named_filter_urls = True


class EditableView(ImageView):
    column_editable_list = ("title",)


def main() -> None:
    folder, database, number = rounds.asked()
    app = Flask("stock", root_path=folder, template_folder=None, static_folder=None)
    app.config["SECRET_KEY"] = "stock"
    app.config["SQLALCHEMY_DATABASE_URI"] = with_driver(database)
    db.init_app(app)
    Babel(app)  # Flask-Admin finds it installed and takes for granted that it is set up
    admin = Admin(app)
    admin.add_view(ImageView(Image, db, endpoint="image"))
    admin.add_view(EditableView(Image, db, endpoint="editable"))
    client = app.test_client()

    def get(address: str) -> tuple[int, str]:
        answer = client.get(address)
        return answer.status_code, answer.text

    assert "failed" in get(PAGES["small status tab"])[1]
    rounds.tell(get, PAGES, number)


if __name__ == "__main__":
    main()
