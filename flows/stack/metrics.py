"""The metrics endpoint as a part of the stack, with what the stack knows of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.metrics.collectors import PartsCollector
from flows.metrics.endpoint import Endpoint
from flows.metrics.memory import Memory
from flows.ports import described_holder
from flows.server_environment import LOOPBACK
from flows.stack.part import Part
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flows.stack.state import PartState
    from lineage_core.settings import Settings

NAME = "metrics"


class Metrics(Part):
    """The endpoint, on a thread of this process."""

    name = NAME

    def __init__(self, settings: Settings, states: Callable[[], Mapping[str, PartState]]) -> None:
        self._port = settings.metrics_port
        memory = Memory(lambda: {name: state.process for name, state in states().items() if state.process is not None})
        self._endpoint = Endpoint(settings, [PartsCollector(states, lambda: memory.sizes)], memory.look)
        self.url = self._endpoint.url

    async def start(self) -> None:
        """Take the port."""
        try:
            self._endpoint.start()
        except OSError as error:
            raise ServerError(
                f"Port {self._port} of {LOOPBACK} is in use by {described_holder(self._port)}, "
                "so the metrics cannot be offered there.",
                hint="Stop it, or set LINEAGE_METRICS_PORT to a free port.",
            ) from error

    async def stop(self, seconds: float) -> None:  # noqa: ARG002 - it is a matter of milliseconds
        """Give the port back."""
        self._endpoint.stop()
