"""Finding text by an index gives the answers that comparing every row gives. On each database."""

import re

import flask_migrate
import pytest
import sqlalchemy as sa
from sqlalchemy import or_

from cms import fulltext
from cms.admin import counting
from cms.database import with_driver
from cms.extensions import db
from cms.media.models import Image, ImageStatus
from tests.factories import make_user
from tests.processes import PASSWORD

TEXTS = [
    ("Harbour at dawn", "Boats in the harbour", "IMG_0001.jpg"),
    ("HARBOUR at dusk", "", "img-0002.JPG"),
    ("运河边的老茶馆", "茶馆里有人喝茶", "照片 3.jpg"),
    ("茶", "", "4.png"),
    ("100% cotton", "50 %", "a_b.jpg"),
    ('He said "no"', "it's", "quote's.jpg"),
    ("A*b (c) -d +e :f ^g", "AND OR NOT NEAR", "x.jpg"),
    ("Straße Ärger École", "ΟΔΟΣ οδός", "İstanbul ı.jpg"),
    ("back\\slash /slash/", "{col} title: a", "~.jpg"),
    ("a", "b", "c"),
    ("🙂🙂🙂 smile", "👍", "emoji.jpg"),
    ("tail", "head", "tailhead"),
    ("new\nline\ttab", "", "nl.jpg"),
]
WORDS = [
    "harbour", "HARB", "arbo", "rb", "h", "dawn boats", "dawn dusk", "zzzz", "运河", "茶", "茶馆",
    "老茶馆", "河边的老", "馆里有", "没有", "%", "_", "100%", "0%", "a_b", "A*b", "*", '"', '"no"',
    "'", "it's", "(c)", "-d", "AND", "NOT NEAR", "title:", "{col}", "\\", "back\\slash", "/slash/",
    "straße", "STRASSE", "ärger", "Ärger", "école", "οδος", "ΟΔΟΣ", "οδός", "İst", "istanbul", "ı",
    "🙂🙂🙂", "🙂", "👍", "ailhea", "headtail", "jpg", ".jpg", "img_0001.jpg", "^g", "+e",
    "tailhead", "~.j", "line\ttab", "a", "ab", "   ", "harbour harbour",
]  # fmt: skip


def add(texts=TEXTS, **more):
    for number, (title, alt_text, filename) in enumerate(texts):
        columns = {"status": ImageStatus.READY, "key": f"{title[:60]} {number}", **more}
        db.session.add(
            Image(title=title, alt_text=alt_text, filename=filename, mime="image/png", size=1,
                  sha256="", width=1, height=1, **columns)
        )  # fmt: skip
    db.session.commit()


@pytest.fixture
def search(each_ctx):
    """Search the list of pictures; the ids that it shows."""
    user = make_user("editor")
    db.session.commit()
    client = each_ctx.test_client()
    client.post("/login", data={"email": user.email, "password": PASSWORD})

    def go(words, **more):
        asked = {"search": words, "page_size": 100, **more}
        answer = client.get("/admin/image/", query_string=asked)
        assert answer.status_code == 200
        return [int(key) for key in re.findall(r'<tr[^>]* data-id="(\d+)"', answer.text)]

    return go


def compared(words):
    """The ids of the pictures that hold all words, by looking at each."""
    query = db.session.query(Image.id).order_by(Image.id.desc())
    for word in words.split():
        columns = (Image.title, Image.alt_text, Image.filename)
        query = query.filter(or_(*(it.icontains(word, autoescape=True) for it in columns)))
    return [row.id for row in query]


def test_every_word_finds_what_comparing_finds(search):
    add()
    for words in WORDS:
        assert search(words) == compared(words), words


def test_many_hits_are_found_in_the_order_of_the_list(search, monkeypatch):
    monkeypatch.setattr(counting, "FEW", 3)
    monkeypatch.setattr(counting, "LOOKED_AT", 2)
    add()
    for words in WORDS:
        assert search(words) == compared(words), words


