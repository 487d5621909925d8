"""The composition root: what web servers and workers load."""

from cms.app import create_app

app = create_app()
