"""Starts parts in order, starts again what ends by itself, and stops all in reverse."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from flows.stack.state import PartState
from flows.watch.backoff import Backoff
from lineage_core.errors import LineageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flows.stack.part import Part
    from flows.stack.state import Condition

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_GOOD_SECONDS = 60.0
"""A part that was up as long starts its waits anew."""

_LOOK_SECONDS = 5.0
_SILENT_AFTER = 2
"""Looks without an answer after which a part counts as silent: one may be missed on a busy machine."""


class Supervisor:
    """Looks after the parts.

    Args:
        parts: in the order in which they start.
        changed: told of every change; must not raise.
    """

    def __init__(self, parts: Sequence[Part], changed: Callable[[PartState], None]) -> None:
        self._parts = {part.name: part for part in parts}
        self._changed = changed
        self._up = {part.name: asyncio.Event() for part in parts}
        self._stopped = {part.name: asyncio.Event() for part in parts}
        self.states = {part.name: PartState(name=part.name, ours=part.ours, url=part.url) for part in parts}

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Start everything, call `ready`, and look after it until `stop` is set; on return everything is stopped.

        Raises:
            LineageError: a part could not be started for the first time; what had been started is stopped.
        """
        waiting = asyncio.create_task(stop.wait())
        keepers = [asyncio.create_task(self._keep(part)) for part in self._parts.values()]
        try:
            if await self._all_up([waiting, *keepers]):
                ready()
                await asyncio.wait([waiting, *keepers], return_when=asyncio.FIRST_COMPLETED)
            for keeper in keepers:
                if keeper.done():
                    keeper.result()
        finally:
            waiting.cancel()
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(waiting, *keepers, return_exceptions=True)
            await asyncio.gather(*(self._stop(part) for part in self._parts.values()))

    async def _all_up(self, otherwise: list[asyncio.Task[Any]]) -> bool:
        """Whether all parts came up before something else ended."""
        up = asyncio.create_task(self._wait_for_all())
        await asyncio.wait([up, *otherwise], return_when=asyncio.FIRST_COMPLETED)
        return up.done() or not up.cancel()

    async def _wait_for_all(self) -> None:
        for event in self._up.values():
            await event.wait()

    async def _keep(self, part: Part) -> None:
        """A part's life. The first start may fail and ends all; what ends later is started again, however often."""
        await self._start(part)
        waits = Backoff(_FIRST_WAIT, _LONGEST_WAIT)
        while True:
            reason = await self._ended(part)
            self._up[part.name].clear()
            state = self.states[part.name]
            if time.time() - state.since > _GOOD_SECONDS:
                waits.reset()
            while True:
                wait = waits.next()
                state.restarts += 1
                self._change(part, "restarting", f"{reason}; starts again in {wait:.0f} s")
                await asyncio.sleep(wait)
                try:
                    await self._start(part)
                except LineageError as error:
                    reason = error.message
                else:
                    break

    async def _start(self, part: Part) -> None:
        for need in part.needs:
            await self._up[need].wait()
        self._change(part, "starting", self.states[part.name].message)
        await part.start()
        self._change(part, "up")
        self._up[part.name].set()

    async def _ended(self, part: Part) -> str:
        """How the part ended, once it has. Meanwhile it is asked now and then whether it is still well."""
        looks = asyncio.create_task(self._look(part))
        try:
            return await part.ended()
        finally:
            looks.cancel()

    async def _look(self, part: Part) -> None:
        missed = 0
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            missed = 0 if await part.answers() else missed + 1
            silent = self.states[part.name].condition == "silent"
            if missed == _SILENT_AFTER and not silent:
                self._change(part, "silent", "it does not answer")
            elif not missed and silent:
                self._change(part, "up")

    async def _stop(self, part: Part) -> None:
        """Stop a part once all that need it are stopped."""
        for other in self._parts.values():
            if part.name in other.needs:
                await self._stopped[other.name].wait()
        try:
            if self.states[part.name].condition != "waiting":
                self._change(part, "stopping")
                await part.stop(part.patience)
            self._change(part, "stopped")
        finally:
            self._stopped[part.name].set()

    def _change(self, part: Part, condition: Condition, message: str = "") -> None:
        state = self.states[part.name]
        if condition != state.condition:
            state.since = time.time()
        state.condition, state.message, state.url, state.process = condition, message, part.url, part.process
        self._changed(state.model_copy())
