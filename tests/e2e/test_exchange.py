"""An editor exports a filter, mends the file in a spreadsheet, and imports it again."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cms.extensions import db
from tests.factories import make_picture
from tests.processes import Site

pytestmark = pytest.mark.e2e

TITLES = ["Harbour at dawn", "Harbour at noon", "Harbour at night", "=Harbour", "Teahouse"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of its own, whose pictures are known."""
    site = Site(tmp_path_factory.mktemp("exchange"))
    site.prepare("administrator", "editor")
    with site.inside():
        for title in TITLES:
            make_picture().title = title
        db.session.commit()
    site.start_web()
    site.start_consumer()
    yield site
    site.close()


def as_csv(rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


@pytest.fixture
def bring_in(page, site):
    """Upload a file and let it be checked with the columns that are proposed."""

    def go(data, name="pictures.csv"):
        page.goto(f"{site.url}/admin/image/")
        page.get_by_role("link", name="Import", exact=True).click()
        files = {"name": name, "mimeType": "text/csv", "buffer": data}
        page.get_by_label("File", exact=True).set_input_files(files)
        page.get_by_role("button", name="Upload").click()
        page.get_by_role("button", name="See what would change").click()

    return go


def test_a_filter_leaves_and_comes_back_mended(page, site, log_in, axe, keep, bring_in):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/?search=harbour")
    axe()
    page.get_by_role("link", name="Export", exact=True).click()
    expect(page.get_by_label("What the list shows")).to_be_checked()
    axe()
    keep("export-new")
    page.get_by_role("button", name="Export").click()

    expect(page.locator(".facts .state")).to_have_text("Ready", timeout=30_000)
    axe()
    keep("export-ready")
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download").click()
    assert caught.value.suggested_filename.startswith("Pictures ")
    data = Path(caught.value.path()).read_text("utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(data, newline=""))
    assert sorted(row[1] for row in rows) == ["'=Harbour", *sorted(TITLES[:3])]

    # Three bad rows: nothing is changed, and each says why.
    mended = [[*row[:2], f"A harbour, {row[1]}", *row[3:]] for row in rows]
    bad = [[*row] for row in mended]
    bad[0][1], bad[1][0], bad[2][2] = "", "987654", "x" * 501
    bring_in(as_csv([heads, *bad]))
    expect(page.get_by_text("Mend the rows below")).to_be_visible(timeout=30_000)
    lines = page.get_by_role("region", name="Bad rows").locator("tbody tr")
    expect(lines).to_have_count(3)
    expect(lines.nth(0)).to_contain_text("This field is required")
    expect(lines.nth(1)).to_contain_text("There is none with the ID “987654”.")
    expect(lines.nth(2)).to_contain_text("500 characters")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    axe()
    keep("import-bad")

    # The mended file.
    bring_in(as_csv([heads, *mended]))
    save = page.get_by_role("button", name="Save 4 changes")
    expect(save).to_be_visible(timeout=30_000)
    expect(page.get_by_role("region", name="What would change").locator("ins")).to_have_count(4)
    axe()
    keep("import-checked")
    save.click()
    expect(page.get_by_text("All rows are saved.")).to_be_visible(timeout=30_000)
    axe()
    keep("import-applied")
    page.goto(f"{site.url}/admin/image/?search=%3DHarbour")
    page.get_by_role("link", name="=Harbour", exact=True).click()
    expect(page.get_by_label("Alternative text")).to_have_value("A harbour, '=Harbour")
    page.goto(f"{site.url}/admin/export/")
    axe()
    keep("exports")


def test_ticked_rows_leave_by_the_keyboard_alone(page, site, log_in):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    box = page.locator("tr[data-id] input[name=rowid]").first
    box.focus()
    page.keyboard.press("Space")
    page.locator("#bulk").get_by_role("button", name="Export").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("The ticked row")).to_be_checked()
    page.get_by_label("Excel workbook (XLSX)").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator(".facts .state")).to_have_text("Ready", timeout=30_000)
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download").press("Enter")
    assert caught.value.suggested_filename.endswith(".xlsx")
