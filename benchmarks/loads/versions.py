"""The code of an earlier version beside this one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.processes import BIN, TOP, Site

MIGRATIONS = "cms/migrations/versions"


class OtherSite(Site):
    """A site of the code at `top`."""

    def __init__(self, top: Path, folder: Path, **settings: str) -> None:
        self.top = top
        super().__init__(folder, **settings)


def before_the_last_migration() -> str:
    """Return the newest commit that has all migrations of today but one or more."""
    now = _migrations("HEAD")
    for commit in _git("rev-list", "HEAD").split():
        then = _migrations(commit)
        if then and then < now:
            return commit
    raise SystemExit("There is no earlier version with fewer migrations.")


def _migrations(commit: str) -> set[str]:
    """Return the name and the content's number of each migration."""
    return set(_git("ls-tree", commit, f"{MIGRATIONS}/").splitlines())


def check_out(commit: str, folder: Path) -> None:
    """Put the code of a commit into a folder, fit to run."""
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "archive", commit], cwd=TOP, check=True, stdout=subprocess.PIPE
    )
    subprocess.run(["tar", "-x"], cwd=folder, check=True, input=archive.stdout)
    shutil.copytree(TOP / "static" / "vendor", folder / "static" / "vendor", dirs_exist_ok=True)
    for words in folder.glob("cms/translations/*/LC_MESSAGES/*.po"):
        compile_ = [BIN / "pybabel", "-q", "compile", "-i", words, "-o", words.with_suffix(".mo")]
        subprocess.run(compile_, check=True)
    (folder / ".venv").symlink_to(BIN.parent)


def run(site: Site, *command: str) -> str:
    """Run a command with the code and the settings of a site; return what it prints."""
    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=site.top,
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def _git(*command: str) -> str:
    # Git takes the repository's place from these where a hook has set them.
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        ["git", *command], cwd=TOP, check=True, capture_output=True, text=True, env=own
    ).stdout
