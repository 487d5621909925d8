"""What the rivals' jobs do. The effect is in one system, the record of it in another.
What is to fail does so before its effect, which favours them."""

import os

from tests.chaos import effects
from tests.chaos.crew import kill_myself
from tests.chaos.plan import How


def run(key: str, how: str) -> None:
    """Work, and have the effect."""
    effects.work()
    if how == How.STUBBORN or (how == How.SHAKY and effects.first_time(key)):
        raise effects.Broken(key)
    log = effects.Log(os.environ[effects.DATABASE])
    log.append(key)
    log.close()
    if how == How.CUT and effects.first_time(key):
        kill_myself()
