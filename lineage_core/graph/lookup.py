"""Names as people type them to nodes of the graph."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_core.errors import DatabaseError
from lineage_core.model.urn import urn

if TYPE_CHECKING:
    from neo4j import Session

_SUGGESTIONS = 5
_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Found:
    """A column, or a table or view. `name` is schema.table[.column] as its definition spells it."""

    id: str
    name: str
    is_column: bool


def find(session: Session, project: str, name: str) -> Found:
    """The one column or asset that a name means: the last parts of its path are enough, in any case.

    Raises:
        DatabaseError: nothing is called so (near names are suggested), or several things are (they are listed).
    """
    parts = [part.strip(' []"`').lower() for part in name.split(".") if part.strip()]
    found = _exact(session, project, parts) or _by_suffix(session, project, parts)
    if not found:
        near = difflib.get_close_matches(parts[-1] if parts else "", _names(session, project), _SUGGESTIONS, 0.6)
        hint = f"Did you mean {', '.join(near)}?" if near else "`lineage ingest` brings files into the graph."
        raise DatabaseError(f"Project {project!r} has no column or table called {name!r}.", hint=hint)
    if len(found) > 1:
        names = ", ".join(item.name for item in found[:_CANDIDATES])
        raise DatabaseError(f"{name!r} could be {len(found)} things: {names}.", hint="Give more parts of the name.")
    return found[0]


def display(database: str | None, schema: str | None, asset: str, column: str = "") -> str:
    """schema.asset[.column]; the database is shown where there is no schema."""
    return ".".join(filter(None, [schema or database, asset, column]))


_SHAPES = (
    (
        "column",
        "MATCH (n:Column) WHERE {where} MATCH (a:DataAsset)-[:CONTAINS]->(n) "
        "RETURN DISTINCT n.id AS id, a.database AS database, a.schema AS schema, a.name AS asset, n.name AS column",
    ),
    (
        "data_asset",
        "MATCH (n:DataAsset) WHERE {where} "
        "RETURN n.id AS id, n.database AS database, n.schema AS schema, n.name AS asset, '' AS column",
    ),
)


def _exact(session: Session, project: str, parts: list[str]) -> list[Found]:
    return [
        item
        for kind, query in _SHAPES
        for item in _run(session, query.format(where="n.id = $value"), project, urn(kind, project, tuple(parts)))
    ]


def _by_suffix(session: Session, project: str, parts: list[str]) -> list[Found]:
    """A scan of the project's names: some tenths of a second for 100,000 columns."""
    where = "n.project_id = $project AND toLower(n.id) ENDS WITH $value"
    found: list[Found] = []
    for kind, query in _SHAPES:
        path = urn(kind, project, tuple(parts)).split(":", 4)[-1]
        for separator in (".", ":"):
            found += _run(session, query.format(where=where), project, f"{separator}{path}")
    return found


def _run(session: Session, query: str, project: str, value: str) -> list[Found]:
    return [
        Found(
            record["id"],
            display(record["database"], record["schema"], record["asset"], record["column"]),
            bool(record["column"]),
        )
        for record in session.run(query, project=project, value=value)
    ]


def _names(session: Session, project: str) -> list[str]:
    query = "MATCH (n:Column|DataAsset) WHERE n.project_id = $project RETURN DISTINCT toLower(n.name) AS name"
    return [record["name"] for record in session.run(query, project=project)]
