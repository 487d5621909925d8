"""The history of a thing on its own pages, and the trail narrowed to it."""

import re
from urllib.parse import urlencode

import pytest

from cms.accounts.policy import ROLES, may
from cms.admin import history, subjects
from cms.audit.models import AuditEntry
from cms.audit.services import note
from cms.content import menus
from cms.content.models import Tag
from cms.editorial import shelves
from cms.exchange.sources import Scope, find
from cms.extensions import db
from cms.imaging.presets import SHIPPED
from cms.jobs.models import Job
from cms.media import presets
from cms.webhooks.models import WebhookEndpoint
from tests.factories import make_article, make_page, make_picture, make_user
from tests.queries import statements

TRAIL = "/admin/audit_entry/"


@pytest.fixture
def things(client, log_in):
    """One thing of each kind that has a page, as an administrator finds them: name and page."""
    by = log_in("administrator")
    picture = make_picture(filename="harbour.jpg", owner=by)
    category = shelves.create_category(by, title="Boats", language="en")
    tag = Tag(title="sea", slug="sea", language="en")
    redirect = shelves.add_redirect(by, "/old", "/en/new")
    hook = WebhookEndpoint(name="Shop", url="https://shop.example/")
    menu = menus.get("main", "en")
    preset = presets.as_row(SHIPPED[1])
    db.session.add_all([tag, hook, preset])
    db.session.commit()
    found = {
        "/admin/image/edit/?id={id}": picture,
        "/admin/image/details/?id={id}": picture,
        "/admin/article/edit/?id={id}": make_article(by),
        "/admin/page/edit/?id={id}": make_page(by),
        "/admin/page/details/?id={id}": make_page(by),
        "/admin/category/edit/?id={id}": category,
        "/admin/tag/edit/?id={id}": tag,
        "/admin/redirect/edit/?id={id}": redirect,
        "/admin/menu/edit/?name=main&language=en": menu,
        "/admin/image_preset/edit/?id=thumbnail": preset,
        "/admin/webhook/edit/?id={id}": hook,
        "/admin/webhook/details/?id={id}": hook,
        "/admin/user/edit/?id={id}": by,
        "/admin/user/details/?id={id}": by,
        "/admin/job/details/?id={id}": db.session.query(Job).first(),
    }
    db.session.query(AuditEntry).delete()
    for thing in {id(it): it for it in found.values()}.values():
        note("edit", thing.__tablename__, str(thing.id), title=["Old <b>", "New"])
    db.session.commit()
    return {page.format(id=thing.id): thing for page, thing in found.items()}


def panel(text):
    return text.partition('id="past-title"')[2].partition("</section>")[0]


def test_each_page_of_a_thing_tells_what_became_of_it(client, things):
    for page, thing in things.items():
        shown = panel(client.get(page).text)
        assert "<del>Old &lt;b&gt;</del>" in shown, page
        assert "<ins>New</ins>" in shown, page
        whole = {"flt0_thing_kind_is": thing.__tablename__, "flt1_thing_id_is": thing.id}
        address = f"{TRAIL}?{urlencode(whole)}"
        assert address in shown.replace("&amp;", "&"), page
        assert client.get(address).text.count("data-id=") == 1, page


def test_the_trail_leads_to_each_of_them(client, things):
    listed = client.get(f"{TRAIL}?page_size=50").text.replace("&amp;", "&")
    pages = set(re.findall(r'href="(/admin/[^"]+)"', listed))
    kinds = {it.__tablename__ for it in things.values()}
    assert {page.split("/")[2] for page in pages & set(things)} == {
        {"webhook_endpoint": "webhook"}.get(kind, kind) for kind in kinds
    }


def test_the_newest_twenty_come_first(client, log_in):
    log_in("administrator")
    tag = Tag(title="sea", slug="sea", language="en")
    db.session.add(tag)
    db.session.flush()
    for number in range(25):
        note("edit", "tag", str(tag.id), title=[f"a{number}", f"b{number}"])
    db.session.commit()
    shown = panel(client.get(f"/admin/tag/edit/?id={tag.id}").text)
    assert re.findall(r"<ins>b(\d+)</ins>", shown) == [str(it) for it in range(24, 4, -1)]


def test_who_may_read_the_trail_sees_histories():
    """What others did, and from where, is the business of those who let people in."""

    class Person:
        is_authenticated = active = True
        id = 1

        def __init__(self, role):
            self.roles = [type("Role", (), {"name": role})]

    assert [may(Person(role), "view", history.TRAIL) for role in ROLES] == [0, 0, 0, 1]


def test_others_see_none_and_pay_nothing(client, log_in):
    log_in("editor")
    picture = make_picture()
    note("edit", "image", str(picture.id), title=["Old", "New"])
    db.session.commit()
    with statements() as sql:
        text = client.get(f"/admin/image/edit/?id={picture.id}").text
    assert "past-title" not in text
    assert not [one for one in sql if "audit_entry" in one]


