"""Who may what, at every address there is: each method, asked by each role and by strangers,
about a thing of one's own and about another's; and what the headers of each answer say. What is
right is worked out from the policy and from what docs/permissions.md says that each address
needs. What exactly is answered is in the tables of test_access.py and those beside it.

`pytest tests/integration/test_matrix.py -s` tells how many cells there are.
"""

import re
from typing import NamedTuple
from urllib.parse import quote_from_bytes

import pytest
from flask import current_app
from sqlalchemy import select

from cms import clock
from cms.accounts.policy import ROLES, known, scope
from cms.accounts.services import datastore, find
from cms.accounts.sessions import LoginSession
from cms.cli.permissions import Door, doors, markdown
from cms.content import addresses, categories, menus, redirects
from cms.content.life import STEPS
from cms.content.models import Article, Page
from cms.editorial import content, trash
from cms.editorial import documents as document_acts
from cms.editorial.exchange import begin_export, begin_import
from cms.editorial.moving import begin as begin_site_import
from cms.editorial.pictures import replace_file
from cms.editorial.tokens import make as make_token
from cms.exchange import sources
from cms.exchange.models import Format
from cms.exchange.sources import Scope
from cms.extensions import db
from cms.jobs import selections
from cms.moving.models import Origin
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from cms.tasks.links import find_links, look_for_due_links
from cms.views.models import SavedView
from cms.webhooks.models import WebhookEndpoint
from tests import documents, pictures
from tests.factories import make_article, make_page, make_picture, make_upload, make_user
from tests.integration.test_access import everything, make_world
from tests.processes import PASSWORD, TOP
from tests.sites import WordPress

OWN, OTHERS = "own", "other's"
STRANGER = "stranger"
PUBLISHED = {"article", "page", "document"}  # what is public of them is not all of them
BYTES = Door(
    "/document/<int:id>/x.pdf", "GET", "", "document", ("read",), "documents.bytes", public=True
)


def make_people(run_jobs):
    """One of each kind that nobody owns; one of each that is owned, for each role and for another
    person: ids by owner and by what they are called here."""
    nobodys = make_world(run_jobs)
    nobodys |= {
        "category": categories.create("Travel").id,
        "tag": make_article(tags=["sea"]).tags[0].id,
        "menu": menus.get("main", "en").id,
        "redirect": redirects.add("/old", "/new").id,
    }
    db.session.commit()
    people = {who: make_things(who) for who in (*ROLES, "another")}
    connect(people, run_jobs)
    db.session.get(WebhookEndpoint, nobodys["webhook"]).events = []  # nobody is called
    db.session.commit()
    run_jobs()
    return {"nobody": nobodys, "cookies": {role: cookie_of(role) for role in ROLES}, **people}


def cookie_of(role):
    """A cookie of the person of a role, who stays logged in."""
    client = current_app.test_client()
    client.post("/login", data={"email": f"{role}@example.com", "password": PASSWORD})
    return client.get_cookie("session").value


def name_of(kind, who):
    """What is shown of a thing to those alone who may see it."""
    return f"Hidden {kind} of {who}"


