"""Days are those of the reader's own calendar, as the times on the page are."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask_babel import get_timezone

from cms.admin.filters import Since, Until
from cms.extensions import db
from cms.media.models import Image
from tests.factories import make_picture


@pytest.fixture
def zone(ctx):
    """Ask, as a reader whose browser is in a zone."""

    def go(name):
        return ctx.test_request_context(headers={"Cookie": f"cms_zone={name}"})

    return go


def test_a_day_of_a_search_item_is_one_where_the_reader_is(client, log_in):
    log_in("editor")
    make_picture(filename="evening.jpg").created_at = datetime(2026, 1, 1, 20, 0, tzinfo=UTC)
    make_picture(filename="noon.jpg").created_at = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
    db.session.commit()

    def on(day, where=None):
        client.set_cookie("cms_zone", where or "")
        query = f"flt0_created_at_since={day}&flt1_created_at_until={day}"
        return re.findall(r'data-name="([^"]*)"', client.get(f"/admin/image/?{query}").text)

    assert (on("2026-01-01"), on("2026-01-02")) == (["evening"], ["noon"])
    assert on("2026-01-02", "Asia/Shanghai") == ["noon", "evening"]
    assert on("2026-01-01", "Asia/Shanghai") == []
    assert on("2026-01-02", "Pacific/Kiritimati") == ["evening"]  # fourteen hours ahead


@pytest.mark.case(30)
@pytest.mark.parametrize(
    ("name", "day", "begins", "hours"),
    [
        ("Asia/Shanghai", "2026-01-02", "2026-01-01 16:00", 24),
        ("Europe/Berlin", "2026-03-29", "2026-03-28 23:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24 22:00", 25),
        ("Africa/Cairo", "2026-04-24", "2026-04-23 22:00", 23),  # it has no midnight
        ("America/Havana", "2026-11-01", "2026-11-01 04:00", 25),  # it has two: the first
        ("Asia/Kathmandu", "2026-01-02", "2026-01-01 18:15", 24),
    ],
)
def test_a_day_is_as_long_as_it_is(zone, name, day, begins, hours):
    with zone(name):
        since, until = (kind(Image.created_at, "").clean(day) for kind in (Since, Until))
    assert f"{since:%Y-%m-%d %H:%M}" == begins
    assert until - since == timedelta(hours=hours)


def test_a_date_without_a_time_is_the_same_everywhere(zone):
    class Day:
        type = db.Date()

    with zone("Pacific/Kiritimati"):
        assert Since(Day, "").clean("2026-01-02") == date(2026, 1, 2)


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "../../etc/passwd", "/etc/passwd", "Asia", "\xe9", "x" * 4000]
)
def test_what_is_no_zone_counts_as_the_installations_own(zone, set_setting, name):
    set_setting(time_zone="Asia/Shanghai")
    with zone(name):
        assert str(get_timezone()) == "Asia/Shanghai"


def test_a_job_has_no_reader(ctx, set_setting):
    set_setting(time_zone="Asia/Shanghai")
    assert str(get_timezone()) == "Asia/Shanghai"


def test_pages_of_the_administration_ask_for_the_zone_and_public_ones_do_not(client, log_in):
    log_in("editor")
    assert 'data-zone-cookie="cms_zone"' in client.get("/admin/").text
    assert "cms_zone" not in client.get("/").text
