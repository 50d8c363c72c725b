"""How far an ingest is: a bar for each stage on a terminal, plain lines otherwise, on standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flows.cli.console import say

if TYPE_CHECKING:
    from flows.progress import Progress


class Lines:
    """A line when a stage is done."""

    def __init__(self) -> None:
        self._stages: dict[str, tuple[int, int, float]] = {}

    def start(self, stage: str, total: int) -> None:
        """Remember when it began."""
        self._stages[stage] = (0, total, time.monotonic())

    def advance(self, stage: str, count: int) -> None:
        """Say so once all is done."""
        done, total, began = self._stages[stage]
        self._stages[stage] = (done + count, total, began)
        if done < total <= done + count:
            say(f"{stage}: {total:,} files in {time.monotonic() - began:.1f} s")


class Bars:
    """A bar for each stage."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._tasks: dict[str, Any] = {}

    def start(self, stage: str, total: int) -> None:
        """Show another bar."""
        self._tasks[stage] = self._bars.add_task(stage, total=total)

    def advance(self, stage: str, count: int) -> None:
        """Move it."""
        self._bars.advance(self._tasks[stage], count)


@contextmanager
def shown() -> Iterator["Progress"]:
    """Whoever shows progress the right way for where standard error goes."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield Bars(bars)
