"""Rows that the database refused, on their way to the dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineage_core.graph import dead_letters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lineage_core.graph.target import Target
    from lineage_core.model.rows import FileRows


class RefusedRows:
    """Keeps the refused rows of one run, each once, although a write whose commit failed is tried again.

    Args:
        target: where they were to be written.
        file: of the dead letters.
    """

    def __init__(self, target: Target, file: Path) -> None:
        self._target = target
        self._file = file
        self._kept: set[str] = set()

    def keep(self, refused: Sequence[tuple[FileRows, BaseException | str, dict[str, Any]]]) -> int:
        """Keep rows with their file and what was wrong with them; how many they are.

        Raises:
            DatabaseError: they cannot be kept.
        """
        if not refused:
            return 0
        target, where = self._target, self._target.store_id()
        letters = [
            dead_letters.dead_letter(
                error,
                file=file.path,
                run_id=target.run_id,
                project=target.project,
                row=row,
                digest=file.digest,
                database=where,
            )
            for file, error, row in refused
        ]
        new = {letter.identity: letter for letter in letters if letter.identity not in self._kept}
        dead_letters.append(self._file, new.values())
        self._kept |= new.keys()
        return len(letters)
