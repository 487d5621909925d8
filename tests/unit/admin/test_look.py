"""What every page may call."""

from cms import look


def test_icons_are_hidden_from_screen_readers(toy_page):
    drawing = str(look.icon("home", 'x" onload="alert(1)'))
    assert 'aria-hidden="true"' in drawing
    assert 'onload="' not in drawing


def test_a_missing_icon_breaks_nothing(toy_page):
    assert "<path" not in look.icon("no-such-drawing")
    assert "<path" not in look.icon("../../../secrets")
