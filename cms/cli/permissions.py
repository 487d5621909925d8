"""Who may do what, and what each address asks the policy: a page for people, and for tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from cms import edge
from cms.accounts.policy import ROLES, known, scope

_HEAD = """\
# Who may do what

Written by `flask cms permissions`, from the one policy that every screen, command, job and
address of the API asks. What is not listed here nobody may. *own*: only with what is one's
own. Somebody with several roles may whatever one of them may.

What is published anybody may read, also without an account; *view* is to see a thing in
whichever state it is. What somebody may not see is answered as if it were not there (404), and
what they may see but not do is refused (403). Strangers are sent to log in.
"""
_ADDRESSES = """
## What each address asks

Of the actions named, one is enough. A thing is asked about by itself, too: it must be one
that the person may do this to.
"""
_PUBLIC = """
## Open to everybody

These ask nothing, and show what is live, or what the address itself proves. A private document
is given to whoever may *view* it.
"""


class Door(NamedTuple):
    """An address, how it is asked, and the `actions` on `kind` of which the policy must allow
    one: of nothing, if it has no kind. `act` is a bulk action. What is `public` is open to
    strangers, too."""

    address: str
    method: str
    act: str
    kind: str
    actions: tuple[str, ...]
    endpoint: str
    public: bool


@click.command()
@with_appcontext
def permissions() -> None:
    """Print who may do what, and what each address asks, as a page in Markdown."""
    click.echo(markdown(current_app._get_current_object()), nl=False)  # type: ignore[attr-defined]  # noqa: SLF001 - the way Werkzeug gives


def markdown(app: Flask) -> str:
    """Return the page."""
    found = doors(app)
    closed, public = ([it for it in found if it.public == yes] for yes in (False, True))
    parts = [_HEAD, *_table(("kind", "action", *ROLES), _grants())]
    parts += [_ADDRESSES, *_table(("kind", "needs", "address"), _asked(closed))]
    parts += [_PUBLIC, *_table(("address",), ([_told(door)] for door in public))]
    return "\n".join(part.rstrip("\n") if part.startswith("|") else part for part in parts) + "\n"


def doors(app: Flask) -> list[Door]:
    """Return every address of `app` that is there, by every method."""
    views = {view.endpoint: view for view in app.extensions["admin"][0]._views}  # noqa: SLF001 - it tells them nowhere else
    found = []
    for rule in app.url_map.iter_rules():
        screen, _dot, name = rule.endpoint.rpartition(".")
        if screen in views:
            asked = [(*it, False) for it in _of_screen(views[screen], name)]
        else:
            asked = [_of_view(rule.endpoint, app.view_functions[rule.endpoint])]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found += [
                Door(rule.rule, method, act, kind, actions, rule.endpoint, public)
                for act, kind, actions, public in asked
            ]
    return sorted(found)


def _of_view(endpoint: str, view: Any) -> tuple[str, str, tuple[str, ...], bool]:
    if need := getattr(view, "need", None):
        return "", need.kind, (need.action,), need.public
    return "", "", (), edge.is_public(endpoint, view)


def _of_screen(view: Any, name: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if not view.has(name):
        return
    if name != "action_view":
        yield "", view.kind, view.needed(name)
    else:
        for act, (handler, _text, _confirmation) in view._actions_data.items():  # noqa: SLF001 - as `Guarded` does
            if act not in view.action_disallowed_list and view.has(handler.__name__):
                yield act, view.kind, view.needed(handler.__name__)


def _grants() -> Iterator[list[str]]:
    for kind, actions in sorted(known().items()):
        shown = _words(kind)
        for action in sorted(actions, key=lambda it: (-_how_many(it, kind), it)):
            yield [shown, action, *(scope(role, action, kind) or "–" for role in ROLES)]
            shown = ""


def _how_many(action: str, kind: str) -> int:
    return sum(scope(role, action, kind) is not None for role in ROLES)


def _asked(closed: list[Door]) -> Iterator[list[str]]:
    def needs(door: Door) -> tuple[str, tuple[str, ...]]:
        return door.kind, door.actions

    for (kind, actions), some in groupby(sorted(closed, key=needs), needs):
        told = _words(kind) or "an account"
        for door in some:
            yield [told, " or ".join(actions), _told(door)]
            told = ""


def _told(door: Door) -> str:
    # In a table a bar would end the cell.
    return f"`{door.method} {door.address}`".replace("|", "\\|") + (door.act and f" {door.act}")


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _table(heading: Iterable[str], rows: Iterable[list[str]]) -> Iterator[str]:
    heading = list(heading)
    for cells in (heading, ["---"] * len(heading), *rows):
        yield f"| {' | '.join(cells)} |"
