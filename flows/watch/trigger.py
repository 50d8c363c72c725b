"""Asks Prefect for runs of the incremental deployment, and how many of them are under way.

Prefect is imported with the first change: the watcher stays small until then.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from flows.local_prefect import RunningServer
from lineage_core.errors import ServerError
from lineage_core.source.identity import absolute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prefect.client.orchestration import PrefectClient

    from flows.watch.state import Batch
    from lineage_core.settings import Settings

DEPLOYMENT = "incremental/watch"

ANSWER_SECONDS = 20.0
"""For one question to the server; after that its answer is not known, and the question is asked again."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Runs that were asked for and have not ended: not begun yet, and at work."""

    waiting: int = 0
    at_work: int = 0

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return self.waiting + self.at_work > 0

    @property
    def full(self) -> bool:
        """Whether another run would queue up: one may wait behind one that is at work, none behind one that waits."""
        return self.waiting > 0 or self.at_work > 1


class Trigger(Protocol):
    """Whoever makes runs. Any exception of the two means: not now, try again."""

    async def under_way(self) -> UnderWay:
        """The project's runs that have not ended."""
        ...

    async def start(self, batch: Batch) -> str:
        """Have a run look at the paths of a batch, once however often it is asked for; its name."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class PrefectTrigger:
    """Runs of one deployment for one project and root."""

    def __init__(self, settings: Settings, deployment: str = DEPLOYMENT) -> None:
        self._settings = settings
        self._deployment = deployment
        self._project = settings.project
        self._root = absolute(settings.root)
        self._tags = ["watch", f"project:{self._project}", f"root:{self._root}"]
        self._open = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._connected: tuple[str, PrefectClient] | None = None

    async def under_way(self) -> UnderWay:
        """Runs of the deployment that a watcher of this project asked for and that have not ended."""
        from prefect.client.schemas import filters
        from prefect.client.schemas.objects import StateType

        states = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
        flow, _, deployment = self._deployment.partition("/")
        with self._asked():
            async with asyncio.timeout(ANSWER_SECONDS):
                client = await self._client()
                runs = await client.read_flow_runs(
                    flow_filter=filters.FlowFilter(name=filters.FlowFilterName(any_=[flow])),
                    deployment_filter=filters.DeploymentFilter(name=filters.DeploymentFilterName(any_=[deployment])),
                    flow_run_filter=filters.FlowRunFilter(
                        tags=filters.FlowRunFilterTags(all_=self._tags),
                        state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=states)),
                    ),
                    limit=10,
                )
        at_work = sum(run.state_type not in {StateType.SCHEDULED, StateType.PENDING} for run in runs)
        return UnderWay(waiting=len(runs) - at_work, at_work=at_work)

    async def start(self, batch: Batch) -> str:
        """A run over the batch's paths, on the deployment's own queue; its name and id.

        Raises:
            ServerError: the deployment is not there.
        """
        from prefect.deployments.flow_runs import arun_deployment
        from prefect.exceptions import ObjectNotFound

        parameters = {"paths": batch.paths, "project": self._project, "root": self._root}
        with self._asked():
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    run = await arun_deployment(
                        self._deployment,
                        client=await self._client(),
                        parameters=parameters,
                        timeout=0,
                        idempotency_key=batch.key,
                        tags=self._tags,
                        as_subflow=False,
                    )
            except ObjectNotFound as error:
                raise ServerError(
                    f"There is no deployment {self._deployment} on the Prefect server.", hint="Run `lineage deploy`."
                ) from error
        return f"{run.name} ({run.id})"

    async def close(self) -> None:
        """Close the connection."""
        self._connected = None
        opened, self._open = self._open, AsyncExitStack()
        await opened.aclose()

    async def _client(self) -> PrefectClient:
        """One client as long as it works and the server stays where it is: opening one costs more than a run."""
        from prefect.client.orchestration import get_client

        from flows.watch.transport import EagerTransport

        address = prefect_address(self._settings)
        async with self._opening:
            if self._connected is None or self._connected[0] != address:
                await self.close()
                client = get_client(httpx_settings={"transport": EagerTransport()})
                self._connected = (address, await self._open.enter_async_context(client))
            return self._connected[1]

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Prefect's settings for a question. Its own retry is off: the watcher retries, and keeps the paths."""
        address = prefect_address(self._settings)
        from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES

        from flows.prefect_settings import changed_settings

        with changed_settings({PREFECT_API_URL: address, PREFECT_CLIENT_MAX_RETRIES: 0}):
            yield


def prefect_address(settings: Settings) -> str:
    """The API to ask: PREFECT_API_URL's, or that of the local server, which is not started here.

    Raises:
        ServerError: there is no local server.
    """
    if settings.prefect_api_url:
        return settings.prefect_api_url.rstrip("/")
    state = settings.prefect_dir / "server.json"
    try:
        server = RunningServer.model_validate_json(state.read_bytes())
    except (OSError, ValidationError):
        server = None
    if server is None or server.process.find() is None:
        raise ServerError(
            "No local Prefect server runs.", hint="`lineage up` starts one; or set PREFECT_API_URL to your own."
        )
    return server.api_url
