"""A small application with a list of its own, apart from the real tables.

`python -m tests.unit.admin.toy` serves it, to look at in a browser.
"""

import secrets
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from flask import Blueprint, Flask, g, redirect, request
from flask_admin.contrib.sqla.filters import IntInListFilter
from flask_babel import Babel
from flask_babel import lazy_gettext as _l
from flask_login import LoginManager, UserMixin
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Enum, ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from cms import look
from cms.admin.base import QsIndexView, action, expose, needs, open_admin
from cms.admin.choices import Lookup
from cms.admin.columns import State, file_size, moment, picture, status
from cms.admin.lists import DELETE, EDIT, VIEW, Live, QsListView, RowButton, Tab
from cms.admin.search_items import Relation
from cms.database import UtcDateTime
from cms.edge import page_here

TOP = Path(__file__).parents[3]


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class Status(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Person(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(100), unique=True)

    def __str__(self):
        return self.email


class Photo(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100), unique=True)
    note: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int] = mapped_column(default=0)
    hidden: Mapped[bool] = mapped_column(default=False)
    taken_on: Mapped[date | None]
    status: Mapped[Status] = mapped_column(
        Enum(Status, native_enum=False, values_callable=lambda e: [s.value for s in e]),
        default=Status.READY,
    )
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))
    owner: Mapped[Person | None] = relationship()
    remarks: Mapped[list["Remark"]] = relationship(
        cascade="all, delete-orphan", back_populates="photo"
    )

    def __str__(self):
        return self.title


