"""Functions that the tests of the pool give to real worker processes, which import this module by name."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.ingest import limits
from lineage_core.ingest.parse_stage import parse_files
from lineage_core.model.facts import FileFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.ingest.parse_stage import FileParse, ParseOptions
    from lineage_core.model.files import FileVersion

MIB = 2**20


def doubled(items: Sequence[int]) -> list[int]:
    """Each item twice."""
    return [2 * item for item in items]


def process_ids(items: Sequence[int]) -> list[int]:
    """The worker's process id, after long enough a time that the other workers get work too."""
    time.sleep(0.05)
    return [os.getpid() for _ in items]


def modules(items: Sequence[int]) -> list[list[str]]:
    """What the worker has imported."""
    return [sorted(sys.modules) for _ in items]


def killed_at_thirteen(items: Sequence[int]) -> list[int]:
    """The system kills the worker at item 13."""
    for item in items:
        if item == 13:
            os.kill(os.getpid(), signal.SIGKILL)
    return list(items)


def crashed_at_thirteen(items: Sequence[int]) -> list[int]:
    """Native code reads where nothing is."""
    if 13 in items:
        ctypes.string_at(0)
    return list(items)


def killed_unless_alone(items: Sequence[str]) -> list[str]:
    """A worker that dies only when it has several items."""
    if len(items) > 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return list(items)


def marked(items: Sequence[str]) -> list[int]:
    """Write this process's id to the file that each item names, then wait to be killed."""
    for item in items:
        Path(item).write_text(str(os.getpid()))
        time.sleep(600)
    return []


def marked_once(items: Sequence[str]) -> list[str]:
    """Write this process's id to the file that each item names and wait to be killed; the second time go on."""
    for item in items:
        if not Path(item).exists():
            Path(item).write_text(str(os.getpid()))
            time.sleep(600)
    return list(items)


def intervals(items: Sequence[str]) -> list[tuple[str, float, float]]:
    """When each item was at work; 'kill' dies with the worker unless it is alone."""
    if "kill" in items and len(items) > 1:
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    found = []
    for item in items:
        begun = time.monotonic()
        time.sleep(0.1)
        found.append((item, begun, time.monotonic()))
    return found


def held_until_told(items: Sequence[tuple[int, str, str]]) -> list[int]:
    """Hold so many bytes, say so by making a file, and wait for another file; the number of bytes."""
    for size, begun, go_on in items:
        held = bytearray(size)
        held[::4096] = b"x" * len(held[::4096])
        Path(begun).touch()
        while not Path(go_on).exists():
            time.sleep(0.01)
    return [size for size, _, _ in items]


def kept(items: Sequence[int]) -> list[int]:
    """Hold so many MiB for as long as the worker lives; the worker's id."""
    store = sys.modules[__name__].__dict__.setdefault("_kept", [])
    for item in items:
        held = bytearray(item * MIB)
        held[::4096] = b"x" * len(held[::4096])
        store.append(held)
    return [os.getpid() for _ in items]


def allocated(items: Sequence[int]) -> list[int]:
    """Ask for so many MiB."""
    return [len(bytearray(item * MIB)) for item in items]


def refused(items: Sequence[int]) -> list[int]:
    """An error of the function itself."""
    raise ValueError(f"no {items[0]}")


def endless(text: str, dialect: str = "") -> FileFacts:
    """A parser that comes to no end with a text that says so."""
    while "endless" in text:
        pass
    return FileFacts(dialect=dialect)


def endless_in_native_code(text: str, dialect: str = "") -> FileFacts:
    """A parser that comes to no end where no signal is looked at."""
    if "endless" in text:
        sum(range(10**15))
    return FileFacts(dialect=dialect)


def parsed_with_short_grace(versions: Sequence[FileVersion], options: ParseOptions) -> list[FileParse]:
    """Parse with a parser that never ends, and little grace for it."""
    limits._GRACE_SECONDS = 0.3
    return parse_files(versions, options, endless_in_native_code)
