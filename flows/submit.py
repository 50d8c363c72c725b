"""Hands an ingest to a worker: a run on queue critical, which overtakes all that waits already."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.prefect_environment import client_environment
from flows.prefect_server import running_server
from lineage_core.errors import ServerError
from lineage_core.source.discover import discover
from lineage_core.source.identity import absolute

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from lineage_core.settings import Settings

DEPLOYMENT = "bulk/ingest"
_LOOK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Submitted:
    """A run that was asked for. `url` is its page in the Prefect UI."""

    name: str
    id: UUID
    url: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `well` unless something is not in the graph that should be; `message` is its outcome."""

    well: bool
    message: str


def submit(settings: Settings, paths: Sequence[str], **parameters: Any) -> Submitted:
    """Ask for a run over `paths` on the running Prefect server; returns at once.

    Args:
        settings: of the project; project and root go along, as the worker may have others.
        paths: files, folders or globs, as seen from here.
        parameters: of the bulk flow.

    Raises:
        SourceError: a path is not there.
        ServerError: no Prefect server runs, or it does not know the deployment.
    """
    discover(paths, settings)
    server = running_server(settings)
    home = settings.prefect_dir if server.local else settings.prefect_home
    os.environ.update(client_environment(server.api_url, home))
    server.wait()
    from prefect.deployments.flow_runs import run_deployment
    from prefect.exceptions import ObjectNotFound

    given = {name: value for name, value in parameters.items() if value is not None}
    own = {"paths": [absolute(path) for path in paths], "project": settings.project, "root": absolute(settings.root)}
    try:
        run: Any = run_deployment(
            DEPLOYMENT, parameters={**given, **own}, timeout=0, as_subflow=False, tags=[f"project:{settings.project}"]
        )
    except ObjectNotFound as error:
        raise ServerError(
            f"There is no deployment {DEPLOYMENT} on the Prefect server {server.ui_url}.", hint="Run `lineage deploy`."
        ) from error
    return Submitted(run.name, run.id, f"{server.ui_url}/runs/flow-run/{run.id}")


def wait(submitted: Submitted, told: Callable[[str], None]) -> Ended:
    """Return once the run has ended.

    Args:
        submitted: the run.
        told: gets the name of each state that it comes to.
    """
    from prefect.client.orchestration import get_client

    last = ""
    with get_client(sync_client=True) as client:
        while True:
            state = client.read_flow_run(submitted.id).state
            if state is not None and state.name != last:
                last = state.name or ""
                told(last)
            if state is not None and state.is_final():
                return Ended(state.is_completed(), state.message or last)
            time.sleep(_LOOK_AGAIN_SECONDS)
