"""The style sheet is whole: one brace too few hides all rules after it."""

from tests.processes import TOP


def test_each_part_of_the_style_sheet_is_closed_before_the_next():
    open_braces = 0
    for line in (TOP / "static/css/cms.css").read_text(encoding="utf-8").splitlines():
        assert not (line.startswith("/*") and open_braces), line
        open_braces += line.count("{") - line.count("}")
    assert open_braces == 0
