"""Work that the tests give to real Dask workers, which import this module by name."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_core.ingest.executor import Portable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Away(Portable[str, tuple[str, int]]):
    """Items to themselves and the process that did them; `call` is what a worker does with them first."""

    call: Callable[[Sequence[str]], None]
    stay: str = ""
    """An item that may not travel."""

    def __call__(self, items: Sequence[str]) -> list[tuple[str, int]]:
        """Done here, without the call."""
        return [(item, os.getpid()) for item in items]

    def may_travel(self, items: Sequence[str]) -> list[bool]:
        """All but one."""
        return [item != self.stay for item in items]

    def pack(self, items: Sequence[str]) -> Callable[[], Any]:
        """The call, for a worker."""
        return partial(done, self.call, items)

    def accept(self, _items: Sequence[str], answer: Any) -> list[tuple[str, int]]:
        """As it comes."""
        return list(answer)


def done(call: Callable[[Sequence[str]], None], items: Sequence[str]) -> list[tuple[str, int]]:
    """On a worker."""
    call(items)
    return [(item, os.getpid()) for item in items]


def nothing(_items: Sequence[str]) -> None:
    """No work at all."""


def refuse(items: Sequence[str]) -> None:
    """Fail."""
    raise ValueError(f"no {items[0]}")


def die(_items: Sequence[str]) -> None:
    """Take the worker along, whichever it is."""
    os.kill(os.getpid(), signal.SIGKILL)


def wait_once(items: Sequence[str]) -> None:
    """The first time, leave a mark and never come to an end; the next time nothing."""
    mark = Path(items[0])
    if not mark.exists():
        mark.write_text(str(os.getpid()))
        time.sleep(600)
