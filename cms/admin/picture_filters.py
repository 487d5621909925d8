"""Search items of the list of pictures that are no single column."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_

from cms.admin.filters import OneOf
from cms.look import lazy as _l
from cms.media import usage
from cms.media.models import Image

MB = 1_000_000


class OneOfThese(OneOf):
    """A choice among parts of the list: `parts` has words and a criterion for each."""

    def __init__(self, name: str, label: Any, parts: dict[str, tuple[Any, Any]]) -> None:
        super().__init__(Image.id, label, [(key, words) for key, (words, _) in parts.items()])
        self.key_name = name
        self._parts = parts

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:  # noqa: ARG002 - Flask-Admin's
        """Keep the pictures of the chosen part."""
        return query.filter(self._parts[value][1])


class Used(OneOf):
    """Whether a picture is used anywhere."""

    def __init__(self) -> None:
        super().__init__(Image.id, _l("Use"), [("no", _l("Unused")), ("yes", _l("Used"))])
        self.key_name = "use"

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:  # noqa: ARG002 - Flask-Admin's
        """Keep the pictures that are used, or those that are not."""
        used = usage.is_used()
        return query.filter(used if value == "yes" else ~used)


FILTERS = (
    OneOfThese(
        "bytes",
        _l("Size"),
        {
            "small": (_l("Up to 1 MB"), Image.size <= MB),
            "medium": (_l("1 to 5 MB"), and_(Image.size > MB, Image.size <= 5 * MB)),
            "large": (_l("Over 5 MB"), Image.size > 5 * MB),
        },
    ),
    Used(),
)
