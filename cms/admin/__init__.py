"""The administrators' and editors' face, on Flask-Admin."""

from flask import Flask

from cms.accounts.models import User
from cms.accounts.sessions import LoginSession
from cms.accounts.tokens import ApiToken
from cms.admin.alt_texts import AltTextView
from cms.admin.articles import ArticleTrash, ArticleView
from cms.admin.audit import AuditView
from cms.admin.base import open_admin
from cms.admin.categories import CategoryView
from cms.admin.dashboard import Dashboard
from cms.admin.document_trash import DocumentTrash
from cms.admin.documents import DocumentView
from cms.admin.exports import ExportView
from cms.admin.image_trash import ImageTrash
from cms.admin.images import ImageView
from cms.admin.imports import ImportView
from cms.admin.jobs import JobView
from cms.admin.library import LibraryView
from cms.admin.links import LinkView
from cms.admin.log_ins import LogInView
from cms.admin.mail import MailView
from cms.admin.menus import MenuView
from cms.admin.notifications import NotificationView
from cms.admin.pages import PageTrash, PageView
from cms.admin.presets import PresetView
from cms.admin.queue import QueueView, pulse_in_words
from cms.admin.redirects import RedirectView
from cms.admin.roles import RoleView
from cms.admin.schedules import ScheduleView
from cms.admin.selections import SelectionView
from cms.admin.site_imports import SiteImportView
from cms.admin.site_settings import SiteSettingsView
from cms.admin.tags import TagView
from cms.admin.tokens import TokenView
from cms.admin.undo import UndoView
from cms.admin.users import UserView
from cms.admin.views import SavedViewScreen
from cms.admin.webhooks import DeliveryView, EndpointView
from cms.admin.workers import WorkerView
from cms.audit.models import AuditEntry
from cms.content.links import Link
from cms.content.models import Article, Category, Page, Redirect, Tag
from cms.errors import N_
from cms.exchange.models import Export, Import
from cms.jobs.models import Job, Schedule, Selection, Worker
from cms.look import lazy as _l
from cms.mail.models import MailMessage
from cms.media.models import Document, Image, ImagePreset
from cms.moving.models import SiteImport
from cms.notifications.models import AdminNotification
from cms.webhooks.models import WebhookDelivery, WebhookEndpoint

# A group of the menu; Flask-Admin knows it by these words, and shows them in the reader's.
CONTENT = N_("Content")


def init_app(app: Flask) -> None:
    """Add the admin with its screens."""
    app.jinja_env.globals["pulse_in_words"] = pulse_in_words
    admin = open_admin(app, Dashboard(), app.jinja_env.globals["csp_nonce"])
    content = {"category": CONTENT}
    languages = app.config["CMS_SETTINGS"].content_languages
    admin.add_view(
        ArticleView(Article, languages, name=_l("Articles"), endpoint="article", **content)
    )
    admin.add_view(PageView(Page, languages, name=_l("Pages"), endpoint="page", **content))
    admin.add_view(
        ArticleTrash(
            Article, name=_l("Trash"), endpoint="article_trash", url="/admin/article/trash"
        )
    )
    admin.add_view(
        PageTrash(Page, name=_l("Trash"), endpoint="page_trash", url="/admin/page/trash")
    )
    admin.add_view(CategoryView(Category, name=_l("Categories"), endpoint="category", **content))
    admin.add_view(TagView(Tag, name=_l("Tags"), endpoint="tag", **content))
    admin.add_view(MenuView(name=_l("Menus"), endpoint="menu", url="/admin/menu", **content))
    admin.add_view(RedirectView(Redirect, name=_l("Redirects"), endpoint="redirect", **content))
    admin.add_view(DocumentView(Document, name=_l("Documents"), endpoint="document", **content))
    admin.add_view(
        DocumentTrash(
            Document, name=_l("Trash"), endpoint="document_trash", url="/admin/document/trash"
        )
    )
    admin.add_view(LinkView(Link, name=_l("Links"), endpoint="link", **content))
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
    admin.add_view(SiteImportView(SiteImport, name=_l("Whole sites"), endpoint="site_import"))
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
    admin.add_view(
        LogInView(LoginSession, name=_l("Log-ins"), endpoint="login_session", url="/admin/log-in")
    )
    admin.add_view(UserView(User, name=_l("People"), endpoint="user"))
    admin.add_view(RoleView(name=_l("Roles"), endpoint="role", url="/admin/role"))
    admin.add_view(AuditView(AuditEntry, name=_l("Audit trail"), endpoint="audit_entry"))
    admin.add_view(MailView(MailMessage, name=_l("Mail"), endpoint="mail"))
    admin.add_view(EndpointView(WebhookEndpoint, name=_l("Webhooks"), endpoint="webhook"))
    admin.add_view(
        DeliveryView(WebhookDelivery, name=_l("Webhook calls"), endpoint="webhook_delivery")
    )
    admin.add_view(
        SiteSettingsView(
            name=_l("Site settings"), endpoint="site_setting", url="/admin/site-settings"
        )
    )
