"""The screen of the queue in a browser: charts, figures that follow, pauses."""

import math
import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from cms.extensions import db
from cms.jobs import tallies
from cms.jobs.models import JobTally

pytestmark = pytest.mark.e2e

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS = {
    "wide": {"locale": "en-US", "color_scheme": "light", "viewport": WIDE},
    "dark": {"locale": "zh-CN", "color_scheme": "dark", "viewport": WIDE},
    "narrow": {"locale": "zh-CN", "color_scheme": "light", "viewport": NARROW},
}

SHOWN = """name => {
  const chart = Chart.getChart(document.querySelector(`[data-chart="${name}"]`));
  return chart.data.datasets.map(({data}) => data.reduce((sum, n) => sum + (n ?? 0), 0));
}"""


@pytest.fixture
def browser_context_args(browser_context_args, request):
    return {**browser_context_args, **LOOKS[getattr(request, "param", "wide")]}


def seen(*looks):
    """Show the pages of a test in these looks, rather than wide, light and in English."""
    return pytest.mark.parametrize("browser_context_args", looks, indirect=True)


@pytest.fixture(scope="module")
def busy(site):
    """A week of pictures and mail, with a bad hour yesterday."""
    with site.inside():
        end = tallies.last_closed()
        for minutes in range(10, 7 * 1440, 7):
            wave = 1 + math.sin(minutes / 230)
            tally = JobTally(begins_at=end - timedelta(minutes=minutes), task="process_image")
            tally.succeeded = round(40 * wave)
            tally.failed = 12 if minutes // 60 == 20 else minutes % 11 == 0
            tally.waited, tally.ran = 30 * wave * wave, 14 * wave
            tally.waited_longest = 3 * wave
            db.session.add(tally)
        db.session.commit()
    return site


@pytest.fixture
def drawn(page, busy, log_in):
    """Open the screen, and wait until the charts are drawn."""
    log_in("administrator")

    def go(span):
        page.goto(f"{busy.url}/admin/queue/?span={span}")
        expect(page.locator("[data-drawn]")).to_have_count(1)

    return go


@seen(*LOOKS)
def test_the_charts_are_sound_and_accessible(page, drawn, axe, shot, request):
    for span in ("hour", "day", "week"):
        drawn(span)
        axe()
        shot(f"queue-{span}-{request.node.callspec.params['browser_context_args']}")
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    page.locator(".numbers summary").click()
    axe()


def test_the_charts_and_the_table_say_the_same(page, drawn):
    drawn("day")
    done, failed = page.evaluate(SHOWN, "ended")
    rows = page.locator("[data-numbers] > tr")
    cells = [row.split("\t") for row in rows.all_inner_texts()]

    assert len(cells) == 96
    assert done > failed > 0
    page.locator(".numbers summary").click()
    columns = [rows.locator(f"td:nth-child({n})").all_inner_texts() for n in (2, 3)]
    assert [sum(map(int, column)) for column in columns] == [done, failed]


def test_the_colours_follow_the_theme(page, drawn):
    drawn("hour")
    chart = "Chart.getChart(document.querySelector('[data-chart=ended]'))"
    fill = f"{chart}.data.datasets[0].backgroundColor"
    light = page.evaluate(fill)
    page.locator("[data-theme-menu] summary").click()
    page.locator("[data-theme-choice=dark]").click()

    page.wait_for_function(f"light => {fill} !== light", arg=light)


@seen("wide")
def test_paused_and_resumed_with_the_banner_on_every_page(page, busy, drawn, axe, shot):
    drawn("hour")
    kind = page.locator("[data-kind=send_email]")
    kind.get_by_role("button").click()
    expect(kind).to_contain_text("Paused by administrator@example.com")
    axe()
    shot("queue-paused")
    page.goto(f"{busy.url}/admin/image/")
    banner = page.locator("[data-pulse]")
    expect(banner).to_contain_text("Paused by administrator@example.com: Send a mail")
    banner.get_by_role("link").click()
    kind.get_by_role("button").click()
    expect(kind.get_by_role("button", name="Pause")).to_be_visible()
    expect(banner).not_to_contain_text("Paused")


def test_the_figures_follow_what_happens(page, busy, drawn):
    page.clock.install()
    drawn("hour")
    with busy.inside():
        at = tallies.last_closed() - timedelta(minutes=2)
        tally = db.session.get(JobTally, (at, "send_email"))
        tally = tally or JobTally(begins_at=at, task="send_email", succeeded=0)
        tally.succeeded += 5_000
        db.session.add(tally)
        db.session.commit()
    page.clock.run_for(16_000)

    expect(page.locator("[data-kind=send_email] [data-cell=succeeded]")).to_have_text(
        re.compile("^5,00")  # and what other tests sent
    )
