"""How fast jobs are submitted and done: QsCMS with its ledger, and others without.

Every system gets one Redis, three workers and the same jobs, which do nothing but
say that they have run. First all are submitted by four threads, as a web server has,
one by one; by QsCMS also one by one in transactions of their own (`push`), and by one
thread in bulk. Then the workers start, and the time from the first job to the last
counts. The rounds go through all systems in turn, and the medians are compared.
PostgreSQL is asked to be durable here, as in production.

    python benchmarks/queue.py [--jobs 5000] [--threads 4] [--rounds 3] [--only NAME …]
                                [--finished 1000000]

`--finished` adds rounds with that many jobs in the ledger that ended before. The
others are installed by `make bench`.
"""

from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
sys.path[0] = str(TOP)  # or this file would stand for Python's own `queue`

import argparse
import json
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

from benchmarks.queues import ticks
from tests import services

BIN = Path(sys.executable).parent
HUEY = ("-w", "3", "-d", "0.05", "-m", "0.5", "-q")
LONGEST_SECONDS = 300
WAYS = ("submit", "push", "submit_many")

SUBMIT = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
module, how, *numbers = sys.argv[1:]
first, count, threads = map(int, numbers)
submit = getattr(import_module(f"benchmarks.queues.{module}"), how)
submit(range(first, first + 100))
shares = [range(first + 100 + number, first + count, threads) for number in range(threads)]
with ThreadPoolExecutor(threads) as pool:
    start = time.perf_counter()
    list(pool.map(submit, shares))
    print((count - 100) / (time.perf_counter() - start))