def make_things(who):
    """All that somebody may own, whatever they may do with it now."""
    owner = make_user("administrator", f"{who}@example.com")
    made = {"image": make_picture(owner=owner), "image_trash": make_picture(owner=owner)}
    trash.delete_picture(made["image_trash"], owner)
    replace_file(made["image"], make_upload(pictures.jpeg(80, 60)), owner)
    for kind, make in (("article", make_article), ("page", make_page)):
        hidden = {"title": name_of(kind, who)}
        made |= {kind: make(owner, **hidden), f"{kind}_trash": make(owner, **hidden)}
        made[f"live_{kind}"] = make(owner)
        content.delete(made[f"{kind}_trash"], owner)
        content.take(made[f"live_{kind}"], "publish", owner)
        content.prepare(made[f"live_{kind}"], owner, **hidden)
    for name in ("document", "document_trash"):
        file = make_upload(documents.pdf(), name_of("document", who))
        made[name] = document_acts.upload([file], owner, private=True, again=True).taken[0][0]
    made["document_trash"].deleted_at = clock.now()
    made["login_session"] = LoginSession(user_id=owner.id, digest=who)
    db.session.add(made["login_session"])
    made["saved_view"] = SavedView(list="image", name=who, owner_id=owner.id, shared=True, query={})
    db.session.add(made["saved_view"])
    resolve, of = selections.find("notification", "resolve"), sources.find("image")
    table, export = (
        make_upload(b"ID,Title\n1,x\n", name_of("import", who)),
        make_upload(WordPress().xml(), name_of("site_import", who)),
    )
    made |= {
        "selection": selections.choose(resolve, select(AdminNotification.id), owner)[0],
        "export": begin_export(of, owner, Scope("all"), ["id"], Format.CSV),
        "import": begin_import(of, owner, table),
        "site_import": begin_site_import(Origin.WORDPRESS, owner, export),
        "api_token": make_token(owner, name_of("api_token", who), ["pictures:read"], None)[0],
    }
    owner.roles = [datastore.find_or_create_role(who if who in ROLES else "editor")]
    db.session.flush()
    return {name: thing.id for name, thing in made.items()}


def connect(people, run_jobs):
    """Let what another hides use what others own, say the same in another language, and be
    linked to and link from what is live: what is told of these must not tell of that."""
    another = find("another@example.com")
    documents_there = [f"/document/{things['document']}/x.pdf" for things in people.values()]
    pictures_there = [f'<img data-picture="{it["image"]}" alt="">' for it in people.values()]
    body = _linking(*documents_there) + "".join(f"<p>{it}</p>" for it in pictures_there)
    texts = {}
    for kind, model, make in (("article", Article, make_article), ("page", Page, make_page)):
        hidden = {"title": name_of(kind, "another")}
        texts[kind] = db.session.get(model, people["another"][kind])
        content.save(texts[kind], another, body=body)
        for things in people.values():
            other = db.session.get(model, things[kind])
            if kind == "page" and other is not texts[kind]:
                content.save(other, another, parent_id=texts[kind].id)
            content.create(
                model, another, language="zh_Hans_CN", translation_of=other, body=body, **hidden
            )
        texts[f"was_live_{kind}"] = make(another, body=_linking("/en/nowhere"), **hidden)
        content.take(texts[f"was_live_{kind}"], "publish", another)
    linking = make_article(
        another, body=_linking(*map(addresses.of, texts.values()), *documents_there)
    )
    content.take(linking, "publish", another)
    find_links.submit()
    db.session.commit()
    run_jobs()
    for kind in ("article", "page"):
        content.take(texts[f"was_live_{kind}"], "unpublish", another)
    look_for_due_links(huey)
    run_jobs()


def _linking(*hrefs):
    return "".join(f'<p><a href="{href}">there</a></p>' for href in hrefs)


@pytest.fixture
def world(once, run_jobs):
    return once(make_people, run_jobs)


