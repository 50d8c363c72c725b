"""What is served: the sum of what the processes keep, and what the process that serves can see for itself."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from flows.metrics.kept import ENDED, Kept, read
from lineage_core.graph.server.jars import NEO4J_VERSION
from lineage_core.metrics import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from flows.stack.state import PartState

_SAMPLE_ENDS = ("_total", "_bucket", "_count", "_sum")


class KeptCollector(Collector):
    """What all processes of a folder have counted. A file is read again only once it has changed.

    Args:
        folder: of the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[tuple[int, int], Kept]] = {}

    def collect(self) -> Iterable[Metric]:
        """Every metric that anybody has counted; and those of a kind that nobody has, without samples."""
        there = sum_of(self._read())
        metrics = {metric.name: Metric(metric.name, metric.documentation, metric.type) for metric in REGISTRY.collect()}
        for sample, value in sorted({**there.totals, **there.latest}.items()):
            name, labels = json.loads(sample)
            if (metric := metrics.get(name) or metrics.get(_base(name))) is not None:
                metric.add_sample(name, labels, value)
        return metrics.values()

    def _read(self) -> list[Kept]:
        found: dict[str, tuple[tuple[int, int], Kept]] = {}
        for file in self._folder.glob("*.json"):
            try:
                status = file.stat()
            except OSError:
                continue
            stamp = (status.st_mtime_ns, status.st_ino)
            known = self._known.get(file.name)
            kept = known[1] if known is not None and known[0] == stamp else read(file)
            if kept is not None:
                found[file.name] = (stamp, kept)
        self._known = found
        folded = set(found[ENDED][1].folded) if ENDED in found else set()
        return [kept for name, (_, kept) in found.items() if name not in folded]


def sum_of(kept: Iterable[Kept]) -> Kept:
    """What several processes have counted together."""
    total = Kept()
    for one in sorted(kept, key=lambda one: one.at):
        total.add(one)
    return total


def _base(sample: str) -> str:
    """A metric's name from that of a sample of it."""
    for end in _SAMPLE_ENDS:
        if sample.endswith(end):
            return sample.removesuffix(end)
    return sample


class BuildCollector(Collector):
    """What runs here, and the dead letters.

    Args:
        dead_letters: the file of the rows that could not be written, one a line.
    """

    def __init__(self, dead_letters: Path) -> None:
        self._dead_letters = dead_letters
        self._build = {
            "version": version("sql-lineage-graph"),
            "prefect": version("prefect"),
            "neo4j": NEO4J_VERSION,
            "python": platform.python_version(),
        }
        self._counted: tuple[tuple[int, int], int] = ((0, 0), 0)

    def collect(self) -> Iterable[Metric]:
        """Both."""
        yield InfoMetricFamily("lineage_build", "What runs.", value=self._build)
        yield GaugeMetricFamily(
            "lineage_dead_letters", "Rows that could not be written and wait for a replay.", value=self._letters()
        )

    def _letters(self) -> int:
        try:
            status = self._dead_letters.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._counted[0]:
                with self._dead_letters.open("rb") as file:
                    self._counted = (stamp, sum(1 for line in file if line.strip()))
        except FileNotFoundError:
            return 0
        return self._counted[1]


class PartsCollector(Collector):
    """The parts of a stack, as they are at the moment of being asked, and their memory as it was lately.

    Args:
        states: gives the parts' states.
        memory: gives the bytes of each part's processes.
    """

    def __init__(self, states: Callable[[], Mapping[str, PartState]], memory: Callable[[], Mapping[str, int]]) -> None:
        self._states = states
        self._memory = memory

    def collect(self) -> Iterable[Metric]:
        """Every metric with its current value."""
        up = GaugeMetricFamily("lineage_part_up", "Whether a part of the stack does its work.", labels=["part"])
        restarts = CounterMetricFamily(
            "lineage_part_restarts", "How often a part was started again after it had ended.", labels=["part"]
        )
        memory = GaugeMetricFamily(
            "lineage_part_resident_memory_bytes",
            "Memory of a part's processes, those of its flow runs included.",
            labels=["part"],
        )
        for name, state in self._states().items():
            up.add_metric([name], float(state.condition == "up"))
            restarts.add_metric([name], state.restarts)
        for name, size in self._memory().items():
            memory.add_metric([name], size)
        yield from (up, restarts, memory)