class Remark(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"))
    words: Mapped[str] = mapped_column(String(100))
    photo: Mapped[Photo] = relationship(back_populates="remarks")


class User(UserMixin):
    """Somebody of a role; the cookie `who` says which, as `editor` or `author:3`."""

    active = True

    def __init__(self, who):
        role, _, number = who.partition(":")
        self.id = int(number or 1)
        self.email = f"{role}@example.org"
        self.roles = [type("Role", (), {"name": role})]


STATES = {
    "pending": State(_l("Waiting"), "wait", "clock", moving=True),
    "processing": State(_l("Processing"), "busy", "loader-2", moving=True),
    "ready": State(_l("Ready"), "ok", "circle-check"),
    "failed": State(_l("Failed"), "bad", "alert-triangle"),
}


class PhotoView(QsListView):
    kind, icon = "image", "photo"
    can_view_details = True
    can_export = True
    column_list = ("thumbnail", "title", "status", "size", "owner.email", "created_at")
    column_labels = {
        "thumbnail": _l("Picture"),
        "title": _l("Title"),
        "status": _l("Status"),
        "size": _l("Size"),
        "owner.email": _l("Uploaded by"),
        "created_at": _l("Uploaded"),
    }
    column_formatters = {
        "thumbnail": picture(
            lambda row: "/static/favicon.svg" if row.status == Status.READY else None
        ),
        "status": status(STATES),
        "size": file_size,
        "created_at": moment,
    }
    column_searchable_list = ("title", "owner.email", "status", "id")
    column_filters = (
        "status",
        "created_at",
        "owner.email",
        "size",
        "hidden",
        "remarks.words",
        IntInListFilter(Photo.size, "Sizes"),  # Flask-Admin's own work too
        Relation(Photo.owner, _l("Owner"), Person.email),
    )
    column_sortable_list = ("title", "size", "created_at", ("owner.email", "owner.email"))
    column_editable_list = ("title",)
    tabs = (
        Tab("all", _l("All")),
        Tab("ready", _l("Ready"), Photo.status == "ready"),
        Tab("failed", _l("Failed"), Photo.status == "failed", empty=_l("No picture has failed.")),
    )
    row_buttons = (
        RowButton(
            _l("Retry"), "refresh", ".retry", post=True, shown=lambda r: r.status == "failed"
        ),
        VIEW,
        EDIT,
        DELETE,
    )
    form_columns = ("title", "note", "size", "hidden", "owner")
    form_args = {"note": {"description": _l("What the picture shows.")}}
    form_ajax_refs = {"owner": Lookup("owner", Person, ("email",), session=db)}
    inline_models = (Remark,)
    live = Live(".status", "photos")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.noted = []
        self.undoable = []

    def get_query(self):
        return super().get_query().filter(Photo.title != "secret")

    def record_change(self, action_name, model, changes):
        self.noted.append((action_name, str(model), changes))

    def with_undo(self, words, changes):  # the toy has no table for it
        self.undoable += changes
        return words

    def changes_to(self, model):
        return ()

    def on_model_change(self, form, model, is_created):
        if model.title == "explode":
            raise RuntimeError("SELECT secrets")

    @action("retry", _l("Retry"))
    @needs("retry")
    def action_retry(self, ids):
        rows = self.rows_for(ids, "retry")
        for row in rows:
            row.status = Status.PENDING
        self.tell_count(len(rows), len(ids))

    @expose("/retry", methods=("POST",))
    @needs("retry")
    def retry(self):
        self.get_one(request.form.get("id")).status = Status.PENDING
        return redirect(request.form.get("url"))

    @expose("/status")
    @needs("view")
    def status(self):
        ids = [self._key(part) for part in request.args["ids"].split(",")]
        rows = self.get_query().filter(Photo.id.in_(ids))
        return self.news(rows, lambda row: {"id": row.id, "status": row.status})


class JobView(QsListView):
    kind, icon = "job", "briefcase"
    column_list = ("words",)
    name_column = "words"

    def menu_badge(self):
        return 3


def make_app(database, **config):
    app = Flask("toy", root_path=str(TOP))
    app.config.update(
        SECRET_KEY="toy", SQLALCHEMY_DATABASE_URI=database, WTF_CSRF_TIME_LIMIT=None, **config
    )
    Babel(
        app,
        locale_selector=lambda: (
            request.cookies.get("lang") or request.accept_languages.best_match(["en", "zh"])
        ),
    )
    CSRFProtect(app)
    db.init_app(app)
    look.init_app(app)
    _register_people(app)
    app.jinja_env.globals |= {"csp_nonce": _nonce, "page_here": page_here}
    app.after_request(_finish)
    admin = open_admin(app, QsIndexView(url="/admin"), _nonce)
    app.photos = PhotoView(Photo, db, name=_l("Pictures"), endpoint="photo")
    admin.add_views(app.photos, JobView(Remark, db, name=_l("Jobs"), endpoint="job"))
    return app


def _register_people(app):
    LoginManager(app).request_loader(
        lambda req: User(req.cookies["who"]) if req.cookies.get("who") else None
    )
    for name, pages in (("security", ("login", "logout", "change_password")), ("site", ("home",))):
        part = Blueprint(name, __name__)
        for page in pages:
            part.add_url_rule(f"/{page}", page, lambda: "", methods=["GET", "POST"])
        if name == "site":
            part.add_url_rule("/lang", "set_language", _set_language, methods=["POST"])
        app.register_blueprint(part)


def _set_language():
    answer = redirect(request.form["next"])
    answer.set_cookie("lang", request.form["locale"])
    return answer


def _nonce():
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return g.nonce


def _finish(answer):
    if answer.status_code < 400:
        db.session.commit()
    else:
        db.session.rollback()
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'self'; script-src 'self' 'nonce-{_nonce()}'; img-src 'self' data:;"
        f" style-src 'self' 'nonce-{_nonce()}'; object-src 'none'; base-uri 'none'"
    )
    return answer


def fill(count=3):
    """Add `count` photos of two owners, the first ones in each state."""
    people = [Person(email="anna@example.org"), Person(email="li.wei@example.org")]
    db.session.add_all(people)
    names = ("Harbour at dawn", "运河边的老茶馆", "Minutes of the annual meeting, page 3 (scan)")
    states = (Status.FAILED, Status.PROCESSING, Status.PENDING)
    for number in range(count):
        db.session.add(
            Photo(
                title=f"{names[number % 3]} {number + 1}",
                status=states[count - number - 1] if count - number <= 3 else Status.READY,
                size=3**number % 9_000_000,
                owner=people[number % 2],
                created_at=datetime.now(UTC) - timedelta(hours=(count - number) * 5),
            )
        )
    db.session.commit()


if __name__ == "__main__":
    toy = make_app("sqlite:////tmp/toy.db")
    with toy.app_context():
        db.drop_all()
        db.create_all()
        fill(61)
    toy.run(port=8765)
