"""Paths that somebody saw change to the SQL files that are there now: the lenient sister of discovery.

A path may be a file or a folder, there or gone, wanted or ignored by now. What is there and wanted is found; of the
rest, whatever the graph knows counts as deleted.
"""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.errors import SourceError
from lineage_core.model.files import SourceFile
from lineage_core.source.discover import Discovery, project_walk
from lineage_core.source.identity import absolute, file_identity, inside
from lineage_core.source.scopes import Scopes
from lineage_core.source.walk import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineage_core.settings import Settings
    from lineage_core.source.walk import Walk


def look_up(paths: Sequence[str | Path], settings: Settings) -> Discovery:
    """The SQL files that are at or below the given paths now.

    Args:
        paths: files or folders below the project root, as something that watches it would tell them.
        settings: `root`, `suffixes` and the data folder are used.

    Raises:
        SourceError: the root itself is not there, or a path is outside of it.
    """
    looked_at = datetime.now(UTC).isoformat()
    root = absolute(settings.root)
    if not Path(root).is_dir():
        raise SourceError(
            f"The project root {root} is not there.",
            hint="Look whether its drive is mounted. Nothing was deleted from the graph.",
        )
    walk = project_walk(settings)
    found: dict[str, Found] = {}
    scopes: list[str] = []
    for path in dict.fromkeys(absolute(path) for path in paths):
        if not inside(path, root):
            raise SourceError(f"{path} is not below the project root {root}.", hint="Use `lineage ingest` for it.")
        scopes.append(file_identity(path, root))
        found |= {file.path: file for file in _at(path, walk, settings.suffixes)}
    files = sorted(found.values(), key=lambda file: file.path)
    return Discovery(
        files=[SourceFile(path=file.path, location=file.location, size=file.size) for file in files],
        scopes=Scopes(folders=tuple(scopes), files=tuple(scopes), unknown=tuple(walk.unknown)),
        problems=sorted(set(walk.problems)),
        skipped=sorted(set(walk.skipped)),
        looked_at=looked_at,
    )


def _at(path: str, walk: Walk, suffixes: tuple[str, ...]) -> Iterator[Found]:
    identity = file_identity(path, walk.root)
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return  # it is gone
    except OSError as error:
        walk.note(identity, f"cannot be looked at: {error.strerror}")
        return
    if not walk.reaches(path, folder=stat.S_ISDIR(status.st_mode)):
        return
    if stat.S_ISDIR(status.st_mode):
        yield from walk.files(path, identity, suffixes)
    elif stat.S_ISREG(status.st_mode) and path.lower().endswith(suffixes):
        yield Found(identity, path, status.st_size)
