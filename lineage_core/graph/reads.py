"""What the graph says of the project's files, and how much it holds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

from lineage_core.graph.cypher import ALL_TYPES
from lineage_core.graph.file_rows import file_rows
from lineage_core.model.schema import NODES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j import Driver


Written = tuple[str, str]
"""A write of a file: the run's id, and when it ended."""


@dataclass(frozen=True, slots=True)
class FileState:
    """One File node. `sha256` empty: not ingested, or not to its end.

    `size` is in bytes, `mtime` in ns since 1970, of the content that was ingested. `answered` is a digest of what the
    catalog answered it; empty: it has to be linked again. `observed_at` is when it was read from the disk last;
    `run_id` and `ingested_at` are of the run that wrote it last.
    """

    path: str
    sha256: str = ""
    status: str = ""
    parser_version: str = ""
    rows_digest: str = ""
    dialect: str = ""
    size: int = 0
    mtime: int = 0
    answered: str = ""
    observed_at: str = ""
    run_id: str = ""
    ingested_at: str = ""

    @property
    def written(self) -> Written:
        """Which write the node is of."""
        return self.run_id, self.ingested_at


_STATE = [
    f"f.{field.name}" if field.name == "path" else f"coalesce(f.{field.name}, {field.default!r})"
    for field in fields(FileState)
]


def file_states(driver: Driver, database: str, project: str) -> dict[str, FileState]:
    """Every File node of the project, by path."""
    return {row[0]: FileState(*row) for row in file_rows(driver, database, project, *_STATE)}


def file_writes(driver: Driver, database: str, project: str) -> dict[str, Written]:
    """Which write every File node of the project is of, by path: as little as tells whether another run was there."""
    wanted = ("f.path", "coalesce(f.run_id, '')", "coalesce(f.ingested_at, '')")
    return {path: (run_id, at) for path, run_id, at in file_rows(driver, database, project, *wanted)}


class FileTies(NamedTuple):
    """What ties a file to the others: what it defines, as stored, and the names that it asked the catalog for."""

    path: str
    definitions: str
    asked: tuple[str, ...]


def file_ties(driver: Driver, database: str, project: str) -> Iterator[FileTies]:
    """Of every file of the project; read only where something has changed, since they are most of what a File has."""
    wanted = ("f.path", "coalesce(f.definitions, '')", "coalesce(f.asked, [])")
    for path, definitions, asked in file_rows(driver, database, project, *wanted):
        yield FileTies(path, definitions, tuple(asked))


_COUNT_LABELS = " UNION ALL ".join(
    f"MATCH (n:{label}) WHERE n.project_id = $project RETURN '{label}' AS name, count(n) AS n" for label in NODES
)
_COUNT_TYPES = f"MATCH ()-[r:{ALL_TYPES}]->() WHERE r.project_id = $project RETURN type(r) AS name, count(r) AS n"


def graph_counts(driver: Driver, database: str, project: str) -> tuple[dict[str, int], dict[str, int]]:
    """The project's nodes by label and relationships by type."""
    with driver.session(database=database) as session:
        labels, types = (
            {record["name"]: int(record["n"]) for record in session.run(query, project=project)}
            for query in (_COUNT_LABELS, _COUNT_TYPES)
        )
    return {label.value: labels.get(label.value, 0) for label in NODES}, dict(sorted(types.items()))
