"""The composition root: what web servers and workers load."""

import gc

# What is loaded here stays. To look through it for what could go costs a quarter of the start,
# and afterwards stops every thread for a tenth of a second, again and again.
gc.disable()

from cms import logs  # noqa: E402
from cms.app import create_app  # noqa: E402
from cms.config import load, told_in_one_line  # noqa: E402

with told_in_one_line():
    logs.set_up(load().log_format)  # first, so that whatever is said at the start has the form
    app = create_app()

gc.freeze()
gc.enable()
