"""`make chaos`: a storm of any size, and a table of what came of it."""

from __future__ import annotations

import argparse
import logging
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos import plan as plans
from tests.chaos.contestants import CONTESTANTS
from tests.chaos.plan import Act
from tests.chaos.storm import Result, Storm, refill

HEAD = (
    "on               jobs kills   lost doubled unended  notifications   refused  seconds\n"
    "                                                    missing  false"
)


def main() -> int:
    """Run the storm on each system named; fail if one of ours is not clean."""
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end servers and workers too
    logging.disable()  # the queue that is away is told of by each job; workers log to files
    if asked.emptied:
        return _empty(asked)
    results = [_run(name, asked) for name in asked.on]
    sys.stdout.write("\n".join([HEAD, *map(_row, results), ""]))
    ours = [result for result in results if result.books.notifications_missing is not None]
    return 0 if all(result.clean for result in ours) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--without", nargs="+", choices=[act.name.lower() for act in Act], default=[]
    )
    parser.add_argument("--emptied", type=int, help="only empty a queue of so many jobs")
    parser.add_argument("--end-seconds", type=float, default=60)
    parser.add_argument("--on", nargs="+", choices=CONTESTANTS, default=["redis+postgresql"])
    return parser


def _run(name: str, asked: argparse.Namespace) -> Result:
    kind = CONTESTANTS[name]
    possible = [
        act for act in Act if act in kind.possible and act.name.lower() not in asked.without
    ]
    plan = plans.make(asked.jobs, asked.kills, asked.seed, possible)
    folder = Path(tempfile.mkdtemp(prefix="qscms-chaos-"))
    contestant = kind(folder)
    with contestant.up():
        result = Storm(contestant, plan, asked.end_seconds).run()
    if result.clean:
        shutil.rmtree(folder)
        return result
    for problem in [*result.problems(), f"the logs are in {folder}"]:
        sys.stdout.write(f"{name}: {problem}\n")
    return result


def _empty(asked: argparse.Namespace) -> int:
    for name in asked.on:
        with tempfile.TemporaryDirectory(prefix="qscms-chaos-") as folder:
            contestant = CONTESTANTS[name](Path(folder))
            with contestant.up():
                seconds = refill(contestant, asked.emptied, asked.end_seconds)
        sys.stdout.write(
            f"{name}: the queue was emptied; {asked.emptied} jobs ended in {seconds:.1f} s\n"
        )
    return 0


def _row(result: Result) -> str:
    books = result.books
    missing, false = books.notifications_missing, books.notifications_false
    return (
        f"{result.name:16} {len(result.plan.orders):4} {result.plan.kills:5} "
        f"{len(result.lost):6} {len(result.doubled):7} {result.unended:7}  "
        f"{_or_dash(missing):>7} {_or_dash(false):>6} {result.refused:9} {result.seconds:8.1f}"
    )


def _or_dash(count: int | None) -> str:
    return "-" if count is None else str(count)


if __name__ == "__main__":
    sys.exit(main())
