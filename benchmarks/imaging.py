"""What renditions cost, and how good they are: QsCMS and others.

Every system makes the same renditions of the same made pictures, each run in a process
of its own: the pair (800 × 600, 200 × 200, as JPEG), and the full set (the pair, and five
widths as JPEG and as WebP). The rounds go through all systems in turn, and the medians
are compared. Processor time is that of all threads, without starting up; memory is the
peak of the whole process, and by how much it has grown. How good a rendition is says its
likeness (SSIM, of its light) to the same made from the whole picture by LANCZOS, before
it is encoded. “Bytes” is what our files weigh, each at the quality at which it is as like
as the other's file, beside what the other's weigh.

    python benchmarks/imaging.py [--rounds 3] [--pictures jpeg-24 …] [--only NAME …]

“Tuned” is one decode and smaller renditions from larger ones, with the same effort for
WebP as ours; the others do as their manuals show. Those in Python are installed by
`make bench`; sharp is installed for the run where npm is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
sys.path[0] = str(TOP)

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageOps

from benchmarks.imagers import drawing, work
from cms.imaging import workshop

Image.MAX_IMAGE_PIXELS = None
QUALITIES = (60, 70, 78, 85, 92)  # at which our files are weighed
WINDOW = 8  # pixels, each way, in which likeness is measured
SETS = ("pair", "full")


@dataclass
class System:
    """One way to make renditions, and what its runs have cost: by picture and set."""

    name: str
    command: tuple[str, ...]
    runs: dict[tuple[str, str], list[dict[str, float]]] = field(default_factory=dict)

    def run(
        self, source: Path, wanted: str, folder: Path, at: int = work.QUALITY
    ) -> dict[str, float]:
        """Make a set of renditions in `folder`, at that quality; return what it cost."""
        program, *more = self.command
        arguments = [source, source.parent / "warm.jpg", folder, wanted, *more]
        runner = ["node"] if program.endswith(".mjs") else [sys.executable, "-m"]
        done = subprocess.run(
            [*runner, program, *map(str, arguments)],
            env={
                **os.environ,
                "PYTHONPATH": str(TOP),
                "BENCH_QUALITY": str(at),
                "PYTHONWARNINGS": "ignore",
                **workshop.THRIFT,  # as the worker gives it to its processes
            },
            cwd=TOP,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        cost: dict[str, float] = json.loads(done.stdout)
        return cost

    def median(self, picture: str, wanted: str, what: str) -> float:
        """Return the median of a cost."""
        return statistics.median(run[what] for run in self.runs[picture, wanted])


def systems(folder: Path) -> list[System]:
    """Return all systems that can run here."""
    module = "benchmarks.imagers"
    found = [
        System("QsCMS", (f"{module}.ours",)),
        System("Pillow, naive", (f"{module}.naive",)),
        System("Willow", (f"{module}.with_willow",)),
        System("easy-thumbnails", (f"{module}.with_easy_thumbnails",)),
        System("libvips", (f"{module}.with_vips",)),
        System("libvips, tuned", (f"{module}.with_tuned_vips",)),
    ]
    if install_sharp(folder):
        script = str(TOP / "benchmarks/imagers/with_sharp.mjs")
        found += [System("sharp", (script, "plain")), System("sharp, tuned", (script, "tuned"))]
    return found


def install_sharp(folder: Path) -> bool:
    """Install sharp into `folder`; without npm, or a registry, go on without."""
    os.environ["BENCH_SHARP"] = os.environ.get("BENCH_SHARP") or str(folder)
    os.environ["BENCH_SETS"] = json.dumps(
        {"sets": work.SETS, "quality": work.QUALITY, "effort": work.EFFORT}
    )
    if (Path(os.environ["BENCH_SHARP"]) / "node_modules/sharp").exists():
        return True
    command = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "sharp"]
    if shutil.which("npm") and not subprocess.call(command, stdout=subprocess.DEVNULL):
        return True
    print("without sharp, which npm could not install")
    return False


class Reference:
    """The light of renditions as they should be: from the whole picture, by LANCZOS."""

    def __init__(self, source: Path) -> None:
        with Image.open(source) as image:
            self._whole = image.convert("RGBA" if image.has_transparency_data else "RGB")
        self._made: dict[tuple[str, tuple[int, int]], np.ndarray] = {}

    def light(self, kind: str, size: tuple[int, int]) -> np.ndarray:
        """Return one at that size: some round it otherwise than others."""
        if (kind, size) not in self._made:
            shrunk = (
                ImageOps.fit(self._whole, size, Image.Resampling.LANCZOS)
                if kind == "crop"
                else self._whole.resize(size, Image.Resampling.LANCZOS)
            )
            self._made[kind, size] = light(shrunk)
        return self._made[kind, size]


def light(picture: Image.Image) -> np.ndarray:
    """Return brightness, of what is transparent on white."""
    if picture.mode != "RGB":
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(picture.convert("L"), dtype=float)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean structural similarity (SSIM), 1 for the same."""

    def mean(values: np.ndarray) -> np.ndarray:
        sums = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
        w = WINDOW
        return (sums[w:, w:] - sums[:-w, w:] - sums[w:, :-w] + sums[:-w, :-w]) / w**2

    small, large = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    a, b = mean(one), mean(other)
    spread = mean(one * one) - a * a + mean(other * other) - b * b
    together = mean(one * other) - a * b
    values = (2 * a * b + small) * (2 * together + large)
    return float((values / ((a * a + b * b + small) * (spread + large))).mean())


