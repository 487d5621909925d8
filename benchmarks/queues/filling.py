"""A ledger with many jobs that ended long ago."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TOP = Path(__file__).parent.parent.parent

# Counting is all that the two write differently.
_COUNT = {
    "postgresql": "SELECT n FROM generate_series(1, :count) AS n",
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :count) "
    "SELECT n FROM s",
}
_INSERT = """
INSERT INTO job (id, task, args, kwargs, subject_kind, subject_id, state, attempts_made,
                 attempts_allowed, retry_delay, priority, created_at, due_at, started_at,
                 finished_at, holder)
SELECT {id}, 'process_image', '[1]', '{{}}', 'image', CAST(n AS VARCHAR(40)), 'succeeded', 1,
       4, 60, 0, {moment}, {moment}, {moment}, {moment}, 'host:1:Worker-1'
FROM ({count}) AS numbers
"""
_ID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}
_MOMENT = {
    "postgresql": "now() - n * interval '1 second'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || n || ' seconds')",
}


def fill(environment: Mapping[str, str], count: int) -> None:
    """Write `count` ended jobs into the ledger of the QsCMS with these settings."""
    subprocess.run(
        [sys.executable, "-m", "benchmarks.queues.filling", str(count)],
        env={**os.environ, **environment, "PYTHONPATH": str(TOP)},
        cwd=TOP,
        check=True,
    )


def insert_ended(count: int) -> None:
    """Write them, in the application's context, and let the database look at its tables."""
    from sqlalchemy import text  # noqa: PLC0415 - only the process that fills needs these

    from cms.extensions import db  # noqa: PLC0415

    name = db.engine.dialect.name
    statement = _INSERT.format(id=_ID[name], moment=_MOMENT[name], count=_COUNT[name])
    db.session.execute(text(statement.replace("'{{}}'", "'{}'")), {"count": count})
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


if __name__ == "__main__":
    from wsgi import app

    with app.app_context():
        insert_ended(int(sys.argv[1]))
