"""Which files are still being written: their size or time moves while one looks."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOK_SECONDS = 0.2
"""Between two looks. A file that is written in bursts further apart comes with an event of its own for each."""

POLLED_SECONDS = 1.1
"""The same where changes are polled: two writes within one second look like one to whoever polls."""


async def moving(paths: Iterable[str], seconds: float = LOOK_SECONDS) -> set[str]:
    """Those of the paths that change within `seconds`. One that is gone does not move."""
    before = {path: _mark(path) for path in paths}
    await asyncio.sleep(seconds)
    return {path for path, mark in before.items() if mark is not None and _mark(path) not in {mark, None}}


def _mark(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - up to 1,000 of them
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
