"""The webhooks: who is told of what, and each call that told them."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlsplit

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import joinedload
from wtforms import Form, SelectMultipleField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from cms.accounts import sessions
from cms.admin import columns
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.lists import DELETE, EDIT, VIEW, QsListView, RowButton, Tab
from cms.admin.switching import switches
from cms.admin.worked_on import RETRY, StateWithReason, WorkedOnView, preformatted
from cms.editorial import webhooks
from cms.errors import CmsError
from cms.look import lazy as _l
from cms.webhooks import services
from cms.webhooks.models import (
    EVENTS,
    TEST_EVENT,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
)

STATES = {
    DeliveryState.WAITING: State(_l("Waiting"), "wait", "clock", moving=True),
    DeliveryState.DELIVERED: State(_l("Delivered"), "ok", "circle-check"),
    DeliveryState.FAILED: State(_l("Failed"), "bad", "alert-triangle"),
    DeliveryState.DROPPED: State(_l("Dropped"), "off", "x"),
}


def host_of(url: str) -> str:
    """Return the part of an address that is no secret: many carry a token behind it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"


def event_in_words(name: str) -> str:
    """Return what an event means; its bare name if this version knows it no more."""
    return _(EVENTS[name]) if name in EVENTS else _("A test") if name == TEST_EVENT else name


def name_and_host(_view: Any, _context: Any, endpoint: WebhookEndpoint, _name: str) -> Markup:
    """Draw the name and, below it, where it leads."""
    return Markup('{}<div class="reason">{}</div>').format(endpoint.name, host_of(endpoint.url))


def events(_view: Any, _context: Any, endpoint: WebhookEndpoint, _name: str) -> Markup:
    """Draw the events, so that lines break between them only."""
    whole = Markup('<span class="text-nowrap">{}</span>').format
    return Markup(", ").join(whole(event_in_words(name)) for name in endpoint.events)


def callable_url(_form: Form, field: StringField) -> None:
    """Refuse an address that cannot be called."""
    try:
        services.check_url(field.data or "")
    except CmsError as error:
        raise ValidationError(_(error.sentence, **error.facts)) from None


def secret(view: Any, _context: Any, endpoint: WebhookEndpoint, _name: str) -> Markup:
    """Draw the signing key, folded: nobody reads it over a shoulder. It signs calls for whoever
    has it, so it is for those alone who have given the password lately, as for a change."""
    if not sessions.is_fresh():
        here = view.get_url(".details_view", id=endpoint.id)
        return Markup('•••••••• <a href="{}">{}</a>').format(
            url_for("security.verify", next=here), _("Enter your password to show the secret")
        )
    return Markup("<details><summary>{}</summary><code>{}</code></details>").format(
        _("Show the secret"), endpoint.secret
    )


