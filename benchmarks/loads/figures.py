"""What is printed of a load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from benchmarks.loads.visitors import Answer, Log

SHARES = (0.5, 0.95, 0.99)


def show(what: str, log: Log) -> None:
    """Print how many requests of a kind there were, what became of them, and how long it took."""
    good = sorted(answer.seconds for answer in log.answers if answer.good)
    asked = len(log.answers) + log.unsent
    print(f"{what}: {asked} due, {log.unsent} not sent, {len(good)} good", end="")
    print(f", {len(good) / _length(log.answers):.1f} of them a second" if good else "")
    if good:
        times = ", ".join(f"p{share * 100:.0f} {_at(good, share):.2f} s" for share in SHARES)
        print(f"  {times}, at most {good[-1]:.2f} s")
    for (status, words), count in sorted(_others(log.answers).items()):
        print(f"  {count} × {status or 'no answer'} {words}")
    if log.latest > 1:
        print(f"  the sender itself was behind by {log.latest:.1f} s at most")


def broken(log: Log) -> int:
    """Return how many answers say that something broke."""
    return sum(answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR for answer in log.answers)


def show_memory(seen: Mapping[str, Mapping[str, float]]) -> None:
    """Print memory, moment by moment."""
    for moment, parts in seen.items():
        told = ", ".join(f"{name} {mb:.0f}" for name, mb in parts.items())
        print(f"memory {moment:9} {told} MB")


def _length(answers: Sequence[Answer]) -> float:
    return max(it.ended for it in answers) - min(it.due for it in answers)


def _others(answers: Sequence[Answer]) -> Counter[tuple[int, str]]:
    return Counter((it.status, it.words[:100]) for it in answers if not it.good)


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]
