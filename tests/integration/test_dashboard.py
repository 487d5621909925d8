"""The first page: each number leads to what it counts; first steps until one has had enough."""

import re

import pytest

from cms.accounts.models import DismissedHint
from cms.audit.models import AuditEntry
from cms.editorial.retries import retry_job
from cms.extensions import db
from tests.factories import make_picture
from tests.failures import fail_job

CARD = re.compile(
    r'<a class="count[^"]*" href="([^"]+)">.*?count-number">([^<]*)<.*?count-words">([^<]*)<',
    re.DOTALL,
)


@pytest.fixture
def cards(client):
    """The cards as words, with their number and where they lead."""

    def read():
        found = CARD.findall(client.get("/admin/").text)
        return {words: (number, address.replace("&amp;", "&")) for address, number, words in found}

    return read


def test_a_card_leads_to_as_many_rows_as_it_counts(client, log_in, cards):
    log_in("editor")
    for title in ("Harbour", "Pier"):
        make_picture(filename=f"{title}.jpg")
    db.session.commit()
    shown = cards()
    for words in ("Waiting", "Failed", "Without alternative text"):
        number, address = shown[words]
        if address.startswith("/admin/image/"):
            assert client.get(address).text.count("data-id=") == int(number), words
    assert shown["Without alternative text"][0] == "2"


def test_a_failed_job_that_was_tried_again_counts_as_its_retry(client, log_in, cards):
    log_in("administrator")
    first = fail_job()
    retry_job(first)
    fail_job("wolf")
    db.session.commit()
    shown = cards()
    number, address = shown["Failed"]
    assert number == "1"
    assert client.get(address).text.count("data-id=") == 1


@pytest.mark.parametrize(
    ("role", "there", "away"),
    [("viewer", "Ready", "Free on the disk"), ("editor", "Free on the disk", "Open notifications"),
     ("administrator", "Open notifications", "Nothing")],
)  # fmt: skip
def test_people_see_numbers_of_what_they_may_open(log_in, cards, role, there, away):
    log_in(role)
    assert there in cards()
    assert away not in cards()


def test_ones_own_uploads_are_shown_with_a_way_to_all_of_them(client, log_in):
    user = log_in("author")
    make_picture(filename="mine.jpg", owner=user)
    make_picture(filename="theirs.jpg")
    db.session.commit()
    page = client.get("/admin/").text
    assert "mine" in page.partition("Your newest uploads")[2]
    listed = client.get(f"/admin/image/?flt0_owner_of={user.id}").text
    assert 'data-name="mine"' in listed
    assert 'data-name="theirs"' not in listed


def test_without_pictures_it_says_what_to_do(client, log_in):
    log_in("author")
    assert "There are no pictures yet." in client.get("/admin/").text


def test_the_first_steps_go_for_who_dismisses_them_and_stay_for_others(client, log_in):
    user = log_in("editor")
    assert "First steps" in client.get("/admin/").text
    for _press in range(2):
        assert client.post("/admin/dismiss-hint").status_code == 302
    assert "First steps" not in client.get("/admin/").text
    assert [row.user_id for row in db.session.query(DismissedHint)] == [user.id]
    assert db.session.query(AuditEntry).filter_by(action="dismiss_hint").count() == 2
    client.post("/logout")
    log_in("author")
    assert "First steps" in client.get("/admin/").text
