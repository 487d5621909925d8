"""`make fuzz`: any number of damaged pictures, and a table of what came of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz import samples
from tests.fuzz.trial import Trial


def main() -> int:
    """Try the mutations asked for; fail if anything happened that should not."""
    asked = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="qscms-fuzz-") as folder:
        trial = Trial(samples.drawn() | samples.named(), asked.seed, Path(folder))
        if asked.save is not None:
            return _save(trial, asked.save)
        began = time.monotonic()
        result = trial.run(asked.mutations)
        took = time.monotonic() - began
    what = f"{asked.mutations} mutations (seed {asked.seed}) of {len(trial.samples)} files"
    lines = [
        *(f"{end:9} {count:6}" for end, count in sorted(result.ends.items())),
        f"{what} in {took:.0f} s, the slowest in {result.slowest:.1f} s",
        *(f"stopped: {said}" for said in result.stopped),
        *(f"PROBLEM: {said}" for said in result.problems),
        f"{len(result.problems)} problems\n",
    ]
    sys.stdout.write("\n".join(lines))
    return 1 if result.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--mutations", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=int, help="only write this mutation to the folder it is in")
    return parser


def _save(trial: Trial, number: int) -> int:
    name, data = trial.damaged(number)
    path = Path(f"mutation-{trial.seed}-{number}-{name}")
    path.write_bytes(data)
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
