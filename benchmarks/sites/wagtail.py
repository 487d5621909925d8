"""Wagtail as `wagtail start` makes it, with a model and templates for the same articles.

What its documentation advises is there: production settings, `srcset_image` in WebP, and
Django's `ConditionalGetMiddleware`, without which it knows no 304.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PAGES = {"home": "/", "article": "/article-1/"}

_MODELS = """
from django.db import models
from wagtail.fields import RichTextField
from wagtail.models import Page


class HomePage(Page):
    def get_context(self, request):
        articles = ArticlePage.objects.live().child_of(self).select_related("cover")
        articles = articles.prefetch_related("cover__renditions").order_by("title")
        return {**super().get_context(request), "articles": articles}


class ArticlePage(Page):
    summary = models.TextField()
    body = RichTextField()
    cover = models.ForeignKey("wagtailimages.Image", on_delete=models.PROTECT, related_name="+")
"""
_HOME = """{% extends "base.html" %}{% load wagtailcore_tags wagtailimages_tags %}
{% block content %}<h1>{{ page.title }}</h1>{% for article in articles %}<article>
{% srcset_image article.cover width-{320,640,960,1280} format-webp \
sizes="(min-width: 60rem) 38rem, 100vw" loading="lazy" %}
<h2><a href="{% pageurl article %}">{{ article.title }}</a></h2>
<p>{{ article.first_published_at|date }}</p><p>{{ article.summary }}</p></article>{% endfor %}
{% endblock %}"""
_ARTICLE = """{% extends "base.html" %}{% load wagtailcore_tags wagtailimages_tags %}
{% block content %}<article><h1>{{ page.title }}</h1><p>{{ page.summary }}</p>
<p>{{ page.first_published_at|date }}</p>
{% srcset_image page.cover width-{320,640,960,1280,1920} format-webp \
sizes="(min-width: 64rem) 60rem, 100vw" %}
{{ page.body|richtext }}</article>{% endblock %}"""
_SETTINGS = """
from .base import *
DEBUG = False
SECRET_KEY = "x" * 50
ALLOWED_HOSTS = ["127.0.0.1"]
MIDDLEWARE = ["django.middleware.http.ConditionalGetMiddleware", *MIDDLEWARE]
"""
# Files by Django itself: only their bytes are counted.
_URLS = """
from django.urls import re_path
from django.views.static import serve
urlpatterns = [
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
    re_path(r"^static/(?P<path>.*)$", serve, {"document_root": settings.STATIC_ROOT}),
] + urlpatterns
"""
_FILL = """
from pathlib import Path
from django.core.files.images import ImageFile
from wagtail.images.models import Image
from wagtail.models import Page, Site
from home.models import ArticlePage, HomePage
from benchmarks.sites import text

images = []
for seed in range(3):
    path = Path("drawn", f"{seed}.jpg")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.drawing(seed))
    with path.open("rb") as file:
        images.append(Image.objects.create(title="A landscape", file=ImageFile(file, path.name)))
home = HomePage.objects.get()
shown = [f'<embed embedtype="image" id="{image.id}" format="fullwidth" alt="A landscape"/>'
         for image in images[1:]]
for number in range(1, text.ARTICLES + 1):
    home.add_child(instance=ArticlePage(
        title=text.title(number), slug=f"article-{number}", summary=text.SUMMARY,
        body=text.body(shown), cover=images[number % 3]))
"""


def prepare(folder: Path) -> tuple[list[str], Path, dict[str, str]]:
    """Make and fill the project; return the application, its folder and its environment."""
    top = str(Path(__file__).parent.parent.parent)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "mysite.settings.bench"}
    environment["PYTHONPATH"] = top

    def run(*command: str, typed: str = "") -> None:
        done = subprocess.run(
            command, cwd=folder, env=environment, input=typed, text=True, capture_output=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    wagtail = Path(sys.executable).parent / "wagtail"
    folder.mkdir()
    run(str(wagtail), "start", "mysite", ".")
    (folder / "home/models.py").write_text(_MODELS)
    templates = folder / "home/templates/home"
    (templates / "home_page.html").write_text(_HOME)
    (templates / "article_page.html").write_text(_ARTICLE)
    (folder / "mysite/settings/bench.py").write_text(_SETTINGS)
    with (folder / "mysite/urls.py").open("a") as file:
        file.write(_URLS)
    for command in ("makemigrations", "migrate", "collectstatic"):
        run(sys.executable, "manage.py", command, *(["--noinput"] if command != "migrate" else []))
    run(sys.executable, "manage.py", "shell", "--no-imports", typed=_FILL)
    return ["mysite.wsgi:application"], folder, environment
