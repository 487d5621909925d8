"""What `make audit` looks at without asking anybody."""

import os
import subprocess

import pytest

from tests import audit
from tests.audit import Findings
from tests.processes import TOP


def test_everything_that_is_installed_is_pinned_by_hash_and_from_nowhere_in_particular():
    assert list(audit.unpinned()) == []


def test_bandit_finds_nothing_in_our_code():
    assert list(audit.suspicious()) == []


def test_all_that_is_installed_for_people_is_asked_about():
    there = {path.stem for path in (TOP / "requirements").glob("*.txt")}
    assert there - {"bench"} == set(audit.PINNED)


@pytest.mark.parametrize(
    ("found", "ends_with", "said"),
    [
        (Findings(), 0, "0 found, 0 could not be asked"),
        (Findings(unasked=["base.txt: no answer"]), 0, "COULD NOT ASK: base.txt: no answer"),
        (Findings(wrong=["base.txt: a flaw"], unasked=["npm"]), 1, "FOUND: base.txt: a flaw"),
    ],
)
def test_what_is_found_fails_it_and_who_cannot_be_asked_is_named(capsys, found, ends_with, said):
    assert audit.tell(found) == ends_with
    assert said in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("tests", [0, 2])
@pytest.mark.parametrize("flaws", [0, 2])
def test_ci_fails_by_either_and_closes_on_the_line_of_pytest(tmp_path, tests, flaws):
    closing = "===== 1 failed, 2 passed in 3.45s ====="
    make = tmp_path / "make"
    make.write_text(
        f"""#!/bin/sh
case $1 in
    test) echo "{closing}"; echo "make: something after it"; exit {tests} ;;
    flaws) echo "1 found, 0 could not be asked"; exit {flaws} ;;
esac
"""
    )
    make.chmod(0o755)
    done = subprocess.run(
        ["bash", ".ci/run"],
        cwd=TOP,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == (tests == flaws == 0)
    assert "1 found, 0 could not be asked" in done.stdout
    assert done.stdout.splitlines()[-1] == closing
