"""How much memory the parts of a stack hold, with the processes that they have started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flows.local_prefect import ProcessId


class Memory:
    """The parts' memory as it was at the last look. `sizes` is in bytes, part -> resident memory.

    Args:
        processes: gives each part's process.
    """

    def __init__(self, processes: Callable[[], Mapping[str, ProcessId]]) -> None:
        self._processes = processes
        self.sizes: dict[str, int] = {}

    def look(self) -> None:
        """Measure them. It reads the whole process table, which takes some milliseconds."""
        sizes = {}
        for name, process in self._processes().items():
            found = process.find()
            if found is not None:
                sizes[name] = _held_by(found)
        self.sizes = sizes


def _held_by(process: psutil.Process) -> int:
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_resident(one) for one in family)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
