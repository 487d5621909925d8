"""Asking for pages in turn, and saying what they took."""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

Get = Callable[[str], tuple[int, str]]


def tell(get: Get, pages: Mapping[str, str], rounds: int) -> None:
    """Ask for each page once, to warm up, then in each round; print what came of it.

    `get` returns the status and the text of an answer.
    """
    took: dict[str, list[float]] = {name: [] for name in pages}
    worked: dict[str, list[float]] = {name: [] for name in pages}
    begun = _peak()
    for number in range(rounds + 1):
        if number == 1:  # what is loaded is not looked through for garbage, as in wsgi.py
            gc.collect()
            gc.freeze()
        for name, address in pages.items():
            start, work = time.perf_counter(), time.process_time()
            status, text = get(address)
            spent = time.perf_counter() - start, time.process_time() - work
            assert status == HTTPStatus.OK, (name, address, status, text[:2000])
            if number:
                took[name].append(spent[0] * 1000)
                worked[name].append(spent[1] * 1000)
    memory = {"memory": _peak(), "grown": _peak() - begun}
    print(json.dumps({"took": took, "worked": worked, **memory}))


def asked() -> tuple[str, str, int]:
    """Return folder, address of the database, and number of rounds."""
    folder, database, rounds = sys.argv[1:]
    return folder, database, int(rounds)


def _peak() -> float:
    """Return the most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
