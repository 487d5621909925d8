"""What differs between two states of a menu, item by item, as the audit trail says it.

Items are the same where they lead to the same: a menu that is saved has all of them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from cms.content import menus
from cms.content.models import Menu


@dataclass(frozen=True)
class Place:
    """An item: where it leads, as the how manieth that leads there; its number in the menu,
    such as 2.1; what it is called there; and what it stands below."""

    key: tuple[str, int]
    number: str
    label: str
    above: tuple[str, int] | None

    def __str__(self) -> str:
        return f"{self.number} {self.label} → {self.key[0]}"


def places(menu: Menu) -> Sequence[Place]:
    """Return all items of a menu as they stand now."""
    found: list[Place] = []
    numbers, above, seen = [0], list[tuple[str, int]](), Counter[str]()
    for line in menus.lines(menu):
        del numbers[line.level :], above[line.level - 1 :]
        numbers += [0] * (line.level - len(numbers))
        numbers[-1] += 1
        target = _target(line)
        seen[target] += 1
        key, label = (target, seen[target]), line.item.label or str(line.thing)
        found.append(Place(key, ".".join(map(str, numbers)), label, above[-1] if above else None))
        above.append(key)
    return found


def between(before: Sequence[Place], after: Sequence[Place]) -> dict[str, list[list[str] | None]]:
    """Return what was added, removed, renamed and moved, old and new; nothing for no change.

    Moved is what stands below another item, or has passed others, not what these have
    pushed aside.
    """
    old, new = {it.key: it for it in before}, {it.key: it for it in after}
    both = [it.key for it in before if it.key in new]
    order = [it.key for it in after if it.key in old]
    blocks = SequenceMatcher(None, both, order, autojunk=False).get_matching_blocks()
    kept = {key for block in blocks for key in both[block.a : block.a + block.size]}
    renamed = [key for key in both if old[key].label != new[key].label]
    moved = [key for key in both if key not in kept or old[key].above != new[key].above]
    changes: dict[str, list[list[str] | None]] = {}
    if added := [str(it) for it in after if it.key not in old]:
        changes["added"] = [None, added]
    if removed := [str(it) for it in before if it.key not in new]:
        changes["removed"] = [removed, None]
    for name, keys in (("renamed", renamed), ("moved", moved)):
        if keys:
            changes[name] = [[str(old[key]) for key in keys], [str(new[key]) for key in keys]]
    return changes


def _target(line: menus.Line) -> str:
    kind, thing = getattr(line.thing, "kind", ""), line.thing
    return line.item.address or f"{kind} {thing.id if thing else '?'}"
