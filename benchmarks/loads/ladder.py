"""What rate is reached of each kind of request, with nothing else to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from benchmarks.loads import figures, stage, visitors

CLIENTS = 8


async def climb(built: stage.Stage, kinds: Mapping[str, Sequence[str]], seconds: float) -> None:
    """Ask for each kind on a few connections, one request after the other on each."""
    for kind, addresses in kinds.items():
        async with visitors.logged_in(built.site.url, built.people, 30) as people:
            deadline = time.monotonic() + seconds
            await asyncio.gather(*(people.go_on(addresses, deadline) for _ in range(CLIENTS)))
        figures.show(kind, people.lists)
