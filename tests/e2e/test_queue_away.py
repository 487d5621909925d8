"""While Redis is away an editor uploads as ever, and sees why pictures wait."""

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.e2e.test_pictures import drop, row
from tests.processes import Site

pytestmark = pytest.mark.e2e


@pytest.fixture
def site(tmp_path, own_redis):
    site = Site(tmp_path, CMS_QUEUE_URL=own_redis.url, CMS_JOB_LEASE="6", CMS_JOB_RETRY_DELAY="1")
    site.prepare("editor")
    site.start_web()
    site.start_consumer()
    yield site
    site.close()


@pytest.mark.case(25)
def test_an_upload_is_taken_the_page_says_that_jobs_wait_and_later_it_turns_ready(
    page, site, log_in, own_redis
):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    own_redis.halt()
    drop(page, pictures.jpeg(1600, 1200), "Herbstwald.jpg")

    expect(row(page, "Herbstwald")).to_have_attribute("data-state", "pending")
    expect(page.get_by_text("The queue does not answer.")).to_be_visible(timeout=60_000)

    own_redis.resume()
    expect(row(page, "Herbstwald")).to_have_attribute("data-state", "ready", timeout=60_000)
    expect(page.get_by_text("The queue does not answer.")).to_be_hidden(timeout=60_000)
