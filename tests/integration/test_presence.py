"""Who has what open, whether one is still logged in, and what was saved."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from cms import clock
from cms.accounts import presence
from cms.accounts.presence import Presence
from cms.extensions import db
from cms.media.models import ImagePreset
from tests.factories import make_picture, make_user
from tests.processes import PASSWORD

PRESENT = "/admin/present"


@pytest.fixture
def people(each_ctx):
    """Ada and Ben, on each database."""
    ada, ben = (make_user("editor", f"{name}@example.com") for name in ("ada", "ben"))
    db.session.commit()
    return ada, ben


def test_each_sees_the_other_while_the_page_says_that_it_is_open(people, moment):
    ada, ben = people
    with clock.stopped_at(moment):
        presence.here(ada, "image", "7")
        presence.here(ben, "image", "8")
        assert presence.others(ben, "image", "7") == ["ada@example.com"]
        assert presence.others(ada, "image", "7") == []
        presence.gone(ada, "image", "7")
        assert presence.others(ben, "image", "7") == []
        presence.here(ada, "image", "7")
        presence.here(ada, "image", "7")
    with clock.stopped_at(moment + presence.LASTS):
        assert presence.others(ben, "image", "7") == ["ada@example.com"]
    with clock.stopped_at(moment + presence.LASTS + timedelta(seconds=1)):
        assert presence.others(ben, "image", "7") == []


def test_what_was_open_before_is_forgotten(people, moment):
    ada, _ben = people
    for number in range(3):
        with clock.stopped_at(moment + timedelta(minutes=number)):
            presence.here(ada, "image", str(number))
    db.session.commit()
    assert [row.thing_id for row in db.session.query(Presence)] == ["2"]


@pytest.fixture
def image(ctx):
    image = make_picture()
    db.session.commit()
    return image


def test_a_page_is_told_who_else_has_it_open(client, log_in, ctx, image):
    log_in("editor")
    form = {"screen": "image", "id": image.id}
    assert client.post(PRESENT, data=form).text.strip() == ""
    other, user = ctx.test_client(), make_user("editor", "ben@example.com")
    db.session.commit()
    other.post("/login", data={"email": user.email, "password": PASSWORD})
    other.post(PRESENT, data=form)
    assert "ben@example.com has this open, too." in client.post(PRESENT, data=form).text

    assert other.post(PRESENT, data={**form, "gone": "1"}).status_code == 204
    assert client.post(PRESENT, data=form).text.strip() == ""


def test_a_shipped_preset_is_there_although_it_has_no_row(client, log_in, ctx):
    log_in("administrator")
    form = {"screen": "image_preset", "id": "thumbnail"}
    assert client.post(PRESENT, data=form).status_code == 200
    assert db.session.query(ImagePreset).count() == 0


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "form", [{}, {"screen": "image"}, {"screen": "image", "id": "1,2"}, {"screen": "x", "id": "1"},
             {"screen": "image", "id": "9" * 50}, {"screen": "image", "id": "\x00"}]
)  # fmt: skip
def test_nonsense_is_not_found(client, log_in, ctx, form):
    log_in("editor")
    assert client.post(PRESENT, data=form).status_code == 404
    assert db.session.query(Presence).count() == 0


def test_a_form_is_told_who_is_logged_in_and_gets_a_token(ctx, log_in, client, image):
    user = log_in("editor")
    answer = client.get("/admin/session")
    assert answer.json["user"] == user.id
    assert "no-store" in answer.headers["Cache-Control"]
    form = {"title": "Pier", "csrf_token": answer.json["token"]}
    path = f"/admin/image/edit/?id={image.id}"
    assert client.post(path, data=form, token=False).status_code == 302


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"title": "Pier", "_form": "ab-12"}, "ab-12"),
        ({"title": "", "_form": "ab-12"}, None),
        ({"title": "Pier"}, None),
        ({"title": "Pier", "_form": "a; b"}, None),
    ],
)
def test_the_browser_is_told_what_was_saved(client, log_in, image, form, told):
    log_in("editor")
    client.post(f"/admin/image/edit/?id={image.id}", data=form)
    cookie = client.get_cookie("saved_form")
    assert (cookie and cookie.value) == told


@pytest.mark.case(34)
@pytest.mark.parametrize(
    ("before", "back"),
    [
        ("http://localhost/admin/image/edit/?id=7", "/admin/image/edit/?id=7"),
        ("https://evil.example/admin/", None),
        ("http://localhost//evil.example/", None),
        (None, None),
    ],
)
def test_who_was_logged_out_comes_back_to_the_form(client, before, back):
    answer = client.post("/admin/image/delete/", headers={"Referer": before} if before else {})
    assert answer.status_code == 302
    asked = dict(parse_qsl(urlsplit(answer.location).query))
    assert asked.get("next") == back
