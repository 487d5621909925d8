"""A shop: two lists that declare every column type, search item and button there is.

`python -m tests.unit.admin.shop` serves it, to look at in a browser.
"""

from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from flask import Response, request
from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, ForeignKey, String, Table, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from cms.admin import columns
from cms.admin.base import action, expose, needs
from cms.admin.columns import Shot, State
from cms.admin.lists import (
    ADD,
    DELETE,
    EDIT,
    VIEW,
    QsListView,
    RowButton,
    Tab,
    TickRule,
    TopButton,
)
from cms.admin.search_items import Hidden, Relation, SelectText
from cms.database import UtcDateTime
from cms.errors import CmsError
from tests.unit.admin import toy

db = toy.db

marked = Table(
    "marked",
    toy.Base.metadata,
    Column("article_id", ForeignKey("article.id"), primary_key=True),
    Column("mark_id", ForeignKey("mark.id"), primary_key=True),
)


class Mark(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))

    def __str__(self):
        return self.name


class Shelf(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    parent_id: Mapped[int | None] = mapped_column()  # no foreign key: some are lost
    position: Mapped[int] = mapped_column(default=0)

    def __str__(self):
        return self.title


class Article(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    note: Mapped[str | None] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(20), default="draft")
    kind: Mapped[str | None] = mapped_column(String(20), default="new")
    active: Mapped[bool] = mapped_column(default=True)
    stock: Mapped[int | None] = mapped_column(default=0)
    cost: Mapped[int] = mapped_column(default=0)
    due: Mapped[date | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))
    series: Mapped[int | None] = mapped_column()
    shots: Mapped[int] = mapped_column(default=0)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
    shelf: Mapped[Shelf | None] = relationship()
    marks: Mapped[list[Mark]] = relationship(secondary=marked)

    def __str__(self):
        return self.title


STATES = {
    "draft": State(_l("Draft"), "off", "edit"),
    "out": State(_l("Published"), "ok", "circle-check"),
    "locked": State(_l("Locked"), "bad", "key"),
}


def shot(number, words):
    small, large = (f"/picture/{size}/{number}.svg" for size in (96, 900))
    return Shot(small, large, words)


def gallery(article):
    return [shot(n, f"{article.title}, {n + 1}") for n in range(article.shots)]


class ShelfView(QsListView):
    kind, icon = "image", "list-check"
    column_list = ("title", "position")
    column_formatters = {"title": columns.tree(Shelf.parent_id, Shelf.position)}
    column_searchable_list = ("title",)
    column_default_sort = "title"


class Locked(CmsError):
    sentence = "It is locked."


def count_one(article):
    """Find one in stock, and see too late that it is not to be counted."""
    article.stock = 1
    db.session.flush()
    if article.status == "locked":
        raise Locked


