"""The exception tree. Every error that a person may read is a `CmsError`.

A sentence is kept as written in the source, with its facts apart, so that it
can be stored with a job and shown later in the reader's own language.
"""

from __future__ import annotations

from typing import ClassVar


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "mark only"
    """Mark a sentence for the translators; it is translated where it is shown."""
    return sentence


class CmsError(Exception):
    """An error told in words that an editor understands.

    Subclasses set `sentence`, with `%(name)s` places that `facts` fill.
    `str(error)` is the English sentence. A job that raises a `hopeless` one
    fails at once, since trying again cannot help.
    """

    sentence: ClassVar[str] = N_("Something went wrong.")
    hopeless: ClassVar[bool] = False

    def __init__(self, **facts: str | int) -> None:
        self.facts = facts
        super().__init__(self.sentence % facts)


class BadSetting(CmsError):
    """A setting that the program cannot start with."""

    sentence = N_("%(name)s: %(problem)s")


class NotFound(CmsError):
    """The thing asked for does not exist, or is not the asker's to see."""

    sentence = N_("This does not exist, or you may not see it.")


class NotAllowed(CmsError):
    """The person may see the thing, but not do this to it."""

    sentence = N_("You are not allowed to do this.")
