"""Which parts a stack has, in the order in which they start, and the commands of those that are commands of ours."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.prefect_environment import client_environment
from flows.server_environment import LOOPBACK, Address, is_loopback
from flows.stack import neo4j_part, prefect_part
from flows.stack.child_environment import settings_environment
from flows.stack.children import LINEAGE, Child, Step
from lineage_core.errors import SettingsError
from lineage_core.source.identity import absolute

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.stack.part import Part
    from flows.stack.state import StackFile, StackState
    from lineage_core.settings import Settings

_NO_METRICS_PORT = {"LINEAGE_METRICS_PORT": "0"}
"""The stack serves the metrics of its parts."""

DEPLOYMENTS, WORKER, WATCHER = "deployments", "worker", "watcher"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `lineage up` was asked for.

    Args:
        roots: the folders to watch; none means the project's root.
        file: the prefect.yaml whose deployments are made.
        host: where the Prefect server listens.
        secured: whether it wants an auth string; None: if others than this machine can reach it.
        limit: flow runs that the worker works on at the same time; None: any number.
    """

    roots: tuple[str, ...] = ()
    file: Path | None = None
    host: str = LOOPBACK
    secured: bool | None = None
    limit: int | None = None

    def address(self, settings: Settings) -> Address:
        """Where the local Prefect server is to listen.

        Raises:
            SettingsError: the server of PREFECT_API_URL cannot be told where to listen.
        """
        if settings.prefect_api_url and (self.host != LOOPBACK or self.secured):
            raise SettingsError(
                f"PREFECT_API_URL={settings.prefect_api_url} is set, so no Prefect server is started here that "
                "--host and --secure could be about.",
                hint="Unset it, or leave them out.",
            )
        secured = not is_loopback(self.host) if self.secured is None else self.secured
        return Address(host=self.host, port=settings.prefect_port, secured=secured)


def prefect_file(given: Path | None) -> Path:
    """The declarations to deploy: the given ones, else the current folder's, else those beside this package."""
    here = Path("prefect.yaml")
    return given or (here if here.exists() else Path(__file__).parents[2] / here)


def make_parts(
    settings: Settings,
    wanted: Wanted,
    file: StackFile,
    mark: str,
    before: StackState | None,
    say: Callable[[str], None],
) -> list[Part]:
    """The parts of a stack, none started.

    Args:
        settings: of the project.
        wanted: what was asked for on the command line.
        file: where logs go.
        mark: of this stack.
        before: what is left of one that was killed.
        say: takes a line for people.
    """
    graph: Part = (
        neo4j_part.ForeignNeo4j(settings) if settings.neo4j_uri else neo4j_part.EmbeddedNeo4j(settings, say, before)
    )
    prefect: prefect_part.LocalPrefect | prefect_part.ForeignPrefect = (
        prefect_part.ForeignPrefect(settings)
        if settings.prefect_api_url
        else prefect_part.LocalPrefect(settings, wanted.address(settings))
    )
    home = settings.prefect_home if settings.prefect_api_url else settings.prefect_dir

    def environment() -> dict[str, str]:
        client = client_environment(prefect.api_url, home, "verbose")
        return {**os.environ, **settings_environment(settings), **client, **_NO_METRICS_PORT}

    def child(kind: type[Child], name: str, *arguments: str, needs: tuple[str, ...], patience: float) -> Child:
        command = [*LINEAGE, *arguments]
        return kind(name, command, environment, file.log(name), needs=needs, patience=patience, mark=mark)

    limit = ("--limit", str(wanted.limit)) if wanted.limit else ()
    roots = [absolute(root) for root in wanted.roots]
    declared = str(prefect_file(wanted.file).absolute())
    return [
        graph,
        prefect,
        child(Step, DEPLOYMENTS, "deploy", "--file", declared, needs=(prefect.name,), patience=1.0),
        # Prefect's worker ends the flow runs that are under way, which takes it 2 to 3 s.
        child(Child, WORKER, "worker", "--reconcile", *limit, needs=(graph.name, DEPLOYMENTS), patience=4.0),
        child(Child, WATCHER, "watch", *roots, needs=(WORKER,), patience=2.0),
    ]
