"""`make audit`: known flaws of what we depend on, and of what we wrote, as others' tools see them.

What it could not ask it says, and that is no "nothing found". What it found alone fails it:
that somebody's server is away is no fault of a change.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.processes import BIN, TOP

# What is installed for people; requirements/bench.txt is for comparisons alone.
PINNED = ("base", "dev", "docs", "node")
_PIN = re.compile(r"^([A-Za-z0-9._\[\],-]+)==\S+")


@dataclass
class Findings:
    """What is wrong, and what nobody could be asked about."""

    wrong: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


def unpinned() -> Iterator[str]:
    """Tell each requirement that is not pinned to a version with hashes, and each address in
    the lock file of npm, which would be fetched from there wherever one installs."""
    for path in sorted((TOP / "requirements").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            said = line.partition("#")[0].strip()
            if said and not (_PIN.match(said) and "--hash=sha256:" in said):
                yield f"{path.name}: {said[:80]}"
    lock = json.loads((TOP / "package-lock.json").read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        if name and ("resolved" in package or "integrity" not in package):
            yield f"package-lock.json: {name}"
    wanted = lock["packages"][""]["dependencies"]
    yield from (f"package.json: {name} {it}" for name, it in wanted.items() if not it[0].isdigit())


def suspicious() -> Iterator[str]:
    """Tell what bandit finds in our own code; pyproject.toml says what it need not look for."""
    form = "{relpath}:{line}: {test_id} {msg}"
    command = [str(BIN / "bandit"), "--quiet", "--recursive", "--configfile", "pyproject.toml"]
    command += ["--format", "custom", "--msg-template", form, "cms", "wsgi.py", "deploy"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    yield from (line for line in done.stdout.splitlines() if line.strip())


def ask_about_python(found: Findings) -> None:
    """Look for known flaws in the pinned versions of Python packages."""
    for name in PINNED:
        command = [str(BIN / "pip-audit"), "--require-hashes", "--disable-pip", "--format", "json"]
        command += ["--progress-spinner", "off", "-r", f"requirements/{name}.txt"]
        done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
        try:
            told = json.loads(done.stdout)["dependencies"]
        except ValueError:
            found.unasked.append(f"{name}.txt: {_last_line(done.stderr)}")
            continue
        unknown = [it["name"] for it in told if "skip_reason" in it]
        if unknown:
            found.unasked.append(
                f"{name}.txt: {len(unknown)} of {len(told)} packages unknown there"
            )
        found.wrong += [
            f"{name}.txt: {it['name']} {it['version']}: {flaw['id']} {flaw['fix_versions']}"
            for it in told
            for flaw in it.get("vulns", ())
        ]


def ask_about_browser_libraries(found: Findings) -> None:
    """Look for known flaws in the pinned versions of browser libraries."""
    done = subprocess.run(
        ["npm", "audit", "--json"], cwd=TOP, capture_output=True, text=True, check=False
    )
    try:
        told = json.loads(done.stdout)["vulnerabilities"]
    except (ValueError, KeyError):
        found.unasked.append(f"package-lock.json: {_last_line(done.stderr)}")
        return
    found.wrong += [f"package-lock.json: {name}: {it['severity']}" for name, it in told.items()]


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and "complete log" not in line]
    return lines[-1].strip() if lines else "no answer"


def tell(found: Findings) -> int:
    """Say what was found; return with what the process ends."""
    lines = [f"FOUND: {it}" for it in found.wrong]
    lines += [f"COULD NOT ASK: {it}" for it in found.unasked]
    lines.append(f"{len(found.wrong)} found, {len(found.unasked)} could not be asked")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if found.wrong else 0


def main() -> int:
    """Ask all, and say what came of it."""
    found = Findings(wrong=[*unpinned(), *suspicious()])
    ask_about_python(found)
    ask_about_browser_libraries(found)
    return tell(found)


if __name__ == "__main__":
    sys.exit(main())
