"""The composition root: what web servers and workers load."""

import gc

from cms import logs
from cms.app import create_app
from cms.config import load, told_in_one_line

with told_in_one_line():
    logs.set_up(load().log_format)  # first, so that whatever is said at the start has the form
    app = create_app()

# What is loaded by now stays. To look through all of it for what could go would stop every
# thread for a tenth of a second, again and again.
gc.collect()
gc.freeze()
