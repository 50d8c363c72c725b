"""Trees of files to discover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.source.discover import discover

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.settings import Settings


def write(root: Path, *names: str) -> None:
    """Files below the root, folders as needed."""
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("SELECT 1")


def found(root: Path, settings: Settings, *paths: str | Path) -> list[str]:
    """What is discovered in paths below the root, or in all of it."""
    return [file.path for file in discover([root / path for path in paths] or [root], settings).files]
