"""Runs of a deployment on a real Prefect server: made once, counted, and held back while one waits."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import pytest
from httpx import HTTPStatusError
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Failed, Pending, Running

from flows.watch.requests import ask_to_flush
from flows.watch.state import Batch
from flows.watch.trigger import PrefectTrigger, UnderWay, prefect_address
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from conftest import Forward, Watch
    from prefect.client.schemas.objects import FlowRun

    from lineage_core.settings import Settings


R = TypeVar("R")


class Server:
    """The shared Prefect server with a deployment that nobody runs but the test."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client
        self.flow = f"stand-in-{uuid.uuid4().hex[:8]}"
        self.deployment = f"{self.flow}/watch"

        @flow(name=self.flow)
        def stand_in(paths: list[str], project: str = "", root: str = "") -> None:
            """Nothing."""

        parameters = {"flow_id": client.create_flow(stand_in), "name": "watch", "enforce_parameter_schema": False}
        client.create_deployment(**parameters)

    def runs(self) -> list[FlowRun]:
        """All runs, the oldest first."""
        from prefect.client.schemas.filters import FlowFilter, FlowFilterName

        found = self._client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[self.flow])))
        return sorted(found, key=lambda run: run.created)

    def set(self, run: FlowRun, *states: object) -> None:
        """Take a run through states, as a worker does."""
        for state in states:
            self._client.set_flow_run_state(run.id, state, force=True)


async def answered(ask: Callable[[], Coroutine[None, None, R]]) -> R:
    """The answer, as whoever uses a trigger gets it: a busy server is asked again."""
    for _ in range(10):
        try:
            return await ask()
        except HTTPStatusError:
            await asyncio.sleep(0.5)
    return await ask()


@pytest.fixture
def server(prefect_api: str) -> Iterator[Server]:
    with temporary_settings({PREFECT_API_URL: prefect_api}), get_client(sync_client=True) as client:
        yield Server(client)


@pytest.fixture
def on_server(settings: Settings, prefect_api: str, tree: Path) -> Settings:
    """Settings of a project on the shared server."""
    return settings.model_copy(update={"prefect_api_url": prefect_api, "root": tree})


def test_a_batch_is_one_run_however_often_it_is_sent(server: Server, on_server: Settings) -> None:
    async def send() -> list[str]:
        trigger = PrefectTrigger(on_server, server.deployment)
        batch = Batch(key=uuid.uuid4().hex, paths=["/x/a.sql", "/x/b.sql"])
        names = [await answered(lambda: trigger.start(batch)) for _ in range(3)]
        await trigger.close()
        return names

    assert len(set(asyncio.run(send()))) == 1
    (run,) = server.runs()
    assert run.parameters == {
        "paths": ["/x/a.sql", "/x/b.sql"],
        "project": on_server.project,
        "root": str(on_server.root),
    }
    assert {"watch", f"project:{on_server.project}"} <= set(run.tags)


def test_runs_are_counted_until_they_end_and_by_project(server: Server, on_server: Settings) -> None:
    other = on_server.model_copy(update={"project": "another"})

    async def count() -> list[UnderWay]:
        trigger, elsewhere = (PrefectTrigger(of, server.deployment) for of in (on_server, other))
        counts = [await answered(trigger.under_way)]
        for one in (trigger, elsewhere):
            await answered(partial(one.start, Batch(key=uuid.uuid4().hex, paths=["/x"])))
        counts.append(await answered(trigger.under_way))
        run = next(run for run in server.runs() if f"project:{on_server.project}" in run.tags)
        for state in (Pending(), Running(), Completed(), Failed()):
            server.set(run, state)
            counts.append(await answered(trigger.under_way))
        await trigger.close()
        await elsewhere.close()
        return counts

    waiting, at_work, none = UnderWay(waiting=1), UnderWay(at_work=1), UnderWay()
    assert asyncio.run(count()) == [none, waiting, waiting, at_work, none, none]


def test_a_deployment_that_is_not_there_is_named(on_server: Settings) -> None:
    async def start() -> None:
        trigger = PrefectTrigger(on_server, "nobody/knows")
        try:
            await trigger.start(Batch(key="k", paths=["/x"]))
        finally:
            await trigger.close()

    with pytest.raises(ServerError, match="nobody/knows") as caught:
        asyncio.run(start())
    assert "lineage deploy" in caught.value.hint


def test_without_a_local_server_none_is_started(settings: Settings) -> None:
    with pytest.raises(ServerError, match="No local Prefect server"):
        prefect_address(settings.model_copy(update={"prefect_api_url": ""}))
    assert not settings.prefect_dir.exists()


def test_windows_merge_while_a_run_waits_and_the_next_goes_when_it_begins(
    server: Server, on_server: Settings, watch: Watch, tree: Path
) -> None:
    trigger = PrefectTrigger(on_server, server.deployment)
    with watch(trigger=trigger, prefect_api_url=on_server.prefect_api_url) as watching:
        (tree / "a.sql").touch()
        watching.until("state.last_trigger")
        for name in ("b.sql", "c.sql", "d.sql"):
            (tree / name).touch()
            assert "has not begun" in ask_to_flush(watching.settings), "its window is closed"
        (first,) = server.runs()
        server.set(first, Pending(), Running())
        watching.until("state.pending_count == 0")
        first, second = server.runs()
        assert second.parameters["paths"] == [str(tree / name) for name in ("b.sql", "c.sql", "d.sql")]
        (tree / "e.sql").touch()
        watching.until("state.held")
        assert len(server.runs()) == 2, "one at work, one waiting: no more"
        server.set(first, Completed())
        server.set(second, Pending(), Running())
        watching.until("state.pending_count == 0")
        assert len(server.runs()) == 3


def test_a_server_that_is_down_gets_everything_when_it_is_up_again(
    server: Server, on_server: Settings, watch: Watch, tree: Path, forward: Forward
) -> None:
    port = forward(urlsplit(on_server.prefect_api_url).port)
    away = {"prefect_api_url": f"http://127.0.0.1:{port.port}/api"}
    trigger = PrefectTrigger(on_server.model_copy(update=away), server.deployment)
    with watch(trigger=trigger, **away) as watching:
        (tree / "a.sql").touch()
        watching.until("state.last_error and 'changes are kept' in state.last_error.message")
        port.up()
        watching.until("state.last_trigger")
        server.set(server.runs()[0], Completed())
        port.down()
        (tree / "b.sql").touch()
        watching.until("state.pending_count == 1")
        (tree / "c.sql").touch()
        watching.until("state.pending_count == 2")
        port.up()
        watching.until("state.pending_count == 0")
    given = [path for run in server.runs() for path in run.parameters["paths"]]
    assert sorted(given) == [str(tree / name) for name in ("a.sql", "b.sql", "c.sql")]