def quality(system: System, source: Path, best: Reference) -> list[float]:
    """Return the likeness of each rendition before it is encoded."""
    with tempfile.TemporaryDirectory() as folder:
        system.run(source, "plain", Path(folder))
        found = []
        for name, kind, *_ in work.FULL:
            with Image.open(Path(folder) / f"{name}.png") as image:
                found.append(likeness(light(image), best.light(kind, image.size)))
        return found


Weights = dict[str, tuple[float, int]]


def weights(system: System, source: Path, best: Reference, at: int = work.QUALITY) -> Weights:
    """Return the likeness and the bytes of each file of the full set."""
    kinds = {name: kind for name, kind, *_ in work.FULL}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        system.run(source, "full", Path(folder), at)
        for path in Path(folder).iterdir():
            with Image.open(path) as image:
                alike = likeness(light(image), best.light(kinds[path.stem], image.size))
            found[path.name] = alike, path.stat().st_size
    return found


def bytes_at_their_likeness(ours: list[Weights], theirs: Weights, ending: str) -> float:
    """Return our bytes for one of theirs, each file of ours being as like as theirs."""
    names = [name for name in theirs if name.endswith(ending)]
    weighed = (
        np.interp(theirs[name][0], *zip(*(weights[name] for weights in ours), strict=True))
        for name in names
    )
    return float(sum(weighed)) / sum(theirs[name][1] for name in names)


def measure(found: list[System], source: Path, rounds: int) -> None:
    """Go through the systems in turn, several times."""
    for number in range(rounds):
        for system in found:
            costs = {}
            for wanted in SETS:
                with tempfile.TemporaryDirectory() as folder:
                    cost = system.run(source, wanted, Path(folder))
                    files = list(Path(folder).iterdir())
                    for ending in ("jpg", "webp"):
                        sizes = [f.stat().st_size for f in files if f.suffix == f".{ending}"]
                        cost[ending] = sum(sizes) / 1000
                system.runs.setdefault((source.stem, wanted), []).append(cost)
                costs[wanted] = round(cost["cpu"], 3)
            print(
                f"round {number + 1}: {source.stem}: {system.name}", json.dumps(costs), flush=True
            )


def table(found: list[System], picture: str, likenesses: dict[str, list[float]]) -> str:
    """Return the medians for one picture, and how ours compares with each."""
    heads = "".join(f"   {wanted:>4}: CPU s  ours   wall  peak MiB  grown" for wanted in SETS)
    lines = [f"{picture:18}{heads}  JPEG kB  WebP kB"]
    ours = found[0]
    for system in found:
        line = f"{system.name:18}"
        for wanted in SETS:
            cpu = system.median(picture, wanted, "cpu")
            share = ours.median(picture, wanted, "cpu") / cpu
            wall, peak, grown = (
                system.median(picture, wanted, what) for what in ("wall", "peak", "grown")
            )
            line += f"   {cpu:11.3f} {share:5.2f} {wall:6.3f} {peak:9.0f} {grown:6.0f}"
        jpeg, webp = (system.median(picture, "full", ending) for ending in ("jpg", "webp"))
        lines.append(f"{line} {jpeg:8.0f} {webp:8.0f}")
    names = " ".join(f"{name:>10}" for name, *_ in work.FULL)
    lines.append(f"{'likeness':18} {names}")
    for name, values in likenesses.items():
        lines.append(f"{name:18} " + " ".join(f"{value:10.4f}" for value in values))
    return "\n".join(lines)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", nargs="*", default=list(drawing.PICTURES))
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawing.draw("warm", folder)
        found = [
            one
            for one in systems(folder)
            if not options.only or one.name == "QsCMS" or one.name in options.only
        ]
        for picture in options.pictures:
            source = drawing.draw(picture, folder)
            best = Reference(source)
            likenesses = {one.name: quality(one, source, best) for one in found}
            ours = [weights(found[0], source, best, at) for at in QUALITIES]
            measure(found, source, options.rounds)
            print(table(found, source.stem, likenesses), flush=True)
            for other in found[1:]:
                theirs = weights(other, source, best)
                jpeg, webp = (bytes_at_their_likeness(ours, theirs, end) for end in ("jpg", "webp"))
                print(f"bytes, for one of {other.name:18} JPEG {jpeg:5.2f}  WebP {webp:5.2f}")
            source.unlink()


if __name__ == "__main__":
    main()
