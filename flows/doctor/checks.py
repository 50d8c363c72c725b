"""Every check, in the order in which they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from flows.doctor import folders, kernel_watches, servers, versions
from flows.doctor.check import Check, Setup
from flows.doctor.ports import PORTS
from flows.stack.state import StackFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineage_core.settings import Settings

CHECKS = (
    Check("Python", versions.python),
    Check("Packages", versions.packages),
    Check("Java", versions.java_runtime),
    Check("Data folder", folders.data_folder),
    Check("Disk space", folders.disk_space),
    Check("Deployments", folders.deployments),
    *PORTS,
    Check("Neo4j", servers.neo4j),
    Check("Prefect server", servers.prefect),
    Check("Dask cluster", servers.dask),
    Check("Clock", servers.clock),
    Check("Watching (inotify)", kernel_watches.watches),
)


class Finding(BaseModel):
    """The answer to one check; `about` is what was checked."""

    about: str
    verdict: str
    message: str
    hint: str = ""


def examine(settings: Settings, roots: Sequence[str]) -> Iterator[Finding]:
    """Ask every check.

    Args:
        settings: of the project.
        roots: the folders to watch, absolute.
    """
    state = StackFile(settings).read()
    stack = state if state is not None and state.process.find() else None
    setup = Setup(settings, tuple(roots), stack)
    for check in CHECKS:
        answer = check.ask(setup)
        yield Finding(about=check.about, verdict=answer.verdict, message=answer.message, hint=answer.hint)
