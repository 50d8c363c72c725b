"""Parts of the stack by themselves: what a start that is called off leaves, and how long all of them may take to end."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from flows.local_prefect import ProcessId, RunningServer
from flows.server_environment import Address
from flows.stack.plan import Wanted, make_parts
from flows.stack.prefect_part import LocalPrefect
from flows.stack.state import StackFile
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class SlowServer:
    """Stands in for the local server; it takes a while to be entered."""

    def __init__(self) -> None:
        self.entering = threading.Event()
        self.may_enter = threading.Event()
        self.did: list[str] = []

    def enter(self, wanted: Address) -> RunningServer:
        """Once that is allowed."""
        self.entering.set()
        assert self.may_enter.wait(60)
        self.did.append("enter")
        return RunningServer(process=ProcessId.current(), address=wanted)

    def leave(self, _seconds: float) -> None:
        """At once."""
        self.did.append("leave")


def test_a_prefect_server_that_is_being_started_when_the_start_is_called_off_is_left_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SlowServer()
    monkeypatch.setattr("flows.stack.prefect_part.LocalServer", lambda _: server)

    async def call_off() -> None:
        part = LocalPrefect(load_settings(data_dir=tmp_path), Address(port=1))
        starting = asyncio.create_task(part.start())
        await asyncio.to_thread(server.entering.wait)
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting
        stopping = asyncio.create_task(part.stop(1.0))
        await asyncio.sleep(0.05)
        server.may_enter.set()
        await stopping
        await part.stop(1.0)

    asyncio.run(call_off())
    assert server.did == ["enter", "leave"]


def test_all_parts_end_within_ten_seconds_whatever_they_are_busy_with(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, root=tmp_path, neo4j_uri="", prefect_api_url="")
    parts = make_parts(settings, Wanted(), StackFile(settings), "mark", None, lambda _: None)
    patience = {part.name: part.patience for part in parts}
    assert patience["watcher"] + patience["worker"] + max(patience["neo4j"], patience["prefect"]) <= 9.5
