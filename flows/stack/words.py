"""What the stack says of its parts, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.stack.state import Condition, PartState

TITLES = {
    "neo4j": "Neo4j",
    "prefect": "Prefect server",
    "deployments": "Deployments",
    "worker": "Worker",
    "watcher": "Watcher",
    "metrics": "Metrics",
}
"""Name of a part -> what people call it."""

CONDITIONS: dict[Condition, str] = {
    "waiting": "waiting for others",
    "starting": "starting",
    "up": "up",
    "silent": "does not answer",
    "restarting": "restarting",
    "stopping": "stopping",
    "stopped": "stopped",
}


def title(part: str) -> str:
    """What people call a part."""
    return TITLES.get(part, part)


def said(part: PartState, last: PartState, seconds: float, *, ready: bool) -> str:
    """The line that tells a change of a part; empty if it is not worth one.

    Args:
        part: as it is now.
        last: as it was before.
        seconds: since the stack was started.
        ready: whether everything had been up before.
    """
    name = title(part.name)
    match part.condition:
        case "up" if last.condition == "silent":
            return f"{name} answers again."
        case "up" if part.restarts:
            return f"{name} is up again."
        case "up":
            return f"{name} {'done' if part.name == 'deployments' else 'up'} after {seconds:.1f} s"
        case "silent":
            return f"{name} does not answer, although its process is there."
        case "restarting":
            return f"{name} {'ended' if ready or not last.restarts else 'cannot start'}: {part.message}."
        case _:
            return ""


def lasted(seconds: float) -> str:
    """A length of time: `42 s`, `7 min`, `3 h 20 min`, `2 d 4 h`."""
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if seconds < 100:
        return f"{seconds:.0f} s"
    if minutes < 100:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
