"""The supervisor's rules, with small parts in place of servers: order, restarts, the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from flows.stack import supervisor as rules
from flows.stack.part import Part
from flows.stack.supervisor import Supervisor
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.stack.state import PartState


class StandIn(Part):
    """A part that does what the test says, and writes down what is done with it."""

    def __init__(self, name: str, log: list[str], *needs: str, refuses: int = 0) -> None:
        self.name = name
        self.needs = needs
        self.refuses = refuses
        self.well = True
        self._log = log
        self._over = asyncio.Event()

    async def start(self) -> None:
        """Refused as often as the test wants it."""
        self._over.clear()
        if self.refuses:
            self.refuses -= 1
            raise ServerError(f"{self.name} refuses.")
        self._log.append(f"+{self.name}")

    async def ended(self) -> str:
        """Once the test has ended it."""
        await self._over.wait()
        return "killed by the test"

    async def answers(self) -> bool:
        """As the test says."""
        return self.well

    async def stop(self, seconds: float) -> None:
        """At once."""
        assert seconds > 0
        self._log.append(f"-{self.name}")

    def end(self) -> None:
        """It ends by itself."""
        self._over.set()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(rules, "_LOOK_SECONDS", 0.01)


class Supervised:
    """Runs a supervisor until the test has seen what it waits for."""

    def __init__(self, *parts: Part) -> None:
        self.changes: list[PartState] = []
        self.stop = asyncio.Event()
        self.supervisor = Supervisor(parts, self._changed)
        self._steps: list[tuple[Callable[[PartState], bool], Callable[[], None]]] = []

    def when(self, name: str, condition: str, act: Callable[[], None], restarts: int = 0) -> None:
        """Next, once a part is in a condition, do something."""
        wanted = (name, condition, restarts)
        self._steps.append((lambda part: (part.name, part.condition, part.restarts) == wanted, act))

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """To its end."""

        async def timed() -> None:
            async with asyncio.timeout(20):
                await self.supervisor.run(self.stop, ready)

        asyncio.run(timed())
        assert not self._steps, "not all that was waited for came"

    def _changed(self, part: PartState) -> None:
        self.changes.append(part)
        if self._steps and self._steps[0][0](part):
            self._steps.pop(0)[1]()


def test_a_part_starts_after_what_it_needs_and_stops_before_it() -> None:
    log: list[str] = []
    worker = StandIn("worker", log, "server", "graph")
    watcher = StandIn("watcher", log, "worker")
    supervised = Supervised(watcher, worker, StandIn("server", log), StandIn("graph", log))
    supervised.run(ready=supervised.stop.set)
    assert set(log[:2]) == {"+server", "+graph"}
    assert log[2:6] == ["+worker", "+watcher", "-watcher", "-worker"]
    assert set(log[6:]) == {"-server", "-graph"}
    assert {state.condition for state in supervised.supervisor.states.values()} == {"stopped"}


def test_a_part_that_ends_is_started_again_after_waits_that_double() -> None:
    part = StandIn("worker", [])
    supervised = Supervised(part)

    def end() -> None:
        part.refuses = 3
        part.end()

    supervised.when("worker", "up", end)
    supervised.when("worker", "up", supervised.stop.set, restarts=4)
    supervised.run()
    told = [change.message for change in supervised.changes if change.condition == "restarting"]
    assert told[0].startswith("killed by the test")
    assert [message.split(";")[0] for message in told[1:]] == ["worker refuses."] * 3
    assert supervised.supervisor.states["worker"].restarts == 4


def test_a_part_is_not_started_again_before_what_it_needs() -> None:
    log: list[str] = []
    server, worker = StandIn("server", log), StandIn("worker", log, "server")
    supervised = Supervised(server, worker)

    def end() -> None:
        server.refuses = 4
        server.end()
        worker.end()

    supervised.when("worker", "up", end)
    supervised.when("worker", "up", supervised.stop.set, restarts=1)
    supervised.run()
    assert log == ["+server", "+worker", "+server", "+worker", "-worker", "-server"]


def test_a_part_that_cannot_be_started_at_all_ends_the_stack_and_stops_what_was_started() -> None:
    log: list[str] = []
    supervised = Supervised(
        StandIn("graph", log), StandIn("server", log, "graph", refuses=1), StandIn("worker", log, "server")
    )
    with pytest.raises(ServerError, match="server refuses"):
        supervised.run(ready=lambda: pytest.fail("it was not ready"))
    assert log == ["+graph", "-server", "-graph"], "what never was begun is not stopped"


def test_a_part_that_is_there_and_does_not_answer_is_told_and_left_alone() -> None:
    log: list[str] = []
    part = StandIn("server", log)
    supervised = Supervised(part)
    supervised.when("server", "up", lambda: setattr(part, "well", False))
    supervised.when("server", "silent", lambda: setattr(part, "well", True))
    supervised.when("server", "up", supervised.stop.set)
    supervised.run()
    assert log == ["+server", "-server"]


def test_stopping_does_not_wait_for_a_start() -> None:
    log: list[str] = []
    supervised = Supervised(StandIn("server", log), StandIn("worker", log, "nobody"), Never("nobody", log))
    supervised.when("nobody", "starting", supervised.stop.set)
    supervised.run(ready=lambda: pytest.fail("it was not ready"))
    assert "+worker" not in log
    assert set(log[-2:]) == {"-nobody", "-server"}


class Never(StandIn):
    """A part that never comes up."""

    async def start(self) -> None:
        """It takes for ever."""
        await asyncio.Event().wait()
