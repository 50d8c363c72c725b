"""Damaged parts of the cache are moved aside, where they can be looked at, and never in the way again."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_UNSAFE = re.compile(r"[^\w.-]")

KEPT = 10
"""Quarantined items that are kept, the newest."""


def quarantine_dir(cache_dir: Path) -> Path:
    """The folder beside the cache that holds what was damaged, one sub-folder a time."""
    return cache_dir.parent / "quarantine"


def set_aside(path: Path, cache_dir: Path) -> Path:
    """Move a file or folder into quarantine; where it is now.

    Raises:
        OSError: it cannot be moved.
    """
    target = _new_folder(cache_dir) / path.name
    path.rename(target)
    return target


def set_bytes_aside(name: str, raw: bytes, cache_dir: Path) -> Path:
    """Keep a damaged entry's bytes in quarantine; where they are now."""
    target = _new_folder(cache_dir) / f"{_UNSAFE.sub('_', name)[:200]}.bin"
    target.write_bytes(raw)
    return target


def _new_folder(cache_dir: Path) -> Path:
    parent = quarantine_dir(cache_dir)
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in sorted(parent.iterdir())[: -KEPT + 1]:
        shutil.rmtree(old, ignore_errors=True)
    folder = parent / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