# Which thing an address is asked about, by the first half of its endpoint, where that is not its
# name.
THINGS = {
    "alt_text": "image",
    "pictures": "image",
    "articles": "article",
    "pages": "page",
    "documents": "document",
    "token": "api_token",
    "tokens": "api_token",
    "categories": "category",
    "tags": "tag",
    "menus": "menu",
    "redirects": "redirect",
    "jobs": "job",
    "notifications": "notification",
    "webhook_delivery": "call",
    "audit_entry": "trail",
}
# What must be sent before a thing is looked at, by endpoint or by its first half.
SENT = {
    "admin.present": {"screen": "image", "id": "{image}"},
    "alt_text.save": {"text-{id}": "x"},
    "article.restore": {"number": "1"},
    "export.begin": {"source": "image", "which": "all", "format": "csv", "column": "id"},
    "export.new": {"source": "image"},
    "image_preset": {"id": "card", "rowid": "card"},
    "image.remove_version": {"version": "1"},
    "image.restore": {"version": "1"},
    "import.begin": {"source": "image"},
    "import.new": {"source": "image"},
    "job.run": {"id": "{early}"},
    "library.mend": {"what": "failed"},
    "menu": {"name": "main", "language": "en"},
    "page.restore": {"number": "1"},
    "queue": {"task": "process_image"},
    "saved_view": {"list": "image", "name": "x"},
    "schedule": {"id": "prune"},
    "user.end_log_in": {"log_in": "{login_session}"},
    "worker": {"id": "{worker}"},
}
BODIES = {
    "comment": {"comment": "x"},
    "merge": {"into": 1},
    "put": {"items": []},
    "schedule": {"publish_at": "2030-01-01T00:00:00"},
    "take": {},
}
# Pages that are about no thing, or of whose things everybody gets their part.
WHOLE = {
    *("index", "index_view", "create_view", "ajax_lookup", "look_up", "upload", "begin", "new"),
    *("empty", "links", "tags", "pictures", "archive", "choose", "keys", "embed", "end_others"),
    *(
        "document.status",
        "export.status",
        "image.status",
        "import.status",
        "site_import.status",
        "saved_view.save",
    ),
}
# They ask the policy about another kind, too.
ALSO = {"site_import.archive": ("site_archive", "create")}
# Whoever is let in is told that there is none: of that name, in that state.
NONE_THERE = {
    *("ajax_lookup", "look_up", "link.again", "image_trash.preview"),
    *("article.ajax_update", "page.ajax_update", "redirect.ajax_update", "user.ajax_update"),
    "login_session.end",  # administrators end those of others on the page of the person
}

ADMITTED = {200, 201, 202, 204, 302, 400, 409, 415, 422, 428}
LEFT_ALONE = {200, 302}  # by a bulk action, which says of how many


