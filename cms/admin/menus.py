"""The menus of the site: one editor for each menu and language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import abort, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_babel import gettext as _

from cms.admin import drafts, languages
from cms.admin.access import Guarded, person, whole_number
from cms.admin.base import expose, needs
from cms.config import settings
from cms.content import addresses, menus
from cms.content.errors import AtField, Conflict
from cms.content.models import Menu
from cms.editorial import shelves
from cms.extensions import db
from cms.look import lazy as _l

KINDS = {"article": _l("Article"), "page": _l("Page"), "category": _l("Category")}
LONGEST = 100
MOST_FOUND = 10
MOST_LINES = 300
_FIELDS = ("level", "target", "label", "address")


@dataclass(frozen=True)
class Line:
    """A line of the editor. `target` is such as `article:7`, empty for an address."""

    level: int
    target: str = ""
    label: str = ""
    address: str = ""
    title: str = ""
    kind: Any = ""
    live: bool = True
    problem: str = ""
    field: str = ""


class MenuView(Guarded, BaseView):
    """Which menus there are, and the editor of one."""

    kind, icon = "menu", "list-tree"

    @expose("/")
    @needs("view")
    def index(self) -> str:
        """Show the menus that the theme has, in each language."""
        rows = [
            (name, words, [(code, said, menus.lines(menus.find(name, code)))
                           for code, said in languages.choices()])
            for name, words in menus.MENUS.items()
        ]  # fmt: skip
        return self.render("admin/menu/index.html", rows=rows, may_edit=self.allowed("edit"))

    @expose("/edit/")
    @needs("edit")
    def edit(self) -> str:
        """Show the editor of a menu: `?name=main&language=en`."""
        menu = menus.find(*_asked(request.args))
        return self._editor(_of_menu(menu), menus.digest(menu), menu)

    @expose("/save", methods=("POST",))
    @needs("edit")
    def save(self) -> ResponseReturnValue:
        """Keep the lines of a menu: the fields `level`, `target`, `label`, `address` of each."""
        name, language = _asked(request.form)
        lines, seen = _posted(), request.form.get("_seen", "")
        checked = [_checked(line) for line in lines]
        if any(line.problem for line in checked):
            return self._editor(checked, seen, menus.find(name, language)), 422
        try:
            with db.session.begin_nested():
                shelves.put_menu(name, language, person(), nested(lines), seen=seen)
        except Conflict as error:
            flash(_(error.sentence), "warning")
            menu = menus.find(name, language)
            return self._editor(checked, menus.digest(menu), menu, theirs=_of_menu(menu)), 422
        except AtField as error:
            flash(_(error.sentence, **error.facts), "error")
            return self._editor(checked, seen, menus.find(name, language)), 422
        flash(_("The menu is saved. The site shows it at once."), "success")
        answer = redirect(self.get_url(".edit", name=name, language=language))
        drafts.note_saved(answer)
        return answer

    @expose("/find")
    @needs("edit")
    def find(self) -> ResponseReturnValue:
        """Answer the search for what a line can lead to: `?language=en&query=…`."""
        asked = request.args.get("query", "").strip()[:LONGEST]
        language = request.args.get("language", "")
        options = [
            {
                "value": f"{kind}:{thing.id}",
                "words": f"{thing.title} · {KINDS[kind]}"
                + ("" if thing.is_live else f" · {_('Not live')}"),
            }
            for kind in KINDS
            for thing in _found(addresses.KINDS[kind], language, asked)
        ]
        return jsonify(options=options, more=False)

    def _editor(
        self, lines: Sequence[Line], seen: str, menu: Menu, theirs: Sequence[Line] | None = None
    ) -> str:
        name, language = menu.name, menu.language
        return self.render(
            "admin/menu/edit.html",
            model=menu,
            lines=lines,
            seen=seen,
            theirs=theirs,
            name=name,
            language_tag=language.replace("_", "-"),
            content_language=language,
            title=languages.with_language(_(menus.MENUS[name]), language),
            deepest=menus.DEEPEST,
            longest=menus.LONGEST_LABEL,
            return_url=self.get_url(".index"),
        )


def nested(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Return lines as `cms.content.menus.put` wants them, each below the one that it is
    further in than."""
    below: list[list[dict[str, Any]]] = [[]]
    for line in lines:
        level = min(max(line.level, 1), len(below))
        item = {**_item(line), "items": []}
        del below[level:]
        below[-1].append(item)
        below.append(item["items"])
    return below[0]


def _item(line: Line) -> dict[str, Any]:
    key = _key(line.target)
    leads = {f"{key[0]}_id": key[1]} if key else {"address": line.address}
    return {"label": line.label, **leads}


def _asked(given: Mapping[str, str]) -> tuple[str, str]:
    name, language = given.get("name", ""), given.get("language", "")
    if name not in menus.MENUS or language not in settings().content_languages:
        abort(404)
    return name, language


def _of_menu(menu: Any) -> list[Line]:
    lines = []
    for line in menus.lines(menu):
        thing, item = line.thing, line.item
        found = Line(line.level, label=item.label, address=item.address or "")
        if thing is not None:
            found = _described(replace(found, target=f"{thing.kind}:{thing.id}"), thing)
        lines.append(found)
    return lines


def _described(line: Line, thing: Any) -> Line:
    live = thing.is_live and not thing.in_trash
    return replace(line, title=thing.title, kind=KINDS[thing.kind], live=live)


def _posted() -> list[Line]:
    """Return the lines that were sent, each with what it leads to; 400 for what no page sends."""
    columns = [request.form.getlist(name) for name in _FIELDS]
    if len({len(column) for column in columns}) != 1 or len(columns[0]) > MOST_LINES:
        abort(400)
    lines = [
        Line(int(level) if level in {"1", "2", "3"} else menus.DEEPEST + 1,
             target, label.strip(), address.strip())
        for level, target, label, address in zip(*columns, strict=True)
    ]  # fmt: skip
    if not all(line.target == "" or _key(line.target) for line in lines):
        abort(400)
    things = menus.things(_key(line.target) for line in lines if line.target)
    return [
        _described(line, thing) if (thing := things.get(_key(line.target) or ("", 0))) else line
        for line in lines
    ]


def _key(target: str) -> tuple[str, int] | None:
    kind, _colon, text = target.partition(":")
    number = whole_number(text)
    return (kind, number) if kind in KINDS and number is not None else None


def _checked(line: Line) -> Line:
    """Return a line with what is wrong with it, if anything is."""
    if line.target and not line.title:
        return replace(line, problem=_("This is not there any more. Take the line away."))
    try:
        menus.check(_item(line))
    except AtField as error:
        return replace(line, problem=_(error.sentence, **error.facts), field=error.field)
    return line


def _found(model: type[Any], language: str, asked: str) -> Sequence[Any]:
    query = db.session.query(model).filter(model.language == language)
    for word in asked.split():
        query = query.filter(model.title.icontains(word, autoescape=True))
    return query.order_by(model.id.desc()).limit(MOST_FOUND).all()
