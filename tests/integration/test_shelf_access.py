"""Who may open what orders the site, and change it: every address of these screens."""

from urllib.parse import urlsplit

import pytest

from cms.accounts.policy import ROLES
from cms.content import categories, redirects
from cms.editorial import documents as acts
from cms.extensions import db
from tests import documents
from tests.factories import make_article, make_upload, make_user

V, A, E, D = ROLES
READERS = {V: 403, A: 200, E: 200, D: 200}
EDITORS = {V: 403, A: 403, E: 200, D: 200}
ADMINISTRATORS = {V: 403, A: 403, E: 403, D: 200}
ALL = dict.fromkeys(ROLES, 200)
NOT_THERE = dict.fromkeys(ROLES, 404)

PAGES = {
    "/admin/category/": READERS,
    "/admin/category/edit/?id={category}": EDITORS,
    "/admin/category/edit/?id=999": {V: 403, A: 403, E: 404, D: 404},
    "/admin/category/new/": EDITORS,
    "/admin/category/remove?id={category}": EDITORS,
    "/admin/category/details/?id={category}": NOT_THERE,
    "/admin/tag/": READERS,
    "/admin/tag/edit/?id={tag}": EDITORS,
    "/admin/tag/new/": NOT_THERE,
    "/admin/tag/merge?id={tag}": EDITORS,
    "/admin/tag/others?id={tag}": EDITORS,
    "/admin/tag/details/?id={tag}": NOT_THERE,
    "/admin/menu/": EDITORS,
    "/admin/menu/edit/?name=main&language=en": EDITORS,
    "/admin/menu/edit/?name=none&language=en": {V: 403, A: 403, E: 404, D: 404},
    "/admin/menu/find?language=en&query=x": EDITORS,
    "/admin/redirect/": EDITORS,
    "/admin/redirect/edit/?id={redirect}": EDITORS,
    "/admin/redirect/new/": EDITORS,
    "/admin/redirect/details/?id={redirect}": NOT_THERE,
    "/admin/site-settings/": ADMINISTRATORS,
    "/admin/document/": ALL,
    "/admin/document/status?ids={document},{private}": ALL,
    "/admin/document/details/?id={document}": ALL,
    "/admin/document/details/?id={private}": {V: 404, A: 404, E: 200, D: 200},
    "/admin/document/edit/?id={document}": EDITORS,
    "/admin/document/edit/?id={private}": {V: 403, A: 404, E: 200, D: 200},
    "/admin/document/new/": NOT_THERE,
    "/admin/document/preview?id={document}": NOT_THERE,  # its job has not run
    "/admin/document/trash/": EDITORS,
    "/admin/document/trash/new/": NOT_THERE,
    "/admin/document/trash/edit/?id={document}": NOT_THERE,
    "/admin/document/trash/details/?id={document}": NOT_THERE,
}
# With what they are asked, and the lowest role that may; what these do is told elsewhere.
ACTS = {
    "/admin/category/place": ({"id": "{category}", "to": "up"}, E),
    "/admin/category/delete/": ({"id": "{category}"}, E),
    "/admin/category/ajax/update/": (
        {"id": "{category}", "column": "title", "value": "x", "seen": "Travel"}, E),
    "/admin/category/action/": ({"action": "delete", "rowid": "{category}"}, None),
    "/admin/menu/save": ({"name": "main", "language": "en", "_seen": "x"}, E),
    "/admin/site-settings/save": ({"_seen": "x"}, D),
    "/admin/tag/merge/do": ({"id": "{tag}", "into": "{tag}"}, E),
    "/admin/tag/delete/": ({"id": "{tag}"}, E),
    "/admin/tag/ajax/update/": (
        {"id": "{tag}", "column": "title", "value": "x", "seen": "sea"}, E),
    "/admin/tag/action/": ({"action": "delete", "rowid": "{tag}"}, E),
    "/admin/redirect/delete/": ({"id": "{redirect}"}, E),
    "/admin/redirect/action/": ({"action": "delete", "rowid": "{redirect}"}, E),
    "/admin/document/upload": ({}, A),
    "/admin/document/replace": ({"id": "{document}"}, E),
    "/admin/document/retry": ({"id": "{document}"}, E),
    "/admin/document/link": ({"id": "{private}"}, E),
    "/admin/document/delete/": ({"id": "{document}"}, E),
    "/admin/document/ajax/update/": (
        {"id": "{document}", "column": "title", "value": "x", "seen": "report"}, E),
    "/admin/document/action/": ({"action": "delete", "rowid": "{document}"}, A),
    "/admin/document/trash/restore": ({"id": "{document}"}, E),
    "/admin/document/trash/purge": ({"id": "{document}"}, D),
    "/admin/document/trash/empty": ({}, D),
    "/admin/document/trash/action/": ({"action": "restore", "rowid": "{document}"}, E),
}  # fmt: skip
# What Flask-Admin has for each list, and these have not.
NONE = {
    f"/admin/{name}/{page}/"
    for name in ("category", "tag", "redirect", "document", "document/trash")
    for page in ("export/csv", "choices", "ajax/lookup", "delete", "ajax/update")
}
ADDRESSES = {urlsplit(path).path for path in PAGES} | ACTS.keys() | NONE


@pytest.fixture
def shelved(ctx):
    """One of each, of somebody else."""
    other = make_user("editor", "other@example.com")
    tag = make_article(tags=["sea"]).tags[0]
    public, private = (
        acts.upload([make_upload(documents.pdf(), "report.pdf")], other, private=it, again=True)
        for it in (False, True)
    )
    made = {
        "category": categories.create("Travel").id,
        "tag": tag.id,
        "redirect": redirects.add("/old", "/new").id,
        "document": public.taken[0][0].id,
        "private": private.taken[0][0].id,
    }
    db.session.commit()
    return made


@pytest.mark.case(32)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_and_does_what_the_policy_says(client, log_in, shelved, role):
    log_in(role)
    opened = {page: client.get(page.format(**shelved)).status_code for page in PAGES}
    assert opened == {page: codes[role] for page, codes in PAGES.items()}
    refused = {}
    for path in sorted(ACTS, key=lambda path: "delete" in path or "action" in path):
        form, _lowest = ACTS[path]
        given = {name: value.format(**shelved) for name, value in form.items()}
        refused[path] = client.post(path, data=given).status_code in (403, 404)
    assert refused == {
        path: lowest is None or ROLES.index(role) < ROLES.index(lowest)
        for path, (_form, lowest) in ACTS.items()
    }
    asked = [client.get(path).status_code for path in NONE]
    assert set(asked) <= {403, 404, 405}
