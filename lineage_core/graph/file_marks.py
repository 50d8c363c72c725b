"""What the graph last saw of each file, as little as tells whether it changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lineage_core.graph.file_rows import file_rows

if TYPE_CHECKING:
    from neo4j import Driver


class FileMark(NamedTuple):
    """The content that a File node stands for. `sha256` empty: not ingested, or not to its end.

    `size` is in bytes, `mtime` in ns since 1970.
    """

    sha256: str
    size: int
    mtime: int


def file_marks(driver: Driver, database: str, project: str) -> dict[str, FileMark]:
    """The mark of every File node of the project, by path."""
    wanted = ("f.path", "coalesce(f.sha256, '')", "coalesce(f.size, 0)", "coalesce(f.mtime, 0)")
    return {path: FileMark(*mark) for path, *mark in file_rows(driver, database, project, *wanted)}
