"""How quick the public site is: with very many articles, and beside Wagtail's starter.

    python benchmarks/site.py [--on sqlite postgresql] [--rows 100000] [--rounds 7]
                              [--seconds 5] [--only scale wagtail]

`scale` draws each kind of page of a site with so many articles, through WSGI, nothing of
it kept from the round before. `wagtail` sets up Wagtail's starter with the same text and
pictures, and asks both for the same pages in turn, each by Gunicorn with as many workers.
Wagtail is installed by `make bench`.
"""

from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
sys.path[0] = str(TOP)  # queue.py here is not Python's own `queue`

import argparse

from benchmarks.sites import duel, scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--only", nargs="+", default=["scale", "wagtail"])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    if "scale" in asked.only:
        scale.measure(asked.on, asked.rows, asked.rounds)
    if "wagtail" in asked.only:
        duel.measure(asked.rounds, asked.seconds)


if __name__ == "__main__":
    main()
