"""How long the list of a million pictures takes, here, in stock Flask-Admin and in Django's.

All three show the same rows of the same database, SQLite and then PostgreSQL. Each is a
process of its own, and each page is asked for through WSGI by somebody logged in: nothing
but the server's own work is measured. The database's own caches are as they are after the
first round, which does not count.

    python benchmarks/lists.py [--on sqlite postgresql] [--rows 1000000] [--rounds 7]
                               [--only ours stock with_django] [--folder DIR]

`--folder` keeps the SQLite database, so that another run need not fill it. Django is
installed by `make bench`.
"""

from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
sys.path[0] = str(TOP)  # queue.py here is not Python's own `queue`

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flask_migrate

from benchmarks.admins.filling import fill
from cms.app import create_app
from tests import services

KINDS = {"ours": "QsCMS", "stock": "Flask-Admin", "with_django": "Django"}
WORST, SLOWEST = 0.4, 60.0


@contextmanager
def filled(kind: str, folder: Path, rows: int) -> Iterator[str]:
    """Give the address of a database with so many pictures."""
    if kind == "sqlite":
        yield _fill(f"sqlite:///{folder}/lists.db", folder, rows)
        return
    with services.PostgreSQL() as server:
        yield _fill(server.url, folder, rows)


def _fill(database: str, folder: Path, rows: int) -> str:
    app = create_app(
        {"CMS_DATA_DIR": folder, "CMS_ENV": "testing", "CMS_DATABASE_URL": database}
        | ({} if database.startswith("sqlite") else {"CMS_QUEUE_URL": database})
    )
    start = time.perf_counter()
    with app.app_context():
        flask_migrate.upgrade()
        fill(rows)
    print(f"\n{database.partition(':')[0]}, {rows:,} pictures, filled in"
          f" {time.perf_counter() - start:.0f} s")  # fmt: skip
    return database


def measured(contestant: str, folder: Path, database: str, rounds: int) -> dict[str, Any] | None:
    """Return what a contestant's process says; None if it is not installed."""
    command = [sys.executable, "-m", f"benchmarks.admins.{contestant}"]
    done = subprocess.run(
        [*command, str(folder), database, str(rounds)],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    if "No module named 'django'" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print the medians by the clock, and how many times as long as stock Flask-Admin ours
    takes; and of the processor's time, which says more on a machine that does other things."""
    kinds = {"took": "ms by the clock", "worked": "ms of its own process's processor time"}
    for what, words in kinds.items():
        print(f"{words}\n{'':26}" + "".join(f"{KINDS[it]:>12}" for it in found) + "    of stock")
        for page in found[next(iter(found))][what]:
            medians = {
                name: statistics.median(one[what][page])
                for name, one in found.items()
                if page in one[what]
            }
            line = "".join(f"{medians[it]:12.1f}" if it in medians else f"{'':12}" for it in found)
            print(f"{page:26}{line}{_ratio(medians)}")
    print(f"{'memory, MiB':26}" + "".join(f"{one['memory']:12.0f}" for one in found.values()))


def _ratio(medians: dict[str, float]) -> str:
    ours = medians.get("ours", 0.0)
    slow = " over 60 ms" if ours > SLOWEST else ""
    if "ours" not in medians or "stock" not in medians:
        return f"{'':12}{slow}"
    ratio = ours / medians["stock"]
    return f"{ratio:12.2f}{' over 0.4' if ratio > WORST else ''}{slow}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--only", nargs="+", default=list(KINDS))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where to keep what was filled")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (asked.folder or Path(temporary)).absolute()
        for kind in asked.on:
            with filled(kind, folder, asked.rows) as database:
                found = {it: measured(it, folder, database, asked.rounds) for it in asked.only}
                show({name: one for name, one in found.items() if one})


if __name__ == "__main__":
    main()
