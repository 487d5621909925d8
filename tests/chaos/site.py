"""The application with the jobs of the harness."""

from cms.extensions import db
from cms.tasks import huey
from tests.chaos.crew import kill_myself
from tests.chaos.effects import Broken, effect, first_time, work
from tests.chaos.plan import How


# Many attempts: that a job ends as failed after too many deaths is tested elsewhere.
@huey.task(retries=9, retry_delay=1, name="chaos", subject="chaos", words="Work")
def chaos(key: str, how: str) -> None:
    """Work, and record it. What fails has worked too, and must not be seen to."""
    work()
    db.session.execute(effect(key))
    if how == How.CUT and first_time(key):
        kill_myself()
    if how == How.SHAKY and first_time(key):
        raise Broken(key)


@huey.task(retries=1, retry_delay=1, name="chaos_fail", subject="chaos", words="Fail")
def chaos_fail(key: str) -> None:
    """Work, and fail."""
    db.session.execute(effect(key))
    raise Broken(key)


def __getattr__(name: str):
    # Only a consumer wants the application that the environment describes.
    if name != "app":
        raise AttributeError(name)
    from wsgi import app  # noqa: PLC0415

    return app