def test_the_index_follows_every_change(search):
    add()
    image = db.session.query(Image).filter_by(title="tail").one()
    image.title = "Lighthouse"
    db.session.commit()
    assert (search("lighthouse"), search("tailhead")) == ([image.id], [image.id])

    db.session.execute(sa.update(Image).values(filename="renamed.gif"))
    db.session.commit()
    assert search("tailhead") == []
    assert len(search("renamed")) == len(TEXTS)

    db.session.execute(sa.delete(Image).where(Image.title != "a"))
    db.session.commit()
    assert len(search("renamed")) == 1
    assert search("lighthouse") == []

    add([("Lighthouse", "", "")])
    db.session.rollback()
    assert len(search("lighthouse")) == 1


def test_what_is_rolled_back_is_not_found(search):
    add()
    db.session.execute(sa.update(Image).values(title="Lighthouse"))
    db.session.rollback()
    assert search("lighthouse") == []


def test_an_index_that_was_lost_is_made_anew(search):
    add()
    fulltext.remove(db.session.connection())
    db.session.execute(sa.update(Image).where(Image.title == "tail").values(title="Lighthouse"))
    db.session.commit()
    fulltext._known.clear()
    assert len(search("lighthouse")) == 1  # by comparing

    flask_migrate.upgrade()
    assert len(search("lighthouse")) == 1
    assert len(search("tailhead")) == 1


def test_a_table_that_was_copied_gets_its_triggers_back(ctx):
    add()
    for trigger in fulltext._triggers("image"):
        db.session.execute(sa.text(f"DROP TRIGGER {trigger}"))
    db.session.execute(sa.update(Image).where(Image.title == "tail").values(title="Lighthouse"))
    db.session.commit()
    flask_migrate.upgrade()

    assert len(fulltext.keys(db.session, "image", ["lighthouse"], 9)) == 1
    add([("Lighthouse", "", "")])
    assert len(fulltext.keys(db.session, "image", ["lighthouse"], 9)) == 2


def test_the_index_is_used_where_there_is_one(each_ctx):
    add()
    found = fulltext.keys(db.session, "image", ["harbour"], 9)
    if db.engine.dialect.name == "mariadb":
        assert found is None
    else:
        assert sorted(found) == sorted(compared("harbour"))
    assert fulltext.keys(db.session, "image", ["ha"], 9) is None
    assert fulltext.keys(db.session, "job", ["harbour"], 9) is None


@pytest.mark.parametrize("each_app", ["postgresql"], indirect=True)
def test_postgresql_plans_a_search_for_its_words_and_nothing_after_it(each_ctx):
    asked = sa.text("SHOW plan_cache_mode")
    for words in (["lighthouse"], ["qz"]):
        assert db.session.scalar(asked) == "auto"
        fulltext.keys(db.session, "image", words, 10)
        assert db.session.scalar(asked) == "force_custom_plan"
        db.session.commit()


def test_a_refusal_to_install_is_told_in_words(postgresql_url, caplog):
    engine = sa.create_engine(with_driver(postgresql_url))
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE ROLE plain"))
        connection.execute(sa.text("CREATE SCHEMA apart AUTHORIZATION plain"))
        connection.execute(sa.text("SET LOCAL ROLE plain"))
        connection.execute(sa.text("SET LOCAL search_path TO apart"))
        columns = "id int, title text, alt_text text, filename text, subject text, recipient text"
        for table in fulltext.TEXTS:
            connection.execute(sa.text(f"CREATE TABLE {table} ({columns})"))
        connection.execute(sa.text("RESET ROLE"))
        connection.execute(sa.text("DROP EXTENSION IF EXISTS pg_trgm CASCADE"))
        connection.execute(sa.text("SET LOCAL ROLE plain"))
        fulltext.install(connection)
        assert not fulltext._ask(connection, "image")
        connection.rollback()
    engine.dispose()
    assert "searching text will be slow" in caplog.text
    assert "CREATE EXTENSION pg_trgm" in caplog.text
