from contextlib import contextmanager

import pytest

from cms.admin import counting
from tests import queries
from tests.clients import PageClient
from tests.unit.admin import shop, toy


@pytest.fixture(scope="session")
def toy_site(tmp_path_factory):
    app = toy.make_app(f"sqlite:///{tmp_path_factory.mktemp('toy') / 'toy.db'}", TESTING=True)
    app.test_client_class = PageClient
    with app.app_context():
        toy.db.create_all()
    yield app
    with app.app_context():
        toy.db.engine.dispose()


@pytest.fixture
def toy_app(toy_site):
    """The toy application with three photos: a ready one of each owner, and a failed one."""
    toy_site.photos.noted.clear()
    counting._kept.clear()
    with toy_site.app_context():
        for table in reversed(toy.Base.metadata.sorted_tables):
            toy.db.session.execute(table.delete())
        toy.db.session.add_all(
            [
                toy.Person(id=1, email="anna@example.org"),
                toy.Person(id=2, email="li@example.org"),
                toy.Photo(id=1, title="Harbour", owner_id=1, size=10),
                toy.Photo(id=2, title="Teahouse 100%", owner_id=2, size=20),
                toy.Photo(id=3, title="Broken", owner_id=1, status=toy.Status.FAILED),
                toy.Photo(id=4, title="secret", owner_id=1),
            ]
        )
        toy.db.session.commit()
    return toy_site


@pytest.fixture
def client_of(toy_app):
    """Make a client of somebody of a role: `client_of("editor")`."""

    def make(who=None):
        client = toy_app.test_client()
        if who:
            client.set_cookie("who", who)
        return client

    return make


@pytest.fixture
def editor(client_of):
    return client_of("editor")


@pytest.fixture
def photo(toy_app):
    """Read a photo's columns as they are saved: `photo(1)`; None if it is gone."""
    return _reader(toy_app, toy.Photo)


@pytest.fixture
def statements(toy_app, statements_of):
    """Collect the SQL of what is done inside: `with statements() as sql: …`."""
    return lambda: statements_of(toy_app)


@pytest.fixture(scope="session")
def shop_site(tmp_path_factory):
    app = shop.make_app(f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}", TESTING=True)
    app.test_client_class = PageClient
    with app.app_context():
        toy.db.create_all()
    yield app
    with app.app_context():
        toy.db.engine.dispose()


@pytest.fixture
def shop_app(shop_site):
    """The shop with three articles on the first shelf: a draft, a published, a locked one."""
    shop_site.articles.noted.clear()
    with shop_site.app_context():
        for table in reversed(toy.Base.metadata.sorted_tables):
            toy.db.session.execute(table.delete())
        shop.fill(3, [("Home", None), ("Kitchen", 1), ("secret", None)])
    return shop_site


@pytest.fixture
def shop_client(shop_app):
    """Make a client of the shop: `shop_client("viewer")`, an editor by default."""

    def make(who="editor"):
        client = shop_app.test_client()
        client.set_cookie("who", who)
        return client

    return make


@pytest.fixture
def article(shop_app):
    """Read an article's columns: `article(1)`; None if it is gone."""
    return _reader(shop_app, shop.Article)


def _reader(app, model):
    def read(number):
        with app.app_context():
            found = toy.db.session.get(model, number)
            return found and {c.key: getattr(found, c.key) for c in model.__table__.columns}

    return read


@pytest.fixture
def statements_of():
    """Collect the SQL of an application: `with statements_of(app) as sql: …`."""

    @contextmanager
    def collect(app):
        with app.app_context():
            engine = toy.db.engine
        with queries.statements(engine) as seen:
            yield seen

    return collect


@pytest.fixture
def toy_page(toy_app):
    """Stand inside a request to the toy application."""
    with toy_app.test_request_context():
        yield