class ArticleView(QsListView):
    kind, icon = "image", "briefcase"
    can_view_details = can_export = True
    column_list = (
        "cover", "title", "gallery", "status", "kind", "active", "marks", "stock", "cost",
        "shelf.title", "due", "created_at", "check", "score", "note",
    )  # fmt: skip
    column_details_list = column_list
    column_export_list = ("title", "cost", "stock")
    column_formatters_export: ClassVar[dict] = {}
    column_labels = {
        "cover": _l("Picture"),
        "title": _l("Title"),
        "gallery": _l("Pictures"),
        "status": _l("Status"),
        "kind": _l("Kind"),
        "shelf.title": _l("Shelf"),
        "created_at": _l("Created"),
    }
    column_descriptions = {"stock": _l("How many are left."), "cost": "<b>What</b> we pay."}
    column_needs = {"cost": "edit"}
    column_formatters = {
        "cover": columns.picture(
            lambda it: f"/picture/96/{it.id}.svg" if it.shots else None,
            large=lambda it: f"/picture/900/{it.id}.svg",
        ),
        "gallery": columns.pictures(gallery),
        "status": columns.status(STATES),
        "kind": columns.select({"new": _l("New"), "used": _l("Used")}),
        "active": columns.switch(),
        "marks": columns.tags(lambda it: it.marks, lambda it: f"/admin/article/?search={it.id}"),
        "stock": columns.number,
        "shelf.title": columns.link(
            lambda it: it.shelf and f"/admin/shelf/?search={it.shelf.id}",
            lambda it: it.shelf.title if it.shelf else "",
        ),
        "due": columns.day,
        "created_at": columns.moment,
        "check": columns.button(
            RowButton(_l("Check"), "refresh", ".check", post=True, confirm="Check “%(name)s”?",
                      shown=lambda it: it.status == "draft")
        ),
        "score": columns.own(lambda it: it.stock and f"{it.stock} / {it.cost}"),
        "note": columns.clipped(20),
    }  # fmt: skip
    column_sortable_list = ("title", "stock", "cost", "created_at")
    column_default_sort = ("id", True)
    column_searchable_list = ("title", "cost")
    column_filters = (
        "title",
        "status",
        "kind",
        "active",
        "created_at",
        "cost",
        SelectText(_l("Find in"), {"note": "Note", "shelf.title": _l("Shelf"), "cost": "Cost"}),
        Relation(Article.shelf, _l("Shelf"), Shelf.title, lambda: Shelf.title != "secret"),
        Relation(Article.marks, "Marks", Mark.name),
        Hidden(Article.series, _l("Series")),
    )
    tabs = (
        Tab("all", _l("All")),
        Tab("draft", _l("Draft"), Article.status == "draft"),
        Tab("out", _l("Published"), Article.status == "out"),
    )
    top_buttons = (
        ADD,
        TopButton(_l("Locked"), "key", address=lambda: "/admin/article/?flt1_status_is=locked",
                  count=lambda: count("locked")),
        TopButton(_l("Unlock all"), "refresh", ".unlock", post=True, confirm=_l("Unlock all?"),
                  count=lambda: count("locked"), needs="edit"),
        TopButton("Nothing", "x", ".unlock", shown=lambda: False),
    )  # fmt: skip
    row_buttons = (
        VIEW,
        EDIT,
        RowButton("Shop", "external-link", address=lambda it: f"/shop/{it.id}", needs="edit"),
        DELETE,
    )
    tick_rule = TickRule(
        lambda it: "It is locked." if it.status == "locked" else None, Article.status != "locked"
    )
    form_columns = ("title", "note", "stock", "cost")
    loads = (selectinload(Article.marks),)

    @action("publish", _l("Publish"))
    @needs("edit")
    def action_publish(self, ids):
        rows = self.rows_for(ids, "edit")
        for row in rows:
            row.status = "out"
        self.tell_count(len(rows), len(ids))

    @expose("/check", methods=("POST",))
    @needs("edit")
    def check(self):
        return self.do_to_posted(count_one, "Checked.")

    @expose("/unlock", methods=("POST",))
    @needs("edit")
    def unlock(self):
        for row in db.session.scalars(select(Article).filter_by(status="locked")):
            row.status = "draft"
        return self.back()

    def record_change(self, action_name, model, changes):
        self.noted.append((action_name, str(model), changes))


def count(status):
    return db.session.query(Article).filter_by(status=status).count()


def picture(size, number):
    hue = number * 47 % 360
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size * 4 // 3}" height="{size}">'
        f'<rect width="100%" height="100%" fill="hsl({hue} 60% 60%)"/></svg>'
    )
    return Response(drawn, mimetype="image/svg+xml")


def make_app(database, **config):
    app = toy.make_app(database, **config)
    admin = app.extensions["admin"][0]
    app.articles = ArticleView(Article, db, name=_l("Articles"), endpoint="article")
    app.articles.noted = []
    admin.add_views(app.articles, ShelfView(Shelf, db, name=_l("Shelves"), endpoint="shelf"))
    app.add_url_rule("/picture/<int:size>/<int:number>.svg", "picture", picture)
    return app


def fill(articles=3, shelves=()):
    """Add shelves, as pairs of title and number of the parent, and articles on the first one."""
    for number, (title, parent) in enumerate(shelves, start=1):
        db.session.add(Shelf(id=number, title=title, parent_id=parent, position=-number))
    names = ("Lamp", "Desk with two drawers and a lock", "运河边的老茶馆")
    found = [Mark(name=name) for name in ("wood", "sale", "新品", "fragile", "heavy", "blue", "a")]
    for number in range(articles):
        db.session.add(
            Article(
                title=f"{names[number % 3]} {number + 1}",
                note="Comes in three colours, each of them fine." if number % 2 else None,
                status=[*STATES][number % 3],
                kind=("new", "used")[number % 2],
                active=number % 4 != 1,
                stock=1234 * number,
                cost=17 * number,
                due=date(2026, 12, 24),
                created_at=datetime.now(UTC) - timedelta(hours=number * 5),
                shots=number % 7,
                shelf_id=1 if shelves else None,
                marks=found[: number % 8],
            )
        )
    db.session.commit()


if __name__ == "__main__":
    shop = make_app("sqlite:////tmp/shop.db")

    @shop.before_request
    def _be_editor():
        request.environ["HTTP_COOKIE"] = f"who=editor; {request.environ.get('HTTP_COOKIE', '')}"

    with shop.app_context():
        db.drop_all()
        db.create_all()
        fill(61, [("Home", None), ("Kitchen", 1), ("Pots", 2), ("Garden", None), ("Beds", 1)])
    shop.run(port=8766)
