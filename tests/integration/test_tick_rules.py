"""A rule for ticks holds for everything that matches, too: the database knows it."""

import pytest

from cms.admin import bulk
from cms.admin.images import ImageView
from cms.admin.lists import TickRule
from cms.extensions import db
from cms.jobs.models import SelectedThing
from cms.media.models import Image, ImageStatus
from tests.factories import make_picture

ACTION = "/admin/image/action/"


def refusal(image):
    return "It is kept." if image.title == "Kept" else None


@pytest.fixture
def failed(ctx, monkeypatch):
    """Three failed pictures, of which one must not be ticked; their ids by title."""
    images = {}
    for title in ("Harbour", "Kept", "Pier"):
        images[title] = make_picture()
        images[title].title, images[title].status = title, ImageStatus.FAILED
    db.session.commit()
    return {title: image.id for title, image in images.items()}


@pytest.fixture
def known(monkeypatch):
    monkeypatch.setattr(ImageView, "tick_rule", TickRule(refusal, Image.title != "Kept"))


@pytest.fixture
def known_by_row(monkeypatch):
    monkeypatch.setattr(ImageView, "tick_rule", TickRule(refusal))


def chosen():
    return {thing.thing_id for thing in db.session.query(SelectedThing)}


def test_everything_is_all_that_may_be_ticked(client, log_in, failed, known):
    log_in("editor")
    assert 'name="everything"' in client.get("/admin/image/").text
    client.post(ACTION, data={"action": "retry", "everything": "1"})
    assert chosen() == {str(failed["Harbour"]), str(failed["Pier"])}


def test_what_only_a_row_can_tell_is_not_done_to_everything(client, log_in, failed, known_by_row):
    log_in("editor")
    assert 'name="everything"' not in client.get("/admin/image/").text
    answer = client.post(ACTION, data={"action": "retry", "everything": "1"})
    assert answer.status_code == 400
    assert chosen() == set()


@pytest.mark.parametrize("look", ["table", "grid"])
def test_what_may_not_be_ticked_says_why(client, log_in, failed, known, look):
    log_in("editor")
    page = client.get(f"/admin/image/?look={look}").text
    assert page.count('name="rowid"') == 2
    assert f'name="rowid" value="{failed["Kept"]}"' not in page
    assert 'disabled title="It is kept." aria-label="Tick: Kept. It is kept."' in page


@pytest.mark.parametrize("rule", ["known", "known_by_row"])
def test_more_than_a_page_of_ticks_is_looked_through(
    client, log_in, failed, rule, request, monkeypatch
):
    request.getfixturevalue(rule)
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 2)
    log_in("editor")
    answer = client.post(
        ACTION, data={"action": "retry", "rowid": list(failed.values())}, follow_redirects=True
    )
    assert "“Kept” was left alone: It is kept." in answer.text
    assert chosen() == {str(failed["Harbour"]), str(failed["Pier"])}
