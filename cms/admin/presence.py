"""What a page that stays open asks: who else has this open, and am I still logged in."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from flask_wtf.csrf import generate_csrf

from cms.accounts import presence, sessions
from cms.admin.access import person
from cms.admin.base import QsIndexView, QsModelView, expose, needs
from cms.look import listed


class OpenPages(QsIndexView):
    """Answers pages with a form. Nothing is locked, and no connection is held."""

    @expose("/session")
    @needs("enter")
    def session(self) -> ResponseReturnValue:
        """Answer who is logged in here, with a token that forms may be sent with now, and
        whether the password was given lately."""
        answer = jsonify(user=person().id, token=generate_csrf(), fresh=sessions.is_fresh())
        answer.cache_control.no_store = True
        return answer

    @expose("/present", methods=("POST",))
    @needs("enter")
    def present(self) -> ResponseReturnValue:
        """Note that the person has a thing open, or with `gone=1` no more; answer who else has.

        `screen` is the endpoint of the thing's list, `id` its key.
        """
        screen = self._screen(request.form.get("screen", ""))
        row = screen.peek(request.form.get("id", ""))
        if row is None:
            abort(404)
        if not (screen.offers("details_view", row) or screen.offers("edit_view", row)):
            abort(403)
        key = str(screen.get_pk_value(row))
        if "gone" in request.form:
            presence.gone(person(), screen.kind, key)
            return "", 204
        presence.here(person(), screen.kind, key)
        return self.render("admin/presence.html", words=others_in_words(screen.kind, key))

    def _screen(self, endpoint: str) -> Any:
        views = (view for view in self.admin._views if view.endpoint == endpoint)  # noqa: SLF001 - there is no public list
        return next((view for view in views if isinstance(view, QsModelView)), None) or abort(404)


def others_in_words(kind: str, thing_id: str) -> str:
    """Say who else has a thing open; nothing if nobody has."""
    others = presence.others(person(), kind, thing_id)
    if not others:
        return ""
    return ngettext("%(who)s has this open, too.", "%(who)s have this open, too.",
                    len(others), who=listed(others))  # fmt: skip
