"""The composition root: what web servers and workers load."""

from cms.app import create_app
from cms.config import told_in_one_line

with told_in_one_line():
    app = create_app()
