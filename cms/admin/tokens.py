"""One's own tokens for the API: make one, see what they are for, revoke them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from flask import g, make_response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Query
from wtforms import Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from cms import clock
from cms.accounts.tokens import LONGEST_NAME, SCOPES, ApiToken, offered_to
from cms.admin import columns
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.lists import QsListView, RowButton
from cms.admin.ticks import TicksField
from cms.editorial import tokens
from cms.look import lazy as _l

STATES = {
    "active": State(_l("Active"), "ok", "circle-check"),
    "expired": State(_l("Expired"), "off", "clock"),
    "revoked": State(_l("Revoked"), "off", "ban"),
}
ENDS = (
    SelectChoice("30", _l("In 30 days")),
    SelectChoice("90", _l("In 90 days")),
    SelectChoice("365", _l("In a year")),
    SelectChoice("0", _l("Never")),
)


def scopes(_view: Any, _context: Any, token: ApiToken, _name: str) -> Markup:
    """Draw what a token is good for, so that lines break between the scopes only."""
    whole = Markup('<span class="text-nowrap" title="{}">{}</span>').format
    known = (name for name in token.scopes if name in SCOPES)
    return Markup(", ").join(whole(name, _(SCOPES[name].words)) for name in known)


def name_and_hint(_view: Any, _context: Any, token: ApiToken, _name: str) -> Markup:
    """Draw the name and, below it, how the token ends."""
    return Markup('{}<div class="reason">…{}</div>').format(token.name, token.hint)


class TokenView(QsListView):
    """The tokens of the person who looks, and of nobody else."""

    kind, icon = "api_token", "key"
    sensitive = True
    can_edit = can_delete = False
    remembers = False
    state_column = "state"
    name_column = "name"
    empty_words = _l("A token lets a program of yours use the API, with no more than you may do.")

    column_list = ("name", "scopes", "state", "last_used_at", "expires_at", "created_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "name": _l("Name"),
        "scopes": _l("Good for"),
        "state": _l("Status"),
        "last_used_at": _l("Last used"),
        "expires_at": _l("Ends"),
        "created_at": _l("Added"),
        "ends": _l("Ends"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "name": name_and_hint,
        "scopes": scopes,
        "state": columns.status(STATES),
        "last_used_at": columns.moment,
        "expires_at": columns.moment,
        "created_at": columns.moment,
    }
    column_sortable_list = ("name", "created_at")
    column_default_sort = ("created_at", True)
    row_buttons = (
        RowButton(
            _l("Revoke"),
            "ban",
            ".revoke",
            post=True,
            danger=True,
            shown=lambda token: token.state == "active",
            confirm=_l("Revoke “%(name)s”? Programs that use it will be refused at once."),
        ),
    )

    form_columns = ("name", "scopes", "ends")
    form_extra_fields: ClassVar[dict[str, Any]] = {
        "name": StringField(
            _l("Name"),
            [DataRequired(), Length(max=LONGEST_NAME)],
            description=_l("Such as the program that will use it."),
        ),
        "scopes": TicksField(_l("Good for"), [DataRequired()]),
        "ends": SelectField(_l("Ends"), choices=ENDS, default="90"),
    }

    def is_visible(self) -> bool:
        """Tell that the menu does not offer it: that of the account does."""
        return False

    def get_query(self) -> Query[Any]:
        """Return the rows of the person."""
        return super().get_query().filter(ApiToken.user_id == person().id)

    def create_form(self, obj: Any = None) -> Form:
        """Offer what the person's role may give."""
        form = super().create_form(obj)
        form["scopes"].choices = [
            SelectChoice(name, _(scope.words)) for name, scope in offered_to(person()).items()
        ]
        return form

    def create_model(self, form: Form) -> Any:
        """Make a token, and keep its text for the page that follows."""
        days = int(form["ends"].data)
        ends = clock.now() + timedelta(days=days) if days else None
        given = form["name"].data, form["scopes"].data

        def make() -> None:
            g.made_token = tokens.make(person(), *given, ends)

        return g.made_token[0] if self._attempt(make) else False

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Show the form, or once, and to be kept by nobody, the text of the new token."""
        answer: ResponseReturnValue = super().create_view()
        if "made_token" not in g:
            return answer
        token, text = g.made_token
        page = make_response(self.render("admin/token/made.html", token=token, text=text))
        page.cache_control.no_store = True
        return page

    @expose("/revoke", methods=("POST",))
    @needs("delete")
    def revoke(self) -> ResponseReturnValue:
        """Make a token useless, for good."""
        return self.do_to_posted(tokens.revoke, _("Revoked."))