def test_a_history_is_one_query_however_long_it_is(client, log_in):
    log_in("administrator")
    picture = make_picture()
    page = f"/admin/image/edit/?id={picture.id}"
    for number in range(12):
        note("edit", "image", str(picture.id), title=[str(number), "New"], size=[1, 2])
    db.session.commit()
    client.get(page)
    with statements() as sql:
        assert panel(client.get(page).text).count("<li>") > 10
    assert len([one for one in sql if "audit_entry" in one]) == 1


def test_values_are_told_as_the_screen_says_them(client, log_in):
    by = log_in("administrator")
    many = {f"field{number}": number for number in range(10)}
    note("edit", "user", str(by.id), name=["", "Ada"], state=["active", "off"], **many)
    note("disable", "user", str(by.id), email="x" * 900)
    db.session.commit()
    shown = panel(client.get(f"/admin/user/details/?id={by.id}").text)
    assert "<dt>Full name</dt>" in shown
    assert "<dd>Ada</dd>" in shown, "where nothing was before"
    assert "<ins>Switched off</ins>" in shown, "as the state is called"
    assert "4 more values" in shown
    assert "x" * history.LONGEST_VALUE + "…" in shown


# The trail as a list


@pytest.fixture
def trail(client, log_in):
    """The trail of four acts; what a narrowed list shows of them."""
    by = log_in("administrator")
    anna = make_user("editor", email="anna@example.com")
    db.session.query(AuditEntry).delete()
    acts = [
        {"user_email": by.email, "action": "edit", "thing_kind": "image", "thing_id": "1"},
        {"user_email": anna.email, "action": "delete", "thing_kind": "image", "thing_id": "11"},
        {"user_email": anna.email, "action": "edit", "thing_kind": "page", "thing_id": "1"},
        {"action": "purge", "thing_kind": "page", "thing_id": "2", "face": "job"},
    ]
    for number, act in enumerate(acts, 1):
        given = {"face": "admin", "address": f"192.0.2.{number}", **act}
        db.session.add(AuditEntry(changes={"number": number}, **given))
    db.session.commit()
    db.session.expire_all()
    ids = [entry.id for entry in db.session.query(AuditEntry).order_by("id")]

    def shown(**narrowed):
        query = "&".join(f"flt0_{name}={value}" for name, value in narrowed.items())
        found = re.findall(r'data-id="(\d+)"', client.get(f"{TRAIL}?{query}").text)
        return sorted(ids.index(int(it)) + 1 for it in found)

    return shown


@pytest.mark.parametrize(
    ("narrowed", "left"),
    [
        ({"user_email_has": "anna"}, [2, 3]),
        ({"action_is": "edit"}, [1, 3]),
        ({"thing_kind_is": "page"}, [3, 4]),
        ({"thing_id_is": "1"}, [1, 3]),
        ({"face_is": "job"}, [4]),
        ({"address_has": "192.0.2.2"}, [2]),
        ({"at_since": "2000-01-01"}, [1, 2, 3, 4]),
        ({"at_until": "2000-01-01"}, []),
    ],
)
def test_the_trail_is_narrowed(trail, narrowed, left):
    assert trail(**narrowed) == left


def test_what_is_exported_is_what_the_list_shows(trail):
    admin = db.session.query(AuditEntry).order_by("id").first().user_email
    by = db.session.query(type(make_user())).filter_by(email=admin).one()
    source = find("audit_entry")
    names = [column.name for column in source.columns_out(by)]
    assert {"user_email", "face", "address", "action", "thing_kind", "thing_id", "at"} < set(names)
    rows = source.rows_out(
        by, Scope("shown", "flt0_thing_id_is=1&flt1_face_is=admin"), ["thing_kind"]
    )
    assert sorted(kind for _id, kind in db.session.execute(rows)) == ["image", "page"]


def test_what_is_gone_is_named_and_leads_nowhere(client, log_in):
    log_in("administrator")
    note("purge", "image", "999999", title="Harbour")
    note("edit", "job", "no-such-job")
    note("refuse", "address", "job.retry")
    note("edit", "something_new", "7")
    db.session.commit()
    text = client.get(TRAIL).text
    for words in ("Picture: Harbour", "Job no-such-job", "Address job.retry", "something_new 7"):
        assert words in text
    assert "id=999999" not in text
    assert "id=no-such-job" not in text


def test_who_did_it_is_somebody_or_nobody(client, log_in):
    log_in("administrator")
    db.session.query(AuditEntry).delete()
    db.session.commit()
    client.application.test_client().post("/login", data={"email": "x", "password": "y"})
    note("purge", "image", "7")
    db.session.commit()
    text = client.get(TRAIL).text
    assert "a stranger" in text, "a log-in that was refused"
    assert "by itself" in text, "a job or a command"


def test_the_pages_that_subjects_lead_to_are_there(ctx):
    assert {it.endpoint for it in subjects.KINDS.values()} <= set(ctx.view_functions)
