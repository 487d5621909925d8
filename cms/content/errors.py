"""What is wrong with a text, and at which field of its form that is said."""

from __future__ import annotations

from cms.errors import N_, CmsError


class AtField(CmsError):
    """An error that is shown at the form field `field`; empty for the form as a whole."""

    field: str = ""


class NoTitle(AtField):
    """Nothing could be found, linked or told apart without one."""

    sentence = N_("Give it a title.")
    field = "title"


class TooLong(AtField):
    """A text that the column would not take."""

    sentence = N_("This is longer than the %(limit)s signs that have room here.")

    def __init__(self, field: str, limit: int) -> None:
        self.field = field
        super().__init__(limit=limit)


class UnknownLanguage(AtField):
    """A language that this site is not in."""

    sentence = N_("This site has no pages in that language.")
    field = "language"


class Conflict(AtField):
    """Somebody else saved since this person began."""

    sentence = N_("Somebody else saved this in the meantime. Compare, then save again.")
