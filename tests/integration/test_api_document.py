"""What the API says of itself is so: each operation is tried with what the document allows,
and with what it does not, by schemathesis. The same tries at every run."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import data
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import select

from cms.accounts.models import User
from cms.accounts.tokens import SCOPES
from cms.editorial.tokens import make
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from tests.factories import make_picture, make_user

TRIES = 12
# They refuse what no schema can tell from what they take: files, and the tags of states.
ONLY_REAL = ("POST /api/v1/pictures", "PATCH /api/v1/pictures/{id}")


@pytest.fixture
def there(ctx):
    """Something of each kind: pictures, failed jobs, what was told of them, tokens."""
    user = make_user("administrator", "ada@example.com")
    image, *_others = [make_picture(owner=user) for _number in range(3)]
    token, _text = make(user, "Another", ["pictures:read"], None)
    db.session.commit()
    failed, *_others = db.session.scalars(select(Job)).all()
    failed.attempts_allowed = 1
    db.session.flush()
    ledger.claim(failed.id, huey.holder())
    huey.record_failure(failed.id, 1, RuntimeError("broken"))
    db.session.commit()
    told = db.session.scalars(select(AdminNotification.id)).one()
    return {"pictures": image.id, "jobs": failed.id, "notifications": told, "tokens": token.id}


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
def _tries(strategy, bearer, drawn):
    case = drawn.draw(strategy)
    if case.meta.generation.mode is GenerationMode.POSITIVE:
        case.query.pop("cursor", None)
    excluded = [positive_data_acceptance] if case.operation.label in ONLY_REAL else []
    case.call_and_validate(headers=bearer, excluded_checks=excluded)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_documented_and_none_is_a_fault(document, bearer, there, mode):
    for found in document.get_all_operations():
        operation = found.ok()
        strategies = [operation.as_strategy(mode)]
        if "{id}" in operation.path and mode is GenerationMode.POSITIVE:
            strategies.append(
                operation.as_strategy(path_parameters={"id": there[operation.path.split("/")[3]]})
            )
        for strategy in strategies:
            _tries(strategy, bearer)