"""


@dataclass
class System:
    """One way to run jobs: the module that declares them, and the command of its workers."""

    name: str
    module: str
    workers: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False
    rates: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, folder: Path, jobs: int, threads: int) -> None:
        """Submit and drain once."""
        env = {**os.environ, **self.environment, ticks.FILE: str(folder / "ticks")}
        env["PYTHONPATH"] = str(TOP)
        ticks.make(folder / "ticks", len(WAYS) * jobs)
        ways = WAYS if self.ours else ("submit",)
        for number, way in enumerate(ways):
            self._note(way, self._submit(env, way, number * jobs, jobs, threads))
        count = len(ways) * jobs
        with self._working(env, folder):
            moments = _wait_for(folder / "ticks", count)
        self._note("drain", (count - 1) / (max(moments) - min(moments)) * 1e9)

    def median(self, what: str) -> float:
        """Return the median of a rate, in jobs a second."""
        return statistics.median(self.rates[what])

    def _note(self, what: str, rate: float) -> None:
        self.rates.setdefault(what, []).append(rate)

    def _submit(
        self, env: Mapping[str, str], how: str, first: int, count: int, threads: int
    ) -> float:
        numbers = map(str, (first, count, 1 if how == "submit_many" else threads))
        done = subprocess.run(
            [sys.executable, "-c", SUBMIT, self.module, how, *numbers],
            env=env,
            cwd=TOP,
            check=True,
            capture_output=True,
            text=True,
        )
        return float(done.stdout)

    @contextmanager
    def _working(self, env: Mapping[str, str], folder: Path) -> Iterator[None]:
        command = [str(BIN / self.workers[0]), *self.workers[1:]]
        with (folder / f"{self.module}.log").open("ab") as log:
            process = subprocess.Popen(
                command, env=env, cwd=TOP, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_for(path: Path, count: int) -> list[int]:
    deadline = time.monotonic() + LONGEST_SECONDS
    while len(moments := ticks.ran(path, 0, count)) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"only {len(moments)} of {count} jobs have run")
        time.sleep(0.2)
    return moments


def ours(name: str, folder: Path, redis_url: str, database: str) -> System:
    """Return QsCMS on a migrated database of its own."""
    data = folder / name.replace(" ", "-").replace(",", "")
    data.mkdir()
    environment = {
        "CMS_APP": "benchmarks.queues.ours:app",
        "CMS_DATA_DIR": str(data),
        "CMS_QUEUE_URL": redis_url,
        "FLASK_APP": "wsgi:app",
        **({"CMS_DATABASE_URL": database} if database else {}),
    }
    subprocess.run(
        [BIN / "flask", "db", "upgrade"],
        env={**os.environ, **environment},
        cwd=TOP,
        check=True,
        capture_output=True,
    )
    return System(
        name,
        "ours",
        ("huey_consumer", "cms.tasks.huey", *HUEY),
        environment,
        ours=True,
    )


def rivals() -> list[System]:
    """Return the others. Of each the fastest way to do what it does by default."""
    module = "benchmarks.queues"
    return [
        System("Huey", "plain_huey", ("huey_consumer", f"{module}.plain_huey.huey", *HUEY)),
        System(
            "Celery",
            "with_celery",
            ("celery", "-A", f"{module}.with_celery", "worker", "-c", "3", "-l", "WARNING"),
        ),
        System(
            "Dramatiq",
            "with_dramatiq",
            ("dramatiq", f"{module}.with_dramatiq", "--processes", "3", "--threads", "1"),
        ),
        System(
            "RQ",
            "with_rq",
            ("rq", "worker-pool", "-n", "3", "-w", "rq.SimpleWorker", "-q", "-u", "{redis}"),
        ),
    ]


def _run(options: argparse.Namespace, folder: Path, broker: str, database: str) -> list[System]:
    os.environ["BENCH_REDIS"] = broker
    on_postgresql = ours("QsCMS, PostgreSQL", folder, broker, database)
    systems = [
        on_postgresql,
        System(
            "QsCMS, PostgreSQL, processes",
            "ours",
            (*on_postgresql.workers, "-k", "process"),
            on_postgresql.environment,
            ours=True,
        ),
        ours("QsCMS, SQLite", folder, broker, ""),
        *rivals(),
    ]
    for system in systems:
        system.workers = tuple(part.format(redis=broker) for part in system.workers)
    systems = [s for s in systems if not options.only or any(o in s.name for o in options.only)]
    measure(systems, folder, broker, options)
    if options.finished:
        full = [s for s in systems if s.module == "ours"]
        for environment in {id(s.environment): s.environment for s in full}.values():
            subprocess.run(
                [sys.executable, "-m", "benchmarks.queues.filling", str(options.finished)],
                env={**os.environ, **environment, "PYTHONPATH": str(TOP)},
                cwd=TOP,
                check=True,
            )
        full = [
            System(f"{s.name}, {options.finished:,} ended", s.module, s.workers, s.environment,
                   ours=True) for s in full
        ]  # fmt: skip
        measure(full, folder, broker, options)
        systems += full
    return systems


def measure(systems: list[System], folder: Path, broker: str, options: argparse.Namespace) -> None:
    """Go through the systems in turn, several times."""
    for number in range(options.rounds):
        for system in systems:
            with redis.Redis.from_url(broker) as client:
                client.flushall()
            system.measure(folder, options.jobs, options.threads)
            print(
                f"round {number + 1}: {system.name}",
                json.dumps({what: round(rates[-1]) for what, rates in system.rates.items()}),
                flush=True,
            )


def table(systems: list[System]) -> str:
    """Return the medians, and how they compare with Celery's."""
    celery = next((s for s in systems if s.name == "Celery"), None)
    heads = [f"{what:>8}" for what in ("submit", "push", "in bulk", "drain")]
    lines = [" ".join([f"{'jobs a second, median':40}", *heads])]
    for system in systems:
        rates = [
            f"{system.median(what):8,.0f}" if what in system.rates else " " * 8
            for what in (*WAYS, "drain")
        ]
        lines.append(" ".join([f"{system.name:40}", *rates]))
        if celery:
            lines[-1] += (
                f"   {system.median('drain') / celery.median('drain'):5.2f} × Celery's drain"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--jobs", type=int, default=5_000)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--finished", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        services.DurablePostgreSQL() as postgresql,
        services.Redis() as broker,
    ):
        print(table(_run(options, Path(folder), broker.url, postgresql.url)))


if __name__ == "__main__":
    main()
