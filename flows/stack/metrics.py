"""The metrics endpoint: what Prometheus may ask the running stack, on loopback."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from flows.ports import described_holder
from flows.server_environment import LOOPBACK
from flows.stack.part import Part
from lineage_core.errors import ServerError
from lineage_core.graph.server.jars import NEO4J_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from prometheus_client import Metric

    from flows.stack.state import PartState
    from lineage_core.settings import Settings

NAME = "metrics"


class StackCollector(Collector):
    """The stack's own metrics, as they are at the moment of being asked.

    Args:
        states: gives the parts' states.
        dead_letters: the file of the rows that could not be written, one a line.
    """

    def __init__(self, states: Callable[[], Mapping[str, PartState]], dead_letters: Path) -> None:
        self._states = states
        self._dead_letters = dead_letters

    def collect(self) -> Iterable[Metric]:
        """Every metric with its current value."""
        up = GaugeMetricFamily("lineage_part_up", "Whether a part of the stack does its work.", labels=["part"])
        restarts = CounterMetricFamily(
            "lineage_part_restarts", "How often a part was started again after it had ended.", labels=["part"]
        )
        for name, state in self._states().items():
            up.add_metric([name], float(state.condition == "up"))
            restarts.add_metric([name], state.restarts)
        build = {
            "version": version("sql-lineage-graph"),
            "prefect": version("prefect"),
            "neo4j": NEO4J_VERSION,
            "python": platform.python_version(),
        }
        yield up
        yield restarts
        yield InfoMetricFamily("lineage_build", "What runs.", value=build)
        yield GaugeMetricFamily(
            "lineage_dead_letters", "Rows that could not be written and wait for a replay.", value=self._letters()
        )

    def _letters(self) -> int:
        try:
            with self._dead_letters.open("rb") as file:
                return sum(1 for line in file if line.strip())
        except FileNotFoundError:
            return 0


class Metrics(Part):
    """The endpoint, on a thread of this process."""

    name = NAME

    def __init__(self, settings: Settings, states: Callable[[], Mapping[str, PartState]]) -> None:
        self._port = settings.metrics_port
        self.url = f"http://{LOOPBACK}:{self._port}/metrics"
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(StackCollector(states, settings.dead_letters))
        self._close: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Take the port."""
        try:
            server, thread = start_http_server(self._port, LOOPBACK, self.registry)
        except OSError as error:
            raise ServerError(
                f"Port {self._port} of {LOOPBACK} is in use by {described_holder(self._port)}, "
                "so the metrics cannot be offered there.",
                hint="Stop it, or set LINEAGE_METRICS_PORT to a free port.",
            ) from error

        def close() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._close = close

    async def stop(self, seconds: float) -> None:  # noqa: ARG002 - it is a matter of milliseconds
        """Give the port back."""
        self._close()
