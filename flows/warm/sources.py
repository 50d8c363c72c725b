"""Whether the code on disk is still the code in memory: a run after a fix must be a run of the fix."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("flows", "tasks", "lineage_core")
_CHECKOUT = Path(__file__).parents[2]

Stamp = frozenset[tuple[str, int, int]]
"""Path, time and size of every module."""


def stamp(folder: Path = _CHECKOUT) -> Stamp:
    """Of the project's modules as they are on disk; 250 files take 2 ms."""
    return frozenset(mark for package in PACKAGES for mark in _marks(str(folder / package)))


def _marks(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _marks(entry.path)
            elif entry.name.endswith(".py"):
                status = entry.stat()
                yield entry.path, status.st_mtime_ns, status.st_size
