"""Templates, compiled once for each language, with what is the same on every page said then.

Of the words and drawings of a page nearly all depend on its language alone: two hundred
calls, which would otherwise be made for every page that is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, cast

from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer

from cms.extensions import locale

# Globals that say the same to everybody who reads a language.
FIXED = ("_", "gettext", "icon")


class InLanguages(Environment):
    """A Jinja environment that has one of its own for each language."""

    language: str | None = None

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's name
    ) -> Template:
        """Return the template in the language of this page."""
        return super(InLanguages, self._spoken()).get_template(name, parent, globals)

    def select_template(
        self,
        names: Iterable[str | Template],
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's name
    ) -> Template:
        """Return the first template that there is, in the language of this page."""
        return super(InLanguages, self._spoken()).select_template(names, parent, globals)

    def _spoken(self) -> InLanguages:
        if self.language is not None:
            return self
        language = str(locale() or "")
        known: dict[str, InLanguages] = self.__dict__.setdefault("spoken", {})
        found = known.get(language)
        if found is None:
            found = self.overlay()
            found.language = language
            known[language] = found
        found.loader, found.auto_reload = self.loader, self.auto_reload
        return found

    def _generate(self, source: nodes.Template, name: str | None, *args: Any, **more: Any) -> str:
        if self.language:
            source = _Fixed(self, source, name).visit(source)
        return super()._generate(source, name, *args, **more)


class _Fixed(NodeTransformer):
    """Puts into a template what the `FIXED` say of texts that are written in it."""

    def __init__(self, environment: InLanguages, source: nodes.Template, name: str | None) -> None:
        self._context = nodes.EvalContext(environment, name)
        stored = {it.name for it in source.find_all(nodes.Name) if it.ctx != "load"}
        self._calls: dict[str, Callable[..., Any] | None] = {
            it: cast("Any", environment.globals.get(it)) for it in FIXED if it not in stored
        }

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        """Return what a call gives, where all it is given is written there."""
        self.generic_visit(node)
        call = self._calls.get(node.node.name) if isinstance(node.node, nodes.Name) else None
        plain = all(isinstance(it, nodes.Const) for it in node.args)
        if call is None or not plain or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return node
        given = [it.value for it in node.args if isinstance(it, nodes.Const)]
        if getattr(call, "jinja_pass_arg", None):
            given.insert(0, self._context)
        return nodes.Const(call(*given), lineno=node.lineno)
