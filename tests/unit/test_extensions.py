"""The language of a page, found again quickly."""

import pytest
from flask import Flask
from flask_babel import Babel, force_locale, get_locale

from cms.extensions import locale


@pytest.fixture
def app():
    app = Flask(__name__)
    Babel(app, locale_selector=lambda: "zh_Hans_CN")
    return app


def test_it_is_the_one_that_flask_babel_finds(app):
    with app.test_request_context():
        assert str(locale()) == str(locale()) == str(get_locale()) == "zh_Hans_CN"


def test_one_that_is_forced_counts_for_as_long(app):
    with app.test_request_context():
        assert str(locale()) == "zh_Hans_CN"
        with force_locale("en"):
            assert str(locale()) == "en"
        assert str(locale()) == "zh_Hans_CN"


def test_each_page_has_its_own(app):
    for wanted in ("en", "de"):
        with app.test_request_context(), force_locale(wanted):
            assert str(locale()) == wanted


def test_where_there_is_no_page_there_is_none():
    assert locale() is None
