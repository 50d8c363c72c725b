"""Check of the kernel's limits on watched folders (inotify) against the trees to watch."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from flows.doctor.check import failed, ok, skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.doctor.check import Answer, Setup

LIMITS = Path("/proc/sys/fs/inotify")
_ROOMY = 524_288


@dataclass(frozen=True, slots=True)
class _Use:
    """Of one of the two limits: how much all processes of this user use, and how much the watcher will need."""

    limit: str
    used: int
    needed: int

    @property
    def most(self) -> int:
        return int((LIMITS / self.limit).read_text())


def watches(setup: Setup) -> Answer:
    """Whether the kernel lets this user watch every folder of the trees, beside what others watch already."""
    if setup.settings.watch_force_polling:
        return skipped("not needed: WATCH_FORCE_POLLING is set")
    missing = [root for root in setup.roots if not Path(root).is_dir()]
    if missing:
        return failed(f"{missing[0]} is no folder", "Give folders that are there, or set INGEST_ROOT.")
    folders = sum(1 for root in setup.roots for _ in os.walk(root))
    others = list(_instances(but=_own_watcher(setup)))
    uses = (
        _Use("max_user_watches", sum(others), folders),
        _Use("max_user_instances", len(others), 1),
    )
    for use in uses:
        if use.used + use.needed > use.most:
            wanted = max(_ROOMY if use.limit == "max_user_watches" else 0, 2 * (use.used + use.needed))
            return failed(
                f"{use.needed:,} needed for {folders:,} folders and {use.used:,} in use, "
                f"but fs.inotify.{use.limit} is {use.most:,}",
                f"sudo sysctl fs.inotify.{use.limit}={wanted}; or set WATCH_FORCE_POLLING=true.",
            )
    watch = uses[0]
    return ok(f"{folders:,} folders to watch, {watch.used:,} of {watch.most:,} watches in use by others")


def _own_watcher(setup: Setup) -> int | None:
    part = setup.stack.parts.get("watcher") if setup.stack else None
    return part.process.pid if part and part.process else None


def _instances(but: int | None) -> Iterator[int]:
    """The number of watches of each inotify instance of this user, as far as can be seen."""
    for process in psutil.process_iter():
        folder = Path("/proc") / str(process.pid)
        with suppress(OSError, psutil.NoSuchProcess):
            if process.pid == but or process.uids().real != os.getuid():
                continue
            for descriptor in (folder / "fd").iterdir():
                if descriptor.readlink().name == "anon_inode:inotify":
                    info = (folder / "fdinfo" / descriptor.name).read_text()
                    yield sum(line.startswith("inotify ") for line in info.splitlines())
