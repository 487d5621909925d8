"""Pages of a list: whichever way one turns them, and whatever the list is sorted by, each
row is on one page and none on two. On each database."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from cms import paging
from cms.accounts.models import User
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from cms.paging import Pages, decoded, encoded, sorts_of
from tests.factories import make_user
from tests.queries import statements

ROWS = 43
SIZE = 5
START = datetime(2026, 1, 1, tzinfo=UTC)


def pictures(seed):
    """Pictures with many ties, and with many columns left empty."""
    luck = random.Random(seed)
    people = [make_user().id for _ in range(2)]
    for number in range(ROWS):
        moment = START + timedelta(microseconds=luck.randrange(4) * 10)
        db.session.add(
            Image(
                title=luck.choice(["a", "A", "ä", "湖", "b'%_\\", ""]),
                filename="a.jpg",
                key=f"{seed} {number}",
                mime="image/jpeg",
                size=luck.choice([0, 7, 2**40]),
                sha256="",
                width=2,
                height=1,
                status=luck.choice(list(ImageStatus)),
                animated=luck.choice([True, False]),
                focal_x=luck.choice([0.1, 1 / 3]),
                phash=luck.choice([None, "0", "f"]),
                look_id=luck.choice([None, 1, 2]),
                owner_id=luck.choice([None, *people]),
                created_at=moment,
                processed_at=luck.choice([None, moment]),
            )
        )
    db.session.commit()


COLUMNS: dict[str, tuple] = {
    name: (getattr(Image, name),)
    for name in (
        "id", "title", "status", "size", "animated", "focal_x", "phash", "look_id", "created_at",
        "processed_at",
    )
}  # fmt: skip
COLUMNS["owner"] = (User.email,)
COLUMNS["two"] = (Image.look_id, Image.phash)


def ordered(name, down):
    query = db.session.query(Image).outerjoin(User, Image.owner_id == User.id)
    for column in (*COLUMNS[name], Image.id):
        query = query.order_by(column.desc() if down else column.asc())
    return query


def mixed():
    query = db.session.query(Image)
    return query.order_by(Image.phash.asc(), Image.look_id.desc(), Image.id.desc())


@pytest.fixture(params=[1, 2])
def filled(each_ctx, request):
    pictures(request.param)


@pytest.fixture(params=[paging.NEAR, 0], ids=["near", "by keys"])
def near(request, monkeypatch):
    """Whether rows are skipped, or their keys."""
    monkeypatch.setattr(paging, "NEAR", request.param)


def orders():
    yield "mixed", mixed()
    for name in COLUMNS:
        for down in (False, True):
            yield f"{name} {'down' if down else 'up'}", ordered(name, down)


def ids(page):
    return [row.id for row in page.rows]


def test_turning_pages_meets_each_row_once(filled, near):
    for name, query in orders():
        plain = [row.id for row in query]
        pages = Pages(query, Image.id, SIZE)
        count = -(-ROWS // SIZE)

        page = pages.page(0)
        there = [page]
        for number in range(1, count + 1):
            page = pages.page(number, page.anchor(number))
            there.append(page)
        assert [key for page in there for key in ids(page)] == plain, name

        page = there[count - 1]
        for number in reversed(range(count - 1)):
            page = pages.page(number, page.anchor(number))
            assert ids(page) == ids(there[number]), name


def test_any_page_is_found_from_any_other_and_from_none(filled, near):
    for name, query in orders():
        plain = [row.id for row in query]
        pages = Pages(query, Image.id, SIZE)
        for here in (0, 3, 6):
            page = pages.page(here)
            for number in range(-(-ROWS // SIZE)):
                expected = plain[number * SIZE : (number + 1) * SIZE]
                assert ids(pages.page(number, page.anchor(number))) == expected, name
        assert pages.page(9).rows == ()


def test_pages_are_counted_from_the_end_too(filled, near):
    for name, query in orders():
        plain = [row.id for row in query]
        pages = Pages(query, Image.id, SIZE)
        page, met = pages.page(-1), []
        assert ids(page) == plain[-SIZE:], name
        for number in range(-2, -11, -1):
            met = ids(page) + met
            page = pages.page(number, page.anchor(number))
        assert met == plain, name


def test_rows_that_come_in_meanwhile_shift_nothing(filled):
    query = ordered("id", down=True)
    pages = Pages(query, Image.id, SIZE)
    plain = [row.id for row in query]
    page = pages.page(0)
    pictures(3)

    assert ids(pages.page(1, page.anchor(1))) == plain[SIZE : 2 * SIZE]


def test_rows_without_a_value_are_found_by_what_is_known_of_them(each_ctx):
    for number in range(12):
        ended = START + timedelta(hours=number % 3) if number % 2 else None
        state = JobState.SUCCEEDED if ended else JobState.QUEUED
        db.session.add(
            Job(id=f"{number:02}", task="t", args=[], kwargs={}, attempts_allowed=1, retry_delay=0,
                state=state, finished_at=ended)
        )  # fmt: skip
    db.session.commit()
    for down in (True, False):
        query = db.session.query(Job)
        for column in (Job.finished_at, Job.id):
            query = query.order_by(column.desc() if down else column.asc())
        known = {"finished_at": Job.state == JobState.QUEUED}
        pages = Pages(query, Job.id, 5, empty=known)
        page, met = pages.page(0), []
        for number in range(1, 4):
            met += ids(page)
            page = pages.page(number, page.anchor(number))
        assert met == [row.id for row in query]


# The anchor in an address


@pytest.mark.parametrize("name", [*COLUMNS])
def test_an_anchor_says_what_it_was_told(ctx, name):
    pictures(1)
    for query in (ordered(name, down=True), ordered(name, down=False)):
        sorts = sorts_of(query, Image.id, {})
        page = Pages(query, Image.id, SIZE).page(3)
        for values in (page.first, page.last):
            assert decoded(encoded(3, values), sorts) == (3, list(values))


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1],
        ["x", "2026-01-01T00:00:00+00:00", 1],
        [1, "yesterday", 1],
        [1, 7, 1],
        [1, None, 1],
        [1, "0001-01-01T00:00:00+14:00", 1],
        [1, "2026-01-01T00:00:00+00:00", "1"],
        [1, "2026-01-01T00:00:00+00:00", 2**70],
        [1, "2026-01-01T00:00:00+00:00", True],
        [1, "2026-01-01T00:00:00+00:00", float("nan")],
        [1, "2026-01-01T00:00:00+00:00", 1, 1],
        [2**70, "2026-01-01T00:00:00+00:00", 1],
        {"page": 1},
        7,
    ],
)
def test_an_anchor_of_no_use_is_none(ctx, values):
    sorts = sorts_of(ordered("created_at", down=True), Image.id, {})
    text = encoded(values[0] if values else 0, values[1:]) if isinstance(values, list) else ""
    assert decoded(text, sorts) is None


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "at", ["", "x", "WzFd", "%00", "é", "W" * 3000, "W1tbW1tbW1tb" * 100, "WzEsInhcdTAwMDAiLDFd"]
)
def test_a_list_does_not_mind_an_anchor_that_somebody_made_up(client, log_in, at):
    pictures(1)
    log_in("editor")
    for sort in ("", "&sort=1", "&sort=6"):
        plain = client.get(f"/admin/image/?page=1&page_size=25{sort}")
        answer = client.get(f"/admin/image/?page=1&page_size=25{sort}&at={at}")
        assert answer.status_code in (200, 400)
        if answer.status_code == 200:
            shown = [text.text.split(' data-id="')[1:] for text in (plain, answer)]
            assert [p[:9] for p in shown[0]] == [p[:9] for p in shown[1]]


def test_a_page_far_off_counts_keys_alone(each_ctx, monkeypatch):
    pictures(1)
    monkeypatch.setattr(paging, "NEAR", 0)
    pages = Pages(ordered("title", down=True), Image.id, SIZE)
    with statements() as seen:
        page = pages.page(4)

    keys, rows = seen
    assert len(page.rows) == SIZE
    assert "sha256" not in keys
    assert "LIMIT" not in rows
