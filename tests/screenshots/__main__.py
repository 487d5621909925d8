"""`make screenshots`: the pictures of the documentation, taken of a site of its own."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from tests.processes import TOP, Site
from tests.screenshots import album, past
from tests.screenshots.camera import people, taken
from tests.screenshots.shots import SHOTS

FOLDER = TOP / "docs" / "images"


def main() -> int:
    """Take the pictures asked for, or all, and say which."""
    parser = argparse.ArgumentParser(prog="make screenshots")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    names = parser.parse_args().names or SHOTS
    if unknown := set(names) - set(SHOTS):
        parser.error(f"no such picture: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="qscms-screenshots-") as folder:
        site = Site(Path(folder), CMS_JOB_RETRY_DELAY="1", CMS_DISK_FREE_MB="1")
        try:
            _furnish(site)
            with people(site) as everybody:
                for name in (name for name in SHOTS if name in names):
                    data = taken(*SHOTS[name](everybody))
                    (FOLDER / f"{name}.png").write_bytes(data)
                    sys.stdout.write(f"docs/images/{name}.png  {len(data) / 1000:.0f} kB\n")
        finally:
            site.close()
    return 0


def _furnish(site: Site) -> None:
    logging.disable()  # what failed was to fail
    site.prepare("administrator", "editor")
    site.start_consumer()
    album.furnish(site)
    site.stop("consumer")
    del site.environment["CMS_JOB_RETRY_DELAY"]  # the past was as slow as others
    past.furnish(site)
    site.start_web()
    site.start_consumer()


if __name__ == "__main__":
    sys.exit(main())
