"""How the stack is, as `lineage status` tells it: what `up` keeps of its parts, and whether it is still true."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from flows.stack.state import StackFile
from flows.stack.words import CONDITIONS, title
from flows.watch.state import read_state

if TYPE_CHECKING:
    from flows.stack.state import PartState, StackState
    from lineage_core.settings import Settings


class PartStatus(BaseModel):
    """One part. `well` is what the exit code goes by; `seconds` is how long it has been in its state."""

    name: str
    title: str
    state: str
    well: bool
    pid: int | None = None
    seconds: float
    restarts: int = 0
    url: str = ""
    note: str = ""


class StackStatus(BaseModel):
    """The stack of a data folder. `message` says what to do if it is not well."""

    running: bool = False
    well: bool = False
    pid: int | None = None
    seconds: float = 0.0
    project: str = ""
    roots: list[str] = []
    parts: list[PartStatus] = []
    message: str = ""


def read_status(settings: Settings) -> StackStatus:
    """The stack of the settings' data folder, right now."""
    file = StackFile(settings)
    state = file.read()
    if state is None:
        return StackStatus(message=f"No stack runs on {settings.data_dir.absolute()}. `lineage up` starts it.")
    running = state.process.find() is not None
    parts = [_part(part, state, settings, running=running) for part in state.parts.values()]
    well = running and all(part.well for part in parts)
    return StackStatus(
        running=running,
        well=well,
        pid=state.process.pid if running else None,
        seconds=time.time() - state.started,
        project=state.project,
        roots=state.roots,
        parts=parts,
        message="" if well else _advice(file, running=running),
    )


def _part(part: PartState, state: StackState, settings: Settings, *, running: bool) -> PartStatus:
    process = part.process.find() if part.process else None
    gone = part.process is not None and process is None
    shown = CONDITIONS[part.condition]
    if not running:
        shown = "left running" if process else "down"
    elif gone and part.condition == "up":
        shown = "down"
    return PartStatus(
        name=part.name,
        title=title(part.name),
        state="done" if part.name == "deployments" and shown == "up" else shown,
        well=running and part.condition == "up" and not gone,
        pid=process.pid if process else None,
        seconds=time.time() - part.since,
        restarts=part.restarts,
        url=part.url,
        note=part.message or (_watcher(state, settings) if part.name == "watcher" else ""),
    )


def _watcher(state: StackState, settings: Settings) -> str:
    """What the watcher has to do, and what keeps it from doing it."""
    watched = read_state(settings.model_copy(update={"project": state.project, "root": Path(state.root)}))
    if watched is None:
        return ""
    notes = [f"{watched.pending_count} changes wait" if watched.pending_count else "no changes wait"]
    if watched.missing:
        notes.append(f"not there: {', '.join(watched.missing)}")
    if watched.held:
        notes.append(watched.held)
    elif watched.last_error and watched.pending_count:
        notes.append(watched.last_error.message)
    return "; ".join(notes)


def _advice(file: StackFile, *, running: bool) -> str:
    if running:
        return f"What a part had to say is in {file.folder}; `lineage doctor` looks for the cause."
    return "`lineage up` was killed. Start it again: it ends or takes over what is left."
