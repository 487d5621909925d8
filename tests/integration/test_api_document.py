"""What the API says of itself is so: each operation is tried with what the document allows,
and with what it does not, by schemathesis. The same tries at every run."""

import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import data
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import select

from cms.accounts.models import User
from cms.accounts.tokens import SCOPES
from cms.content import categories, menus, redirects
from cms.editorial import documents
from cms.editorial.tokens import make
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from tests.factories import make_article, make_page, make_picture, make_upload, make_user

TRIES = 10
# They refuse what no schema can tell from what they take: files, the tags of states, slugs,
# what follows upon what.
ONLY_REAL = re.compile(
    "PATCH|PUT|POST .*/(pictures|documents|articles|pages|categories|redirects)|.*/(restore|merge)"
)
# Of these no guess is a file, an address, another tag, or a time to come in a zone; and the
# document was made public before. Nor has a draft changes that wait.
NEVER_DONE = {
    "POST /api/v1/pictures",
    "POST /api/v1/documents",
    "POST /api/v1/documents/{id}/link",
    "POST /api/v1/redirects",
    "PATCH /api/v1/redirects/{id}",
    "POST /api/v1/tags/{id}/merge",
    "POST /api/v1/articles/{id}/schedule",
    "POST /api/v1/pages/{id}/schedule",
}


@pytest.fixture
def there(ctx):
    """Something of each kind: pictures, failed jobs, what was told of them, tokens."""
    user = make_user("administrator", "ada@example.com")
    images = [make_picture(owner=user) for _number in range(3)]
    token, _text = make(user, "Another", ["pictures:read"], None)
    db.session.commit()
    failed = [fail(image) for image in images[:2]]
    told = db.session.scalars(select(AdminNotification.id)).first()
    kinds = {"pictures": images[0].id, "jobs": failed[1].id, "notifications": told}
    return kinds | {"tokens": token.id} | texts(user)


def texts(user):
    """A text of each kind that may take a step, and what orders them."""
    article, page = make_article(user, tags=["Sea"]), make_page(user)
    category = categories.create("Travel")
    main = menus.get("main", "en")
    redirect = redirects.add("/en/old", "/en/new")
    db.session.commit()
    kinds = {"articles": article.id, "pages": page.id, "categories": category.id}
    kinds |= {"tags": article.tags[0].id, "menus": main.id, "redirects": redirect.id}
    return kinds | {"documents": paper(user)}


def paper(user):
    """A private document that could not be looked at."""
    taken = documents.upload([make_upload(b"Hello, harbour", "note.txt")], user, private=True)
    ((document, job),) = taken.taken
    db.session.commit()
    job.attempts_allowed = 1
    db.session.flush()
    ledger.claim(job.id, huey.holder())
    huey.record_failure(job.id, 1, RuntimeError("broken"))
    db.session.commit()
    return document.id


def fail(image):
    """Let the job of a picture fail for good."""
    job = db.session.scalars(select(Job).where(Job.subject_id == str(image.id))).one()
    job.attempts_allowed = 1
    db.session.flush()
    ledger.claim(job.id, huey.holder())
    huey.record_failure(job.id, 1, RuntimeError("broken"))
    db.session.commit()
    return job


@pytest.fixture
def bearer(there):
    """The header of a token for all that there is. Its number is found by no guess."""
    user = db.session.scalars(select(User)).one()
    token, text = make(user, "Everything", list(SCOPES), None)
    token.id = 987_654_321
    db.session.commit()
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def document(ctx):
    def answer(environ, start_response):
        with ctx.app_context():  # a context for each request, as in production
            return ctx(environ, start_response)

    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", answer)


@settings(
    max_examples=TRIES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(drawn=data())
def _tries(strategy, bearer, answers, drawn):
    case = drawn.draw(strategy)
    if case.meta.generation.mode is GenerationMode.POSITIVE:
        case.query.pop("cursor", None)
    excluded = [positive_data_acceptance] if ONLY_REAL.match(case.operation.label) else []
    answer = case.call_and_validate(headers=bearer, excluded_checks=excluded)
    answers.add((case.operation.label, answer.status_code // 100))


def strategies(operation, mode, there):
    """What an operation is tried with: anything and, where it is about a thing, one that is."""
    if mode is GenerationMode.NEGATIVE and operation.path.endswith("/settings"):
        return  # it takes nothing, and so nothing wrong
    yield operation.as_strategy(mode)
    if "{id}" in operation.path and mode is GenerationMode.POSITIVE:
        path = {"id": there[operation.path.split("/")[3]]}
        path |= {"number": 1} if "{number}" in operation.path else {}
        path |= {"step": "submit"} if "{step}" in operation.path else {}
        fixed = {"path_parameters": path}
        if operation.method in ("patch", "put"):
            fixed["headers"] = {"If-Match": "*"}
        yield operation.as_strategy(mode, **fixed)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_documented_and_none_is_a_fault(document, bearer, there, mode):
    operations = [found.ok() for found in document.get_all_operations()]
    answers = set()
    for operation in sorted(operations, key=lambda it: it.method == "delete"):
        for strategy in strategies(operation, mode, there):
            _tries(strategy, bearer, answers)

    if mode is GenerationMode.POSITIVE:
        done = {label for label, hundreds in answers if hundreds == 2}
        left = {it.label for it in operations} - done
        assert {label for label in left if "/changes" not in label} == NEVER_DONE