class Cell(NamedTuple):
    """A door, who knocks, and whose the thing is that they ask about."""

    door: Door
    asker: str
    owner: str

    def __str__(self):
        return " ".join((*self.door[:3], self.asker, self.owner))

    @property
    def about_a_thing(self):
        if self.door == BYTES or self.door.address.startswith("/api/"):
            return "<" in self.door.address
        if self.door.kind == "admin":
            return False
        return not {self.door.endpoint, self.door.endpoint.partition(".")[2]} & WHOLE

    @property
    def about_what_is_live(self):
        return "_changes_of_" in self.door.endpoint

    @property
    def thing(self):
        screen = self.door.endpoint.partition(".")[0]
        thing = THINGS.get(screen, screen)
        return f"live_{thing}" if self.about_what_is_live else thing

    @property
    def to_be_done(self):
        step = STEPS.get(self.door.address.rpartition("/steps/")[2])
        return (step.action,) if step else self.door.actions

    @property
    def right(self):  # noqa: PLR0911 - one rule after the other
        """The codes that are right; of those who are let in, any but those of a refusal."""
        door = self.door
        if self.asker == STRANGER and not door.public:
            return {401} if door.address.startswith("/api/") else {302}
        if not door.kind or (door.public and door.kind not in PUBLISHED):
            return ADMITTED
        needs = [(door.kind, door.actions)]
        if door.endpoint in ALSO:
            kind, action = ALSO[door.endpoint]
            needs.append((kind, (action,)))
        if not (door.public or all(self._scope(*it) for it in needs)):
            return {403}
        if not self.about_a_thing:
            return ADMITTED
        seen = "all"
        if "view" in known()[door.kind] and not self.about_what_is_live:
            seen = self._scope(door.kind, ("view",))
        if not self._covers(seen):
            return LEFT_ALONE if door.act else {404}
        if door.actions == ("read",) or self._covers(self._scope(door.kind, self.to_be_done)):
            return ADMITTED
        return LEFT_ALONE if door.act else {403}

    def _scope(self, kind, actions):
        scopes = {scope(self.asker, action, kind) for action in actions}
        return max(scopes - {None}, key=("own", "all").index, default=None)

    def _covers(self, granted):
        return granted == "all" or (granted == "own" and self.owner == OWN)

    def ask(self, client, world):
        """Send the request, and return its answer."""
        screen, _dot, name = self.door.endpoint.partition(".")
        of = "another" if self.owner == OTHERS or self.asker == STRANGER else self.asker
        ids = {**world["nobody"], **world[of]}
        number = ids.get(self.thing, 1)
        path = re.sub(r"<(?:int|string\(.*\)):id>", str(number), self.door.address)
        path = path.replace("<int:number>", "1")
        options = {"method": self.door.method}
        if path.startswith("/api/"):
            options["headers"] = {"If-Match": "*"}
            if self.door.method in {"POST", "PUT", "PATCH"}:
                options["json"] = BODIES.get(name.partition("_")[0], {"title": "x"})
            return client.open(path, **options)
        sent = {"id": number, "ids": number, "rowid": number, "action": self.door.act}
        sent |= {"column": "title", "value": "x", "seen": "x", "language": "zh_Hans_CN"}
        sent |= {"query": "Hidden", "limit": "50"}
        sent |= SENT.get(screen, {}) | SENT.get(self.door.endpoint, {})
        sent = {key.format(id=number): str(it).format(**ids) for key, it in sent.items()}
        if self.door.method == "POST":
            options["data"] = sent
        if self.door.method == "GET":
            options["base_url"] = "https://localhost"
        return client.open(path, query_string=sent, **options)

    def leaks(self, answer):
        """Which things of another person an answer tells of that the asker may not see."""
        if not (answer.mimetype or "").endswith(("html", "json")):
            return []
        if self.door.kind == "audit_entry":  # which tells what everybody did, and to what
            return []
        unseen = (it for it in known() if scope(self.asker, "view", it) != "all")
        return [it for it in unseen if name_of(it, "another") in answer.text]

    def answered(self, client, world):
        """Ask; return the code, if it is not right, or what the headers lack."""
        with self.ask(client, world) as answer:
            code = answer.status_code
            if lacks := lacking(answer, private=not self.door.public) + self.leaks(answer):
                return lacks
            if self.asker != STRANGER and (answer.location or "").startswith("/login"):
                return "to log in"
        if code == 404 and {self.door.endpoint, self.door.endpoint.partition(".")[2]} & NONE_THERE:
            code = 200 if self.right == ADMITTED else code
        return None if code in self.right else code


def _each_step(door):
    """An address that takes a text from state to state, once for each of them."""
    steps = re.search(r"<any\((.*)\):step>", door.address)
    if steps is None:
        return [door]
    named = steps[1].split(",")
    return [door._replace(address=door.address.replace(steps[0], name)) for name in named]


def cells_of(app, asker, owned):
    """Every door: with each owner, if it is about a thing that somebody owns."""
    found = (
        Cell(one, asker, owner)
        for door in (*doors(app), BYTES)
        for one in _each_step(door)
        for owner in (OTHERS, OWN)
    )
    both = (it for it in found if it.door.kind)
    return [it for it in both if it.owner == OTHERS or (it.about_a_thing and it.thing in owned)]


NONCE = re.compile(r"'nonce-[\w-]{20,}'")


def lacking(answer, *, private):
    """Which of the headers that every answer must carry are not as they must be."""
    got = answer.headers
    policy = got.get("Content-Security-Policy", "")
    parts = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
    page = answer.mimetype == "text/html" and "sandbox" not in parts
    nonces = NONCE.findall(" ".join(parts.get("script-src", ())))
    right = {
        "a policy": parts.get("default-src") in (["'self'"], ["'none'"]),
        "nothing unsafe": "unsafe-" not in policy and " *" not in policy,
        "a nonce": not page or nonces or "<script" not in answer.text,
        "no frames": parts.get("frame-ancestors") == ["'none'"],
        "nosniff": got.get("X-Content-Type-Options") == "nosniff",
        "a referrer policy": got.get("Referrer-Policy") == "same-origin",
        "a permissions policy": "camera=()" in got.get("Permissions-Policy", ""),
        "an opener policy": got.get("Cross-Origin-Opener-Policy") == "same-origin",
        "to be private": not private
        or answer.cache_control.private
        or answer.cache_control.no_store,
        "HTTPS": answer.request.scheme == "http" or "Strict-Transport-Security" in got,
    }
    return [what for what, it in right.items() if not it]


