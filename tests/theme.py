"""A WordPress export with all that makes exports hard, imported twice: `make theme-test`.

It prints the report of both, and fails if the second changed anything.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from cms.extensions import db
from cms.moving.models import SiteImport, SiteImportState
from tests import pictures
from tests.processes import Site, wait_for
from tests.sites import awkward, outline, zipped

NAMES = "export.xml", "uploads.zip"


def main() -> int:
    with TemporaryDirectory() as name:
        export, uploads = (Path(name, file) for file in NAMES)
        export.write_bytes(awkward())
        uploads.write_bytes(zipped({"uploads/2019/05/boat.jpg": pictures.jpeg(90, 60)}))
        with closing(Site(Path(name, "site"))) as site, site.inside():
            site.prepare("editor")
            site.start_consumer()
            once, twice = (_bring(site, export, uploads) for _time in range(2))
    _say("\nThe site is the same after both." if once == twice else "\nThe second changed it.")
    return int(once != twice)


def _bring(site: Site, export: Path, uploads: Path):
    command = ("--media", str(uploads), "--as", "editor@example.com", "--no-fetch")
    _say(f"\n$ flask cms import wordpress {export.name} --media {uploads.name} --no-fetch …")
    _say(site.flask("import", "wordpress", str(export), *command))
    wait_for(_has_ended, "what waits for its pictures")
    return outline()


def _has_ended() -> bool:
    db.session.rollback()
    return not db.session.query(SiteImport).filter_by(state=SiteImportState.RUNNING).count()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
