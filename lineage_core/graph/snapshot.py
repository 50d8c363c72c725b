"""The whole graph of a project as plain values, for comparing two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineage_core.graph.cypher import ALL_TYPES

if TYPE_CHECKING:
    from neo4j import Driver

RUN_SPECIFIC = frozenset({"run_id", "ingested_at", "project_id", "rows_digest", "mtime", "observed_at"})
"""Properties that say which run or project wrote something, not what the tree says."""

Frozen = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Nodes as (labels, id, properties), relationships as (type, start, end, properties).

    Stale relationships are left out, and the nodes that only those keep.
    """

    nodes: frozenset[tuple[tuple[str, ...], str, Frozen]]
    rels: frozenset[tuple[str, str, str, Frozen]]


def snapshot(driver: Driver, database: str, project: str) -> Snapshot:
    """Everything the project has in the graph, without run-specific properties and with the project's name taken
    out.
    """
    with driver.session(database=database) as session:
        nodes = frozenset(
            (tuple(sorted(record["labels"])), _anonymous(record["id"], project), _frozen(record["props"], project))
            for record in session.run(
                "MATCH (n) WHERE n.project_id = $project "
                "AND (EXISTS { (n)-[r]-() WHERE r.stale IS NULL } OR n:File OR NOT EXISTS { (n)--() }) "
                "RETURN labels(n) AS labels, n.id AS id, properties(n) AS props",
                project=project,
            )
        )
        rels = frozenset(
            (
                record["type"],
                _anonymous(record["start"], project),
                _anonymous(record["end"], project),
                _frozen(record["props"], project),
            )
            for record in session.run(
                f"MATCH (a)-[r:{ALL_TYPES}]->(b) WHERE r.project_id = $project AND r.stale IS NULL "
                "RETURN type(r) AS type, a.id AS start, b.id AS end, properties(r) AS props",
                project=project,
            )
        )
    return Snapshot(nodes, rels)


def _frozen(props: dict[str, Any], project: str) -> Frozen:
    kept = {name: value for name, value in props.items() if name not in RUN_SPECIFIC}
    return tuple(
        sorted(
            (name, tuple(value) if isinstance(value, list) else _anonymous(value, project) if name == "id" else value)
            for name, value in kept.items()
        )
    )


def _anonymous(identity: str, project: str) -> str:
    return identity.replace(f":{project}:", ":project:", 1)
