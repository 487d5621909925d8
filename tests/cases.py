"""What went wrong elsewhere and must come out right here, and which tests show it.

A test that shows a case is marked with its number: `@pytest.mark.case(5)`.
`python -m tests.cases` lists all of them.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator

from tests.processes import TOP

CASES = {
    1: "A large picture is answered at once, and no page ever makes a rendition.",
    2: "A broken picture says why, and every page that lists it is still there.",
    3: "Twenty uploads of 25 MB at once: memory stays flat, and all of them finish.",
    4: "Files that swell when they are opened are refused before that, in little memory.",
    5: "A turned photo stands upright, with the size and the cut that it is seen in.",
    6: "AdobeRGB, P3, Lab, CMYK, 16 bit and transparency come out as they are meant.",
    7: "An animation moves on, or its first frame stands for it.",
    8: "Malformed EXIF stops no picture.",
    9: "A telephone's HEIC is offered by the file dialog, taken and upright.",
    10: "A name of any script, length or malice: a random key, one header, shown as it was.",
    11: "No public file tells a place or a serial number; the owner and the colours stay.",
    12: "What is replaced or deleted goes after the commit, and not before.",
    13: "Two jobs that finish renditions of one picture at once: both are recorded.",
    14: "The job of a picture that is gone ends quietly.",
    15: "What a worker was at that died is made by another.",
    16: "What is stored in vain is removed.",
    17: "No rendition is larger than its original.",
    18: "Markup, PostScript and pictures under other names are told by what they hold.",
    19: "Half a file, none, one byte too many, a body without end: refused in words.",
    20: "Documents that swell, climb out of their folder or carry scripts are no pictures.",
    21: "The same bytes twice: the second upload says which picture it is.",
    22: "Hundreds of failures of three kinds are three notifications; one is tried, then the rest.",
    23: "A failure that a retry mends closes its notification, and opens it again if it returns.",
    24: "A retry that is pressed twice, or while it runs, is one run.",
    25: "While the queue is away uploads are taken; it is said that jobs wait, and they run later.",
    26: "Without a worker every page of the administration says so, soon.",
    27: "An emptied queue, killed workers, a database that restarts: each job has its effect once.",
    28: "A job that kills its worker each time has failed at last, and the others go on.",
    29: "A message in the queue that nobody signed is refused, and the worker lives.",
    30: "What was due while no worker lived is caught up, and the delay is said, in a zone.",
    31: "What is sent without a token changes nothing; what changes something is not for GET.",
    32: "Every address, as every role, about own and others' things: as the policy says.",
    33: "Odd numbers, signs that no database keeps, huge or misshapen bodies: refused, no error.",
    34: "No redirect leads elsewhere, and no other name of the host is believed.",
    35: "A cookie from before the log-in, after the log-out or an older password is useless.",
    36: "Markup in titles, names, metadata and messages is shown as text, wherever it is shown.",
    37: "Rich text is cleaned when it is written, and when it is shown.",
    38: "What a spreadsheet would calculate leaves as text, and comes back as it was.",
    39: "Of two editors who save, the second sees the difference and chooses.",
    40: "No password, token or secret is in a log, an audit entry, a job or an error page.",
    41: "A call to this machine or its network, by whatever notation or redirect, is stopped.",
    42: "Mail whose subject or address has a line end is refused.",
}


def shown() -> dict[int, list[str]]:
    """Return the tests that show each case."""
    found = defaultdict(list)
    for path in sorted(TOP.glob("tests/**/test_*.py")):
        for name, number in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            found[number].append(f"{path.relative_to(TOP)}::{name}")
    return found


def _marked(module: ast.Module) -> Iterator[tuple[str, int]]:
    for test in ast.walk(module):
        if isinstance(test, ast.FunctionDef):
            marks = {ast.unparse(mark) for mark in test.decorator_list}
            yield from (
                (test.name, number) for number in CASES if f"pytest.mark.case({number})" in marks
            )


if __name__ == "__main__":
    for number, tests in sorted(shown().items()):
        sys.stdout.write(f"{number}. {CASES[number]}\n")
        sys.stdout.writelines(f"   {test}\n" for test in tests)
