"""What a stack that was killed has left running: ended, but for the servers, which the next stack takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.local_prefect import read_server
from flows.stack.plan import WATCHER, WORKER
from flows.stack.processes import end, marked
from lineage_core.graph.server.process import EmbeddedServer

if TYPE_CHECKING:
    from flows.local_prefect import ProcessId
    from flows.stack.state import StackState
    from lineage_core.settings import Settings

_SECONDS = 3.0


def leftovers(before: StackState, settings: Settings) -> list[ProcessId]:
    """Processes of worker and watcher, and flow runs, of a stack that is gone."""
    server = read_server(settings.prefect_dir)
    neo4j = EmbeddedServer(settings).status().pid
    servers = {server.process.pid if server else 0, neo4j or 0}
    names = (WATCHER, WORKER)
    known = [part.process for name in names if (part := before.parts.get(name)) and part.process]
    alive = [process for process in known if process.find() and process.pid not in servers]
    found = [process for name in names for process in marked(f"{before.mark}:{name}", but=servers)]
    return list({process.pid: process for process in [*alive, *found]}.values())


async def clean_up(before: StackState, settings: Settings) -> int:
    """End them; how many there were."""
    found = leftovers(before, settings)
    await end(found, _SECONDS)
    return len(found)
