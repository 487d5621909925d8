"""An administrator ticks everything that matches, and watches a job at work."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from cms import clock
from cms.extensions import db
from cms.jobs import ledger
from cms.tasks import huey
from cms.tasks.images import process_image
from tests.processes import running

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of its own, whose jobs are known."""
    with running(tmp_path_factory.mktemp("bulk"), "administrator", "editor") as site:
        yield site


@pytest.fixture
def submit(site):
    """Submit jobs that wait until tomorrow; return their ids."""

    def go(number):
        with site.inside():
            later = clock.now() + timedelta(days=1)
            jobs = [process_image.submit(n, [], at=later).id for n in range(1, number + 1)]
            db.session.commit()
            return jobs

    return go


def test_everything_that_matches_is_given_up(page, site, log_in, axe, submit, keep):
    submit(60)
    log_in("administrator")
    page.goto(f"{site.url}/admin/job/?tab=waiting")
    offer = page.locator("[data-everything-offer]")
    page.locator("tr[data-id] input[name=rowid]").first.check()
    expect(page.get_by_text("1 ticked")).to_be_visible()
    expect(offer).to_be_hidden()
    page.get_by_label("Tick all rows on this page").check()
    expect(offer).to_contain_text("All 25 on this page are ticked.")
    axe()
    keep("bulk-offer")

    page.get_by_role("button", name="Tick all 60 that match").click()
    expect(page.locator("[data-bulk-count]")).to_have_text("All 60 that match are ticked")
    expect(offer).to_be_hidden()
    keep("bulk-everything")
    page.locator("#bulk").get_by_role("button", name="Give up").click()
    expect(page.locator("#confirm")).to_contain_text("all 60 that match, on every page?")
    axe()
    page.locator("[data-confirm-yes]").click()
    expect(page.locator(".notice-success")).to_contain_text("a job does this with all 60 of them")

    page.get_by_role("link", name="See how far it is").click()
    expect(page.get_by_text("60 of 60")).to_be_visible(timeout=20_000)
    expect(page.locator(".state", has_text="Done")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-thing]")).not_to_have_attribute("data-moving", re.compile(".*"))
    axe()
    keep("selection")
    page.goto(f"{site.url}/admin/job/?tab=dropped")
    expect(page.locator("a.tab[aria-current] .tab-count")).to_have_text("60")
    keep("jobs")


def test_unticking_one_row_takes_everything_back(page, site, log_in, submit):
    submit(30)
    log_in("administrator")
    page.goto(f"{site.url}/admin/job/?tab=waiting")
    page.get_by_label("Tick all rows on this page").check()
    page.locator("[data-tick-everything]").click()
    page.locator("tr[data-id] input[name=rowid]").nth(3).uncheck()
    expect(page.get_by_text("24 ticked")).to_be_visible()
    expect(page.locator("[data-everything]")).to_be_disabled()
    give_up = page.locator("#bulk").get_by_role("button", name="Give up")
    expect(give_up).to_have_attribute("data-confirm", re.compile("Give up the ticked jobs"))
    retry = page.locator("#bulk").get_by_role("button", name="Retry")
    expect(retry).not_to_have_attribute("data-confirm", re.compile(".*"))


def test_an_open_page_follows_its_job(page, site, log_in, axe, submit, keep):
    (job_id,) = submit(1)
    log_in("administrator")
    page.goto(f"{site.url}/admin/job/details/?id={job_id}")
    expect(page.get_by_role("button", name="Run now")).to_be_visible()
    expect(page.get_by_text("None has begun yet.")).to_be_visible()
    axe()
    keep("job-waiting")

    with site.inside():
        ledger.hasten(job_id)
        ledger.claim(job_id, huey.holder())
        ledger.set_progress(job_id, 1, 30, 120)
        db.session.commit()
    expect(page.locator("progress")).to_have_js_property("value", 30, timeout=20_000)
    expect(page.locator(".facts .state")).to_have_text("Running")
    expect(page.get_by_role("button", name="Run now")).to_have_count(0)
    axe()
    keep("job-running")

    page.evaluate("document.querySelector('progress').dataset.same = ''")
    with site.inside():
        ledger.set_progress(job_id, 1, 90, 120)
        db.session.commit()
    bar = page.locator("progress[data-same]")  # moved, rather than drawn anew
    expect(bar).to_have_js_property("value", 90, timeout=20_000)
    expect(page.get_by_text("90 of 120")).to_be_visible()

    with site.inside():
        ledger.succeed(job_id, 1)
        db.session.commit()
    expect(page.locator(".facts .state")).to_have_text("Done", timeout=20_000)
    expect(page.locator("ol.attempts > li")).to_have_count(1)
    axe()
