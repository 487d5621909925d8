"""How `make docs` makes a site of the pages, which read as well where they lie.

What a page of PARTS lists, as `- [Words](page.md)`, is below it in the site's navigation, in
that order. A page that none of them lists, or two do, fails the build.
"""

import re
from typing import Any

from sphinx.application import Sphinx

PARTS = {"README", *(f"docs/{name}" for name in ("editors", "administrators"))}
PARTS |= {f"docs/{name}" for name in ("operators", "developers")}
LISTED = re.compile(r"^- \[.+?\]\(([\w./-]+)\.md\)", re.MULTILINE)

project = html_title = "QsCMS"
author = project_copyright = "The QsCMS authors"

# The whole checkout is the source, so that links mean here what they mean in a checkout.
root_doc = "README"
include_patterns = ["*.md", "docs/*.md"]
exclude_patterns = [".*", "[!dA-Z]*", "deploy"]

extensions = ["myst_parser"]
myst_heading_anchors = 4

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_use_index = False


def add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """Add in reading what would be shown as code where Markdown is all that is known."""
    if page in PARTS:
        below = "\n".join(LISTED.findall(source[0]))
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n\n{below}\n```\n"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", add_navigation)
    return {"parallel_read_safe": True}
