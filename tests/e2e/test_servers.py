"""The main job once more on the databases and the queue of production."""

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.e2e.test_pictures import drop, row
from tests.processes import Site

pytestmark = pytest.mark.e2e


@pytest.fixture(params=["postgresql", "mariadb"])
def site(request, tmp_path):
    """A site on a database server, with Redis as its queue."""
    site = Site(
        tmp_path,
        CMS_DATABASE_URL=request.getfixturevalue(f"{request.param}_url"),
        CMS_QUEUE_URL=request.getfixturevalue("redis_url"),
        CMS_JOB_RETRY_DELAY="1",
    )
    site.prepare("editor")
    site.start_web()
    site.start_consumer()
    yield site
    site.close()


def test_a_dropped_picture_turns_ready(page, site, log_in):
    log_in("editor")
    page.goto(f"{site.url}/admin/image/")
    drop(page, pictures.jpeg(1600, 1200), "Herbstwald.jpg")

    expect(row(page, "Herbstwald")).to_have_attribute("data-state", "ready", timeout=20_000)
