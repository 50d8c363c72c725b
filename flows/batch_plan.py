"""The batches of a run, kept in its folder: a retry gives a file's batch the number that it had before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flows.batch_tasks import FileBatch
from lineage_core.source.batches import batches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lineage_core.model.files import FileVersion

_FILE = "batches.json"


class BatchPlan:
    """Numbers of batches by file.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE
        self._numbers: dict[str, int] = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._next = max(self._numbers.values(), default=-1) + 1

    def divide(self, versions: Sequence[FileVersion]) -> dict[FileBatch, list[FileVersion]]:
        """Batches of files: first those of an earlier try of the run, then new ones."""
        groups: dict[int, list[FileVersion]] = {}
        for version in versions:
            if version.path in self._numbers:
                groups.setdefault(self._numbers[version.path], []).append(version)
        for group in batches([version for version in versions if version.path not in self._numbers]):
            groups[self._next] = group
            self._numbers |= dict.fromkeys((version.path for version in group), self._next)
            self._next += 1
        self._file.write_text(json.dumps(self._numbers))
        return {
            FileBatch(number, tuple(version.path for version in group)): group
            for number, group in sorted(groups.items())
        }
