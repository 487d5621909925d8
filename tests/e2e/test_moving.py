"""An editor brings a WordPress site: looks at what is in it, imports it, reads the report."""

import os
import re

import pytest
from playwright.sync_api import expect

from cms.content.models import Article, State
from cms.extensions import db
from tests import pictures
from tests.processes import running
from tests.sites import WordPress, zipped

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running(tmp_path_factory.mktemp("moving"), "administrator", "editor") as site:
        yield site


def exported():
    site = WordPress("https://old.example").author("ada", "ada@old.example")
    boat = site.attachment("2019/05/boat.jpg", alt="A boat")
    site.attachment("2019/05/lost.jpg")
    site.text("Harbour", 'Sea.\n\n[gallery ids="1,2"]\n\n[contact-form-7 id="1"]', slug="harbour",
              terms=[("category", "travel", "Travel")], meta={"_thumbnail_id": boat})  # fmt: skip
    site.text("河边的老茶馆", "<p>茶。</p>", slug="tea")
    site.text("Private", state="private", slug="private")
    site.text("About", kind="page", slug="about", link="https://old.example/about/")
    return site.xml()


def test_a_wordpress_site_is_looked_at_and_imported(page, site, log_in, axe, keep):
    log_in("editor")
    page.goto(f"{site.url}/admin/site_import/")
    keep("moving-empty")
    page.get_by_role("link", name="Import a site").click()
    page.wait_for_url(re.compile("/site_import/file"))
    axe()
    keep("moving-new")

    # What is no site is refused at its field.
    page.get_by_label("Markdown").check()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "x.zip", "mimeType": "application/zip", "buffer": b"PK nothing"}
    )
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#file-error")).to_contain_text("not a whole ZIP file")
    page.troubles[:] = [words for words in page.troubles if "status of 422" not in words]
    axe()

    page.get_by_label("WordPress", exact=False).first.check()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "old-site.xml", "mimeType": "text/xml", "buffer": exported()}
    )
    page.get_by_label("Pictures of WordPress").set_input_files(
        {"name": "uploads.zip", "mimeType": "application/zip",
         "buffer": zipped({"uploads/2019/05/boat.jpg": pictures.jpeg(400, 300)})}
    )  # fmt: skip
    page.get_by_label("Fetch other pictures").uncheck()
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(re.compile("/site_import/details"))
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_visible(timeout=20_000)
    expect(page.get_by_role("cell", name="It was private, and is a draft here.")).to_be_visible()
    axe()
    keep("moving-read")

    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator(".import-state")).to_contain_text("Imported", timeout=40_000)
    expect(page.get_by_role("cell", name="Its file is missing.")).to_be_visible()
    axe()
    keep("moving-done")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert "lost.jpg" in download.value.path().read_text(encoding="utf-8-sig")
    with site.inside():
        states = {one.slug: one.state for one in db.session.query(Article)}
    assert states == {
        "harbour": State.PUBLISHED, "tea": State.PUBLISHED, "private": State.DRAFT,
    }  # fmt: skip

    if os.environ.get("SCREENSHOTS"):
        page.context.add_cookies([{"name": "cms_locale", "value": "zh_Hans_CN", "url": site.url}])
        page.reload()
        keep("moving-done-zh")
        page.goto(f"{site.url}/admin/site_import/file")
        keep("moving-new-zh")
        page.goto(f"{site.url}/admin/site_import/")
        keep("moving-list-zh")
