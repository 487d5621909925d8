"""The theme of docs/theme.md, worn by an application."""

import re

import pytest

from cms.app import create_app
from cms.content import pages
from cms.editorial import content
from cms.errors import BadSetting
from cms.extensions import db, limiter
from cms.tasks import huey
from tests.factories import make_article, make_page, make_user
from tests.processes import TOP

BLOCK = re.compile(r"^```(?:toml|css|jinja)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = ("theme.toml", "static/harbour.css", "templates/site/article.html",
         "templates/site/pages/landing.html")  # fmt: skip


@pytest.fixture
def wearing(ctx, tmp_path, monkeypatch):
    """Make an application on the same database that wears the theme in a folder."""
    monkeypatch.setattr(pages, "TEMPLATES", dict(pages.TEMPLATES))
    made = []

    def go(folder):
        settings = ctx.config["CMS_SETTINGS"]
        app = create_app(
            {"CMS_ENV": "testing", "CMS_DATA_DIR": settings.data_dir, "CMS_THEME": folder}
        )
        made.append(app)
        return app

    yield go
    huey.init_app(ctx)
    limiter.init_app(ctx)
    for app in made:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


@pytest.fixture
def theme(tmp_path):
    """The folder that the page describes."""
    blocks = BLOCK.findall((TOP / "docs/theme.md").read_text(encoding="utf-8"))
    for name, text in zip(FILES, blocks, strict=True):
        file = tmp_path / "harbour" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path / "harbour"


def test_the_theme_of_the_page_wins_where_it_has_a_file(wearing, theme):
    app, editor = wearing(theme), make_user("editor")
    assert pages.TEMPLATES["landing"] == "Landing page"
    start = make_page(editor, title="Start", template="landing")
    for thing in (make_article(editor, title="Harbour"), start, make_page(editor, title="About")):
        content.take(thing, "publish", editor)
    db.session.commit()

    client = app.test_client()
    article = client.get("/en/articles/harbour").text
    assert '<p class="preview">QsCMS: Harbour</p>' in article
    assert '<div class="prose"><p>Some words.</p></div>' in article
    (sheet,) = re.findall(r'href="(/theme/[^"]+)"', article)
    with client.get(sheet) as answer:
        assert answer.mimetype == "text/css"
    assert "<h1>Start</h1><p>Some words.</p>" in client.get("/en/start").text
    assert '<article class="text ' in client.get("/en/about").text


def test_a_page_whose_template_is_gone_is_shown_as_a_plain_one(ctx, theme, wearing):
    wearing(theme)
    editor = make_user("editor")
    page = make_page(editor, title="Start", template="landing")
    content.take(page, "publish", editor)
    db.session.commit()
    assert '<article class="text ' in ctx.test_client().get("/en/start").text


def test_a_theme_that_cannot_be_read_is_named_at_the_start(wearing, theme, tmp_path):
    (theme / "theme.toml").write_text("[templates", encoding="utf-8")
    with pytest.raises(BadSetting, match=r"CMS_THEME: .*theme\.toml"):
        wearing(theme)
    with pytest.raises(BadSetting, match="CMS_THEME: there is no folder"):
        wearing(tmp_path / "none")
    with pytest.raises(BadSetting, match="CMS_EMBEDS: 'x' is none of"):
        create_app({"CMS_DATA_DIR": tmp_path, "CMS_EMBEDS": "youtube,x"})
