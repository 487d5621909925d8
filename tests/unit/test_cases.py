"""Each picture that went wrong elsewhere is shown to come out right here.

A test that shows a case is marked with its number: `@pytest.mark.case(5)`. The list of
them is `grep -rn "case(5)" tests`.
"""

import re

import pytest

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
    38: "What a spreadsheet would calculate leaves as text, and comes back as it was.",
}
MARK = re.compile(r"mark\.case\((\d+)\)")


@pytest.fixture(scope="module")
def shown():
    """The numbers that tests are marked with."""
    texts = (path.read_text(encoding="utf-8") for path in TOP.glob("tests/**/test_*.py"))
    return {int(number) for text in texts for number in MARK.findall(text)}


@pytest.mark.parametrize("number", CASES)
def test_a_test_shows_the_case(shown, number):
    assert number in shown, CASES[number]
