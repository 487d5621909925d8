"""How many pictures a worker makes, by one thread and by three, and what memory it keeps.

First photos of 12 megapixels are rendered in child processes as the jobs of a worker do
it, by one thread and by three in turn; the medians are compared. Then a real worker makes
many smaller ones, and its memory and its children's are read on the way.

    python benchmarks/workshop.py [--photos 24] [--rounds 5] [--jobs 1000]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent)  # queue.py here is not Python's own `queue`

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cms.extensions import db
from cms.imaging import workshop
from cms.imaging.geometry import Size
from cms.imaging.operations import parse
from cms.imaging.samples import draw_sample
from cms.jobs.models import Job, JobState
from tests.factories import make_picture
from tests.memory import resident
from tests.pictures import OPERATIONS
from tests.processes import Site, begun_by, wait_for

PHOTO = (4000, 3000)
SMALLER = (1600, 1200)
THREADS = (1, 3)
PIXELS = 50_000_000


def main() -> None:
    """Print both tables."""
    asked = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="qscms-bench-") as folder:
        if asked.photos:
            measure_speed(Path(folder), asked.photos, asked.rounds)
        if asked.jobs:
            measure_memory(Path(folder), asked.jobs)


def measure_speed(folder: Path, photos: int, rounds: int) -> None:
    """Let one thread and three make as many photos, in turn."""
    source = _photo(folder, PHOTO)
    presets = parse(OPERATIONS)

    def make(number: int) -> None:
        made = folder / f"made-{number}"
        made.mkdir(exist_ok=True)
        workshop.render(source, presets, made, max_pixels=PIXELS)

    rates: dict[int, list[float]] = {threads: [] for threads in THREADS}
    _rate(make, len(THREADS) * 2, max(THREADS))  # the children begin
    for _ in range(rounds):
        for threads in THREADS:
            rates[threads].append(_rate(make, photos, threads))
    one, three = (statistics.median(rates[threads]) for threads in THREADS)
    print(f"one thread     {one:6.1f} photos/s")
    print(f"three threads  {three:6.1f} photos/s, {three / one:.2f} times as many")


def _rate(make: Callable[[int], None], photos: int, threads: int) -> float:
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(make, range(photos)))
        return photos / (time.perf_counter() - start)


def measure_memory(folder: Path, jobs: int) -> None:
    """Let a worker do so many jobs, and read its memory at each tenth."""
    data = _photo(folder, SMALLER).read_bytes()
    site = Site(folder / "site")
    site.folder.mkdir()
    site.prepare()
    with site.inside():
        for _ in range(jobs):
            make_picture(data)
        db.session.commit()
        site.start_consumer()
        print("jobs done   worker MB   children MB")
        for tenth in range(1, 11):
            wait_for(lambda goal=jobs * tenth // 10: _done() >= goal, "the jobs", 3600)
            worker = site.pid("consumer")
            children = [f"{resident(pid):.0f}" for pid in begun_by(worker)]
            print(f"{_done():9} {resident(worker):11.1f}   {' + '.join(children)}", flush=True)
        site.close()


def _photo(folder: Path, size: Size) -> Path:
    path = folder / "photo.jpg"
    draw_sample(1, size, path)
    return path


def _done() -> int:
    db.session.rollback()
    return db.session.query(Job).filter_by(state=JobState.SUCCEEDED).count()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1000)
    return parser


if __name__ == "__main__":
    main()
