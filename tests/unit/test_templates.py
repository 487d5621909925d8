"""Templates are compiled once for each language, with its words in them."""

import jinja2
import pytest
from flask import Flask, render_template
from flask_babel import Babel, force_locale

from cms import look
from cms.config import TOP
from cms.templates import InLanguages

PAGES = {
    "page.html": """{% extends "frame.html" %}{% import "part.html" as part %}
        {%- block body %}{{ _("Save") }} {{ part.button("<b>") }}{% endblock %}""",
    "frame.html": "{{ icon('home', 'big') }}{% block body %}{% endblock %}",
    "part.html": """{% macro button(name) -%}
        {{ _("%(name)s: %(value)s", name=_("Edit"), value=name) }}{% endmacro %}""",
    "own.html": "{% set _ = words.upper %}{{ _() }}",
    "letter.txt": "{{ _('Save') }} & {{ name }}",
}


@pytest.fixture
def app():
    app = Flask("paper", static_folder=str(TOP / "static"))
    app.jinja_environment = InLanguages
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TOP / "cms" / "translations")
    Babel(app)
    look.init_app(app)
    app.jinja_env.loader = jinja2.DictLoader(PAGES)
    with app.test_request_context():
        yield app


def drawn(language, page="page.html", /, **facts):
    with force_locale(language):
        return render_template(page, **facts)


def test_each_language_has_its_own_words(app):
    for _again in range(2):
        assert "Save Edit: &lt;b&gt;" in drawn("en")
        assert "保存 编辑：&lt;b&gt;" in drawn("zh_Hans_CN")
    assert drawn("zh_Hans_CN", "letter.txt", name="<b>") == "保存 & <b>"
    assert '<svg class="icon big"' in drawn("en")


def test_what_is_the_same_on_every_page_is_not_asked_for_again(app):
    drawn("en")
    app.jinja_env.globals["icon"] = lambda *_given: "another"
    assert "another" not in drawn("en")
    assert "another" in drawn("zh_Hans_CN")


def test_a_name_that_a_template_gives_to_something_else_is_left_alone(app):
    assert drawn("en", "own.html", words="mine") == "MINE"
