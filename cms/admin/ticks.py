"""A form field of several choices, each a box to tick."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, html_params


def ticks(field: Any, **attributes: Any) -> Markup:
    """Draw a field of several choices as boxes to tick. None of them alone is required."""
    boxes = (
        Markup("<label>{} {}</label>").format(
            box(class_="form-check-input", required=False), box.label.text
        )
        for box in field
    )
    attributes = {"id": field.id, "role": "group", "aria-label": field.label.text} | attributes
    attributes["class"] = "ticks"
    return Markup("<div {}>{}</div>").format(
        Markup(html_params(**attributes)),  # noqa: S704 - it escapes
        Markup().join(boxes),
    )


class TicksField(SelectMultipleField):
    """Several choices, each a box."""

    option_widget = CheckboxInput()
    widget = staticmethod(ticks)
