"""The people who have an account: invite them, say what they may do, switch them off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import and_
from wtforms import Form, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Length

from cms.accounts import sessions
from cms.accounts.models import LONGEST_NAME, User
from cms.accounts.sessions import LoginSession
from cms.admin import columns
from cms.admin.access import person, whole_number
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.listing import Listing
from cms.admin.lists import EDIT, VIEW, QsListView, RowButton, Tab, TopButton
from cms.admin.log_ins import device_in_words, is_here
from cms.admin.roles import MEANINGS, NAMES
from cms.admin.ticks import TicksField
from cms.editorial import accounts, factors
from cms.extensions import db
from cms.look import labelled
from cms.look import lazy as _l

STATES = {
    "active": State(_l("Active"), "ok", "circle-check"),
    "invited": State(_l("Invited"), "wait", "mail"),
    "off": State(_l("Switched off"), "off", "ban"),
}
_LONGEST_ADDRESS = 255


def name_and_address(_view: Any, _context: Any, user: User, _name: str) -> Markup:
    """Draw the mail address and, below it, what somebody is called."""
    address = columns.breakable(user.email)
    return (
        address + Markup('<div class="reason">{}</div>').format(user.name) if user.name else address
    )


def last_seen(_view: Any, _context: Any, user: User, _name: str) -> Any:
    """Draw when somebody was last here, or last came."""
    seen = _seen([user.id]).get(user.id) or user.last_login_at
    return columns.time_tag(seen) if seen else columns.EMPTY


def _seen(ids: Sequence[int]) -> dict[int, Any]:
    """Return when these were last seen, looked up once for each page."""
    known: dict[int, Any] = g.setdefault("last_seen", {})
    if unknown := [number for number in ids if number not in known]:
        known.update(dict.fromkeys(unknown) | sessions.last_seen(unknown))
    return known


def role_names(user: User) -> list[Any]:
    """Return the roles of somebody in words, the one that may least first."""
    names = {role.name for role in user.roles}
    return [words for name, words in NAMES.items() if name in names]


class UserView(QsListView):
    """The accounts. None is deleted, for what somebody did still names them."""

    kind, icon = "user", "users"
    sensitive = True
    can_view_details = True
    can_delete = False
    palette_rows = True
    details_template = "admin/user/details.html"
    create_template = "admin/user/invite.html"
    state_column = "state"
    name_column = "email"
    empty_words = _l("Nobody is here.")

    column_list = ("email", "roles", "state", "last_seen", "created_at")
    column_details_list = (
        "email", "name", "roles", "state", "has_second_factor", "last_seen", "created_at",
    )  # fmt: skip
    column_labels: ClassVar[dict[str, Any]] = {
        "email": _l("Email"),
        "name": _l("Full name"),
        "roles": _l("Roles"),
        "state": _l("Status"),
        "has_second_factor": _l("Second factor"),
        "last_seen": _l("Last seen"),
        "created_at": _l("Added"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "email": name_and_address,
        "roles": columns.tags(role_names),
        "state": columns.status(STATES),
        "last_seen": columns.as_cell("moment", last_seen),
        "created_at": columns.moment,
    }
    column_formatters_detail: ClassVar[dict[str, Any]] = {
        name: draw for name, draw in column_formatters.items() if name != "email"
    }
    column_sortable_list = ("email", "created_at")
    column_default_sort = "email"
    column_searchable_list = ("email", "name")
    tabs = (
        Tab("active", _l("Active"), and_(User.active, User.password.is_not(None))),
        Tab("invited", _l("Invited"), and_(User.active, User.password.is_(None)),
            empty=_l("Nobody is invited who has not come.")),
        Tab("off", _l("Switched off"), User.active.is_(False), empty=_l("Nobody is switched off.")),
        Tab("all", _l("All")),
    )  # fmt: skip
    top_buttons = (
        TopButton(_l("What each role may do"), "list-check", address=lambda: url_for("role.index")),
        TopButton(_l("Invite"), "plus", ".create_view", primary=True),
    )
    row_buttons = (
        VIEW,
        EDIT,
        RowButton(
            _l("Send a link"),
            "mail",
            ".send_link",
            post=True,
            shown=lambda user: user.active,
            confirm=_l("Send “%(name)s” a link to choose a password?"),
        ),
        RowButton(
            _l("Switch on"), "circle-check", ".switch_on", post=True,
            shown=lambda user: not user.active,
        ),
        RowButton(
            _l("Switch off"),
            "ban",
            ".switch_off",
            post=True,
            danger=True,
            shown=lambda user: user.active,
            confirm=_l("Switch off “%(name)s”? Every log-in, link and token ends at once."),
        ),
    )  # fmt: skip

    form_columns = ("email", "name", "roles")
    form_extra_fields: ClassVar[dict[str, Any]] = {
        "email": StringField(
            _l("Email"),
            [DataRequired(), Email(), Length(max=_LONGEST_ADDRESS)],
            description=_l("A link to choose a password is sent there. It is good for an hour."),
            render_kw={"type": "email"},
        ),
        "name": StringField(
            _l("Full name"), [Length(max=LONGEST_NAME)], description=_l("Shown beside the address.")
        ),
        "roles": TicksField(_l("Roles"), description=_l("Without any, somebody may do nothing.")),
    }

    def create_form(self, obj: Any = None) -> Form:
        """Make the form of an invitation."""
        return _with_roles(super().create_form(obj))

    def edit_form(self, obj: Any = None) -> Form:
        """Make the form of an account, whose address stays."""
        form = _with_roles(super().edit_form(obj))
        del form.email
        return form

    def make(self, form: Form) -> User:
        """Invite somebody."""
        return accounts.invite(form["email"].data, form["name"].data or "", form["roles"].data)

    def change(self, form: Form, model: User) -> None:
        """Give somebody another name and other roles."""
        accounts.change(person(), model, form["name"].data or "", form["roles"].data)

    def listing(self, args: Any) -> Listing:
        """Look up when all of a page were last seen at once."""
        found = super().listing(args)
        _seen([user.id for user in found.rows])
        return found

    # One account

    @staticmethod
    def log_ins_of(user: User) -> Sequence[LoginSession]:
        """Return where somebody is logged in, for their page."""
        return sessions.of(user)

    device_in_words = staticmethod(device_in_words)
    is_here = staticmethod(is_here)
    moment = staticmethod(columns.time_tag)

    @expose("/send-link", methods=("POST",))
    @needs("edit")
    def send_link(self) -> ResponseReturnValue:
        """Send somebody a link to choose a password."""
        return self.do_to_posted(accounts.send_link, _("The link is on its way."))

    @expose("/switch-on", methods=("POST",))
    @needs("edit")
    def switch_on(self) -> ResponseReturnValue:
        """Let somebody log in again."""
        return self.do_to_posted(accounts.switch_on, _("Switched on."))

    @expose("/switch-off", methods=("POST",))
    @needs("edit")
    def switch_off(self) -> ResponseReturnValue:
        """Let somebody in no more."""
        return self.do_to_posted(
            lambda user: accounts.switch_off(person(), user), _("Switched off.")
        )

    @expose("/log-out", methods=("POST",))
    @needs("edit")
    def log_out(self) -> ResponseReturnValue:
        """End every log-in and token of somebody; of oneself, all log-ins but this one."""
        return self.do_to_posted(
            lambda user: accounts.log_out_everywhere(user, but=sessions.here()),
            _("Logged out everywhere."),
        )

    @expose("/reset-second-factor", methods=("POST",))
    @needs("edit")
    def reset_second_factor(self) -> ResponseReturnValue:
        """Let somebody in by the password alone who has lost the second factor."""
        return self.do_to_posted(factors.reset_second_factor, _("The second factor is reset."))

    @expose("/end", methods=("POST",))
    @needs("edit")
    def end_log_in(self) -> ResponseReturnValue:
        """End one log-in of somebody."""
        log_in = db.session.get(LoginSession, whole_number(request.form.get("log_in")) or 0)
        if log_in is None:
            abort(404)
        self.require(log_in.user)
        accounts.end_log_in(log_in)
        return self.told(_("That log-in has ended."))


def _with_roles(form: Form) -> Form:
    form["roles"].choices = [
        SelectChoice(name, labelled(words, MEANINGS[name])) for name, words in NAMES.items()
    ]
    return form
