"""The list of pictures as Django's admin shows it. `make bench` installs Django."""

from __future__ import annotations

from typing import Any

import django
from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.core.handlers.wsgi import WSGIHandler
from django.db import models
from django.urls import path
from sqlalchemy.engine import make_url
from werkzeug.test import Client

from benchmarks.admins import rounds

LIST = "/site/bench/image/"
PAGES = {
    "page 1": LIST,
    "last page": f"{LIST}?p=40000",
    "deep page": f"{LIST}?p=20001",
    "status tab": f"{LIST}?status__exact=ready",
    "small status tab": f"{LIST}?status__exact=failed",
    "rare search": f"{LIST}?q=lighthouse",
    "common search": f"{LIST}?q=harbour",
    "no-hit search": f"{LIST}?q=zzzzz",
    "100 rows": LIST.replace("site", "hundred"),
    "editable list": LIST.replace("site", "editable"),
}
STATES = ("pending", "processing", "ready", "failed")


class Bench(AppConfig):
    name, label = "benchmarks.admins", "bench"


class Insider:
    """Middleware that lets everybody in, so that Django needs no tables of its own."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __call__(self, request: Any) -> Any:
        from django.contrib.auth.models import User  # noqa: PLC0415 - not before Django is set up

        request.user = User(pk=1, username="insider", is_staff=True, is_superuser=True)
        return self.answer(request)


def set_up(database: str) -> None:
    url = make_url(database)
    engine = "sqlite3" if url.get_backend_name() == "sqlite" else "postgresql"
    place = {"NAME": url.database, "USER": url.username or "", "HOST": url.host or ""}
    settings.configure(
        SECRET_KEY="django",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DEBUG_PROPAGATE_EXCEPTIONS=True,
        DATABASES={
            "default": {
                "ENGINE": f"django.db.backends.{engine}",
                "CONN_MAX_AGE": None,
                "PORT": url.port or "",
                **place,
            }
        },
        INSTALLED_APPS=[
            f"{__name__}.Bench",
            *(f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes")),
            *(f"django.contrib.{name}" for name in ("sessions", "messages", "staticfiles")),
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        STATIC_URL="/static/",
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            f"{__name__}.Insider",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
    )
    django.setup()


def declare() -> list[Any]:
    """Declare the model and its screens; return their addresses."""

    class User(models.Model):
        email = models.CharField(max_length=255)

        class Meta:
            app_label, db_table, managed = "bench", "user", False

        def __str__(self) -> str:
            return self.email

    class Image(models.Model):
        title = models.CharField(max_length=255)
        alt_text = models.CharField(max_length=500)
        filename = models.CharField(max_length=255)
        status = models.CharField(max_length=20, choices=[(state, state) for state in STATES])
        size = models.BigIntegerField()
        width = models.IntegerField()
        height = models.IntegerField()
        owner = models.ForeignKey(User, models.SET_NULL, null=True)
        created_at = models.DateTimeField()

        class Meta:
            app_label, db_table, managed = "bench", "image", False

        def __str__(self) -> str:
            return self.title

    class ImageAdmin(admin.ModelAdmin):
        list_display = ("title", "status", "size", "width", "height", "owner", "created_at")
        list_display_links = ("size",)
        list_select_related = ("owner",)
        list_filter = ("status",)
        list_per_page = 25
        ordering = ("-id",)
        search_fields = ("title", "alt_text", "filename")

    kinds: dict[str, dict[str, Any]] = {
        "site": {},
        "hundred": {"list_per_page": 100},
        "editable": {"list_editable": ["title"]},
    }
    addresses = []
    for name, changes in kinds.items():
        site = admin.AdminSite(name=name)
        site.register(Image, type(name, (ImageAdmin,), changes))
        addresses.append(path(f"{name}/", site.urls))
    addresses.append(path("admin/", admin.site.urls))
    return addresses


urlpatterns: list[Any] = []


def main() -> None:
    _folder, database, number = rounds.asked()
    set_up(database)
    urlpatterns.extend(declare())
    client = Client(WSGIHandler())

    def get(address: str) -> tuple[int, str]:
        answer = client.get(address)
        return answer.status_code, answer.text

    rounds.tell(get, PAGES, number)


if __name__ == "__main__":
    # Django looks for it under its own name.
    from benchmarks.admins import with_django

    with_django.main()