def told(wrong):
    return "\n".join(f"{cell}: {code}" for cell, code in wrong.items())


@pytest.mark.case(32)
@pytest.mark.parametrize("asker", [STRANGER, *ROLES])
def test_every_address_answers_as_documented(ctx, client, world, once, run_jobs, asker):
    if asker != STRANGER:
        client.set_cookie("session", world["cookies"][asker])
    cells = cells_of(ctx, asker, world["another"])
    print(f"\n{asker}: {len(cells)} cells")  # noqa: T201 - for whoever asks by -s
    closed = [it for it in cells if it.right != ADMITTED]
    before = everything()
    wrong = {str(it): code for it in closed if (code := it.answered(client, world))}
    assert not wrong, told(wrong)
    assert everything() == before

    for cell in cells:
        if cell.right != ADMITTED:
            continue
        # What earlier ones did may stand in the way of this one.
        if cell.answered(client, world):
            once(make_people, run_jobs)
            if code := cell.answered(client, world):
                wrong[str(cell)] = code
    assert not wrong, told(wrong)
    assert len(cells) > 400


def test_the_page_of_who_may_do_what_is_as_the_program_is(ctx):
    told = (TOP / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert told == markdown(ctx), "flask cms permissions > docs/permissions.md"


# What is odd, and what is forged

# In the address and in a form, wherever something is read from there.
IN_ADDRESSES = (
    *("id", "ids", "page", "search", "name", "query", "tab", "sort", "version", "language"),
    *("source", "span", "cursor", "marks", "limit", "at", "url"),
)
IN_FORMS = ("id", "rowid", "title", "value", "column", "to", "name", "number", "list", "seen")
ODD = ("\x00", "1" + "0" * 20, "\ud800")


@pytest.fixture
def reachable(ctx, client, world):
    """Every address and method that needs no part filled in, for an administrator."""
    client.set_cookie("session", world["cookies"]["administrator"])
    return sorted({(it.address, it.method) for it in doors(ctx) if "<" not in it.address})


@pytest.mark.case(33)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_is_odd_is_no_error_of_ours(client, reachable, odd):
    given = odd.encode("utf-8", "surrogatepass")
    query = "&".join(f"{name}={quote_from_bytes(given)}" for name in IN_ADDRESSES)
    form = {"data": dict.fromkeys(IN_FORMS, given)}
    failed = {}
    for address, method in reachable:
        sent = form if method == "POST" else {}
        with client.open(f"{address}?{query}", method=method, **sent) as answer:
            if answer.status_code >= 500 and address != "/readyz":
                failed[method, address] = answer.status_code
    assert failed == {}


@pytest.mark.case(33)
@pytest.mark.parametrize("body", [["x"], {"id": ["1"], "title": {"a": 1}}], ids=repr)
def test_json_in_place_of_a_form_is_no_error_of_ours(client, reachable, body):
    posts = [(address, method) for address, method in reachable if method != "GET"]
    codes = {
        it: client.open(it[0], method=it[1], json=body).status_code
        for it in posts
        if it[0] not in {"/admin/image/trash/empty", "/logout"}
    }
    assert {it: code for it, code in codes.items() if code >= 500} == {}


@pytest.mark.case(31)
def test_nothing_is_written_without_a_token(ctx, client, reachable):
    before = everything()
    for door in doors(ctx):
        if door.method != "GET":
            path = door.address
            for part in ("<int:id>", "<int:number>", "<string(maxlength=36):id>"):
                path = path.replace(part, "1")
            path = path.partition("<any")[0] + ("publish" if "<any" in path else "")
            answer = client.open(path, method=door.method, json={"title": "x"}, token=False)
            assert answer.status_code in (400, 415), (door.method, path)
    assert everything() == before