class EndpointView(QsListView):
    """The addresses that are told of events."""

    kind, icon = "webhook", "webhook"
    sensitive = True
    can_view_details = True
    state_column = "enabled"
    name_column = "name"
    action_icons: ClassVar[dict[str, str]] = {
        "delete": "trash",
        "enable": "circle-check",
        "disable": "ban",
    }
    switchable = "enabled"
    column_editable_list = ("name", "enabled")

    column_list = ("name", "events", "enabled", "created_at")
    column_details_list = ("name", "url", "events", "enabled", "created_at", "secret")
    column_labels: ClassVar[dict[str, Any]] = {
        "name": _l("Name"),
        "url": _l("Address"),
        "events": _l("Events"),
        "enabled": _l("Switched on"),
        "created_at": _l("Added"),
        "secret": _l("Secret"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "name": name_and_host,
        "url": lambda _v, _c, endpoint, _n: host_of(endpoint.url),
        "events": events,
        "created_at": columns.moment,
        "secret": secret,
    }
    column_formatters_detail: ClassVar[dict[str, Any]] = {
        name: draw for name, draw in column_formatters.items() if name != "name"
    }
    column_sortable_list = ("name", "created_at")
    column_default_sort = "name"
    column_searchable_list = ("name",)
    empty_words = _l("Add a webhook, and another system is called when something happens here.")
    row_buttons = (
        VIEW,
        EDIT,
        RowButton(_l("Send a test"), "player-play", ".try_out", post=True),
        *switches(),
        RowButton(
            _l("New secret"),
            "key",
            ".change_secret",
            post=True,
            danger=True,
            confirm=_l("Make a new secret for “%(name)s”? The receiver needs it at once."),
        ),
        DELETE,
    )

    form_columns = ("name", "url", "events", "enabled")
    form_overrides: ClassVar[dict[str, Any]] = {"events": SelectMultipleField}
    form_args: ClassVar[dict[str, Any]] = {
        "name": {"validators": [DataRequired(), Length(max=120)]},
        "url": {
            "validators": [DataRequired(), Length(max=1000), callable_url],
            "description": _l("Such as https://host/path. It is called with POST."),
        },
        "events": {
            "validators": [DataRequired()],
            "choices": [SelectChoice(name, _l(words)) for name, words in EVENTS.items()],
        },
    }

    @expose("/try", methods=("POST",))
    @needs("edit")
    def try_out(self) -> ResponseReturnValue:
        """Call the address with nothing to tell, and show how that goes."""
        delivery = webhooks.try_out(self.get_one(request.form.get("id", "")))
        flash(_("A test is on its way."), "success")
        return redirect(self.get_url("webhook_delivery.details_view", id=delivery.id))

    @expose("/secret", methods=("POST",))
    @needs("edit")
    def change_secret(self) -> ResponseReturnValue:
        """Make a new signing key, and show it."""
        endpoint = self.get_one(request.form.get("id", ""))
        webhooks.change_secret(endpoint)
        flash(_("The secret is a new one. Give it to the receiver."), "success")
        return redirect(self.get_url(".details_view", id=endpoint.id))

    def after_model_change(self, _form: Form, _model: WebhookEndpoint, is_created: bool) -> None:  # noqa: FBT001 - Flask-Admin's signature
        """Say where the secret is to be found."""
        if is_created:
            flash(_("The receiver needs its secret: press View."), "info")

    def record_change(self, action_name: str, model: Any, changes: dict[str, Any]) -> None:
        """Write the change to the audit trail; of the address, no more than the host."""
        if "url" in changes:
            changes = {**changes, "url": [url and host_of(url) for url in changes["url"]]}
        super().record_change(action_name, model, changes)


class DeliveryView(WorkedOnView):
    """The calls, to be read; each can be made again."""

    kind, icon = "webhook_delivery", "send"
    name_column = "event"

    column_list = (
        "event",
        "endpoint.name",
        "state",
        "response_code",
        "duration_ms",
        "created_at",
        "finished_at",
    )
    column_details_list = (*column_list, "uid", "payload", "response_excerpt")
    column_labels: ClassVar[dict[str, Any]] = {
        "event": _l("Event"),
        "endpoint.name": _l("Webhook"),
        "state": _l("Status"),
        "response_code": _l("Answer"),
        "duration_ms": _l("Took"),
        "created_at": _l("When"),
        "finished_at": _l("Ended"),
        "uid": _l("Number"),
        "payload": _l("Content"),
        "response_excerpt": _l("Beginning of the answer"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "event": lambda _v, _c, delivery, _n: event_in_words(delivery.event),
        "state": StateWithReason(STATES),
        "duration_ms": columns.as_cell("number", lambda _v, _c, row, _n: duration(row)),
        "created_at": columns.moment,
        "finished_at": columns.moment,
        "payload": lambda _v, _c, row, _n: preformatted(
            json.dumps(row.payload, ensure_ascii=False, indent=2)
        ),
        "response_excerpt": lambda _v, _c, row, _n: preformatted(row.response_excerpt),
    }
    column_sortable_list = ("created_at", "finished_at")
    column_searchable_list = ("event", "endpoint.name")
    column_filters = ("endpoint.name", "response_code", "created_at")
    loads = (joinedload(WebhookDelivery.endpoint),)
    tabs = (
        Tab("all", _l("All"), empty=_l("No webhook has been called yet.")),
        Tab("waiting", _l("Waiting"), WebhookDelivery.state == DeliveryState.WAITING),
        Tab("delivered", _l("Delivered"), WebhookDelivery.state == DeliveryState.DELIVERED),
        Tab(
            "failed",
            _l("Failed"),
            WebhookDelivery.state == DeliveryState.FAILED,
            empty=_l("No call has failed."),
        ),
        Tab("dropped", _l("Dropped"), WebhookDelivery.state == DeliveryState.DROPPED),
    )
    row_buttons = (
        VIEW,
        RETRY,
        RowButton(
            _l("Send again"),
            "refresh",
            ".send_again",
            post=True,
            shown=lambda row: row.state in (DeliveryState.DELIVERED, DeliveryState.DROPPED),
        ),
    )

    @expose("/again", methods=("POST",))
    @needs("retry")
    def send_again(self) -> ResponseReturnValue:
        """Make a call once more that was made already."""
        delivery = self.get_one(request.form.get("id", ""))
        if delivery.state in (DeliveryState.DELIVERED, DeliveryState.DROPPED):
            webhooks.send_again(delivery)
            flash(_("The job has been submitted again."), "success")
        return self.back()

    def name_of(self, row: WebhookDelivery) -> str:
        """Return the event and the number."""
        return f"{event_in_words(row.event)} {row.id}"


def duration(delivery: WebhookDelivery) -> Any:
    """Return how long the last attempt took."""
    if delivery.duration_ms is None:
        return columns.EMPTY
    return _("%(number)s ms", number=format_decimal(delivery.duration_ms))
