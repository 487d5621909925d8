"""The administrators' and editors' face, on Flask-Admin."""

from flask import Flask

from cms.accounts.tokens import ApiToken
from cms.admin.alt_texts import AltTextView
from cms.admin.base import open_admin
from cms.admin.dashboard import Dashboard
from cms.admin.exports import ExportView
from cms.admin.image_trash import ImageTrash
from cms.admin.images import ImageView
from cms.admin.imports import ImportView
from cms.admin.jobs import JobView
from cms.admin.library import LibraryView
from cms.admin.mail import MailView
from cms.admin.notifications import NotificationView
from cms.admin.presets import PresetView
from cms.admin.queue import QueueView, pauses_in_words
from cms.admin.schedules import ScheduleView
from cms.admin.selections import SelectionView
from cms.admin.tokens import TokenView
from cms.admin.undo import UndoView
from cms.admin.views import SavedViewScreen
from cms.admin.webhooks import DeliveryView, EndpointView
from cms.admin.workers import WorkerView, trouble_in_words
from cms.exchange.models import Export, Import
from cms.jobs.models import Job, Schedule, Selection, Worker
from cms.look import lazy as _l
from cms.mail.models import MailMessage
from cms.media.models import Image, ImagePreset
from cms.notifications.models import AdminNotification
from cms.webhooks.models import WebhookDelivery, WebhookEndpoint


def init_app(app: Flask) -> None:
    """Add the admin with its screens."""
    app.jinja_env.globals["pulse_in_words"] = trouble_in_words
    app.jinja_env.globals["pauses_in_words"] = pauses_in_words
    admin = open_admin(app, Dashboard(), app.jinja_env.globals["csp_nonce"])
    admin.add_view(ImageView(Image, name=_l("Pictures"), endpoint="image"))
    admin.add_view(
        ImageTrash(Image, name=_l("Trash"), endpoint="image_trash", url="/admin/image/trash")
    )
    admin.add_view(LibraryView(name=_l("Library"), endpoint="library", url="/admin/library"))
    admin.add_view(
        AltTextView(name=_l("Alternative texts"), endpoint="alt_text", url="/admin/alt-text")
    )
    admin.add_view(PresetView(ImagePreset, name=_l("Presets"), endpoint="image_preset"))
    admin.add_view(ExportView(Export, name=_l("Exports"), endpoint="export"))
    admin.add_view(ImportView(Import, name=_l("Imports"), endpoint="import"))
    admin.add_view(JobView(Job, name=_l("Jobs"), endpoint="job"))
    admin.add_view(ScheduleView(Schedule, name=_l("Schedules"), endpoint="schedule"))
    admin.add_view(QueueView(name=_l("Queue"), endpoint="queue", url="/admin/queue"))
    admin.add_view(WorkerView(Worker, name=_l("Workers"), endpoint="worker"))
    admin.add_view(
        NotificationView(AdminNotification, name=_l("Notifications"), endpoint="notification")
    )
    admin.add_view(SelectionView(Selection, name=_l("Selections"), endpoint="selection"))
    admin.add_view(UndoView(name=_l("Undo"), endpoint="undo", url="/admin/undo"))
    admin.add_view(
        SavedViewScreen(name=_l("Saved views"), endpoint="saved_view", url="/admin/view")
    )
    admin.add_view(
        TokenView(ApiToken, name=_l("API tokens"), endpoint="api_token", url="/admin/token")
    )
    admin.add_view(MailView(MailMessage, name=_l("Mail"), endpoint="mail"))
    admin.add_view(EndpointView(WebhookEndpoint, name=_l("Webhooks"), endpoint="webhook"))
    admin.add_view(
        DeliveryView(WebhookDelivery, name=_l("Webhook calls"), endpoint="webhook_delivery")
    )
