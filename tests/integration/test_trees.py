"""The order of a tree, as each database works it out."""

import pytest
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from cms.admin.trees import Tree
from cms.extensions import db


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "toy_shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    parent_id: Mapped[int | None]
    position: Mapped[int]


SHELVES = [
    (1, "Home", None, 2), (2, "Kitchen", 1, 2), (3, "Pots", 2, 1), (4, "Garden", None, 1),
    (5, "Beds", 1, 1), (6, "Lost", 99, 1), (7, "Its own parent", 7, 1),
]  # fmt: skip


@pytest.fixture
def session(each_ctx):
    Base.metadata.create_all(db.engine)
    with Session(db.engine) as session:
        for number, title, parent, position in SHELVES:
            session.add(Shelf(id=number, title=title, parent_id=parent, position=position))
        session.flush()
        yield session
    Base.metadata.drop_all(db.engine)


def test_parents_come_first_and_children_in_their_order(session):
    tree = Tree(Shelf.parent_id, Shelf.position)
    rows = tree.arrange(session.query(Shelf), Shelf.id).order_by(Shelf.id).all()
    tree.measure(session, Shelf.id, rows)

    assert [(row.title, row.tree_level) for row in rows] == [
        ("Garden", 0), ("Home", 0), ("Beds", 1), ("Kitchen", 1), ("Pots", 2), ("Lost", 0),
        ("Its own parent", 0),
    ]  # fmt: skip


def test_a_page_of_a_tree_goes_on_where_the_one_before_ended(session):
    tree = Tree(Shelf.parent_id, Shelf.position)
    ordered = tree.arrange(session.query(Shelf), Shelf.id)
    found = [ordered.offset(start).limit(2).all() for start in (0, 2, 4)]
    titles = [row.title for page in found for row in page]

    assert titles[:5] == ["Garden", "Home", "Beds", "Kitchen", "Pots"]
