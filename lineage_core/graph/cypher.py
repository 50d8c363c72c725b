"""Cypher, generated from the declared schema. Values always travel as parameters; labels and types come from the
schema.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from lineage_core.model.schema import NODES, RELS, Label, RelType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineage_core.model.rows import RelRow

ALL_TYPES = "|".join(RelType)

ONE_PLAN = "CYPHER replan=skip "
"""Of statements that have the same plan whatever the graph holds: index seeks, or the scan of a label that has no index
to choose. Once made it is kept. Neo4j would make it anew when the graph has grown a lot, for 40 to 80 ms a statement
and some 150 for `READ_RELS`. Not for one that looks through all relationships as long as they are few, as `UPDATE_RELS`
and `DELETE_RELS` do.
"""


def of_batch(rows: Sequence[Any]) -> dict[str, Any]:
    """The rows as a statement's `$batch.rows`.

    Neo4j keeps a plan for each order of magnitude that a list has had as a parameter, so that a statement is planned
    up to five times, for 1, 2 to 10, 11 to 100 rows and so on. Of a list in a map it does not look at the size.
    """
    return {"batch": {"rows": rows}}


def schema_statements() -> dict[str, str]:
    """Constraints and indexes by name; running them twice changes nothing."""
    unique = {f"{label.value.lower()}_id": f"FOR (n:{label.value}) REQUIRE n.id IS UNIQUE" for label in NODES}
    by_file = {f"{kind.value.lower()}_source_file": f"FOR ()-[r:{kind.value}]-() ON (r.source_file)" for kind in RELS}
    return {
        **{name: f"CREATE CONSTRAINT {name} IF NOT EXISTS {what}" for name, what in unique.items()},
        **{name: f"CREATE INDEX {name} IF NOT EXISTS {what}" for name, what in by_file.items()},
    }


@cache
def own_nodes(label: Label, sublabel: str) -> str:
    """Write nodes whose properties a file decides; rows {id, props}, props complete. A node that is so already is left.

    Returns the number of nodes written as `written`.
    """
    others = "".join(f":{other}" for other in NODES[label].sublabels if other != sublabel)
    wrong = f" OR NOT n:{sublabel}" if sublabel else ""
    wrong += "".join(f" OR n:{other}" for other in NODES[label].sublabels if other != sublabel)
    return (
        f"{ONE_PLAN}UNWIND $batch.rows AS row MERGE (n:{label} {{id: row.id}}) "
        f"WITH row, n WHERE properties(n) <> row.props{wrong} SET n = row.props"
        + (f" SET n:{sublabel}" if sublabel else "")
        + (f" REMOVE n{others}" if others else "")
        + " RETURN count(*) AS written"
    )


@cache
def need_nodes(label: Label) -> str:
    """Make sure that nodes are there; rows {id, name}. One that is there is left as it is."""
    return (
        f"{ONE_PLAN}UNWIND $batch.rows AS row MERGE (n:{label} {{id: row.id}}) "
        "ON CREATE SET n.name = row.name, n.project_id = $project RETURN count(*) AS written"
    )


@cache
def create_rels(kind: RelType, start: Label, end: Label) -> str:
    """Create relationships; rows as `rel_row` makes them. Returns as `written` how many found both their ends.

    CREATE, not MERGE: rows are unique beforehand, and a relationship MERGE that is planned while its type is nearly
    empty can scan the index on source_file for every row. Lists and a literal map: with a map a row, and its properties
    set from that, the server takes a third longer.
    """
    own = "".join(f", {name}: row[{place}]" for place, name in enumerate(RELS[kind].properties, 5))
    return (
        f"{ONE_PLAN}UNWIND $batch.rows AS row MATCH (a:{start} {{id: row[0]}}) MATCH (b:{end} {{id: row[1]}}) "
        f"CREATE (a)-[:{kind} {{source_file: row[2], line: row[3], confidence: row[4]{own}, "
        "source: 'parser', status: 'approved', project_id: $project, run_id: $run}]->(b) RETURN count(*) AS written"
    )


def rel_row(row: RelRow) -> list[Any]:
    """A row of `create_rels`: both ends, source file, line, confidence, then what its type has besides, or null."""
    own = (row.props.get(name) for name in RELS[row.type].properties)
    return [row.start, row.end, row.source_file, row.line, row.confidence, *own]


UPDATE_RELS = (
    "UNWIND $batch.rows AS row MATCH ()-[r]->() WHERE elementId(r) = row.key SET r += row.props "
    "RETURN count(*) AS written"
)
"""Change relationships; rows {key, props}. A property set to null is removed."""

DELETE_RELS = "UNWIND $batch.rows AS row MATCH ()-[r]->() WHERE elementId(r) = row DELETE r RETURN count(*) AS written"
"""Delete relationships by element id."""

READ_RELS = (
    f"{ONE_PLAN}MATCH (a)-[r:{ALL_TYPES}]->(b) WHERE r.source_file IN $batch.rows AND r.project_id = $project "
    "RETURN elementId(r) AS key, type(r) AS type, a.id AS start, b.id AS end, "
    "[l IN labels(a) WHERE l IN $labels][0] AS start_label, "
    "[l IN labels(b) WHERE l IN $labels][0] AS end_label, properties(r) AS props"
)
"""All that some files have said so far."""

LOCK_FILES = (
    f"{ONE_PLAN}UNWIND $batch.rows AS row MERGE (f:File {{id: row.id}}) ON CREATE SET f.name = row.name "
    "SET f.project_id = $project RETURN collect(CASE WHEN f.path IS NULL THEN null ELSE "
    "{path: row.path, props: f {.status, .run_id, .rows_digest, .ingested_at, .observed_at}} END) AS present"
)
"""Make sure that File nodes are there, and hold their locks until the transaction ends (a SET locks, even to the same
value); rows {id, name, path}. Returns as `present` those that have been written before: {path, props}.
"""

HOLD_FILES = (
    f"{ONE_PLAN}UNWIND $batch.rows AS row MATCH (f:File {{id: row.id}}) SET f.project_id = $project WITH f, row "
    "WHERE f.status = row.status AND f.run_id = row.run_id AND coalesce(f.observed_at, '') = row.observed_at "
    "RETURN count(*) AS written"
)
"""Lock File nodes that this run has marked; rows {id, status, run_id, observed_at}. One that another run has taken over
does not count as written.
"""

READ_FILES = (
    f"{ONE_PLAN}UNWIND $batch.rows AS id MATCH (f:File {{id: id}}) RETURN f.path AS path, properties(f) AS props"
)
WRITE_FILE = (
    f"{ONE_PLAN}UNWIND $batch.rows AS row MERGE (f:File {{id: row.id}}) SET f = row.props RETURN count(*) AS written"
)
TOUCH_FILES = (
    f"{ONE_PLAN}UNWIND $batch.rows AS row MATCH (f:File {{id: row.id}}) SET f.project_id = $project WITH f, row "
    "WHERE (row.sha256 IS NULL OR f.sha256 = row.sha256) "
    "AND (row.props.observed_at IS NULL OR f.observed_at IS NULL OR f.observed_at <= row.props.observed_at) "
    "SET f += row.props RETURN count(*) AS written"
)
"""Properties that do not belong to a file's rows: when it was read, what it asked; rows {id, props, sha256}. A node
with another `sha256` (if one is given) or a later look at its file is left: they are not about what it holds.
"""

DELETE_FILES = (
    f"{ONE_PLAN}UNWIND $batch.rows AS row MATCH (f:File {{id: row}}) DETACH DELETE f RETURN count(*) AS written"
)


@cache
def present_nodes(label: Label) -> str:
    """Which of the nodes (rows: ids) are there; returns them as `present`."""
    return f"{ONE_PLAN}UNWIND $batch.rows AS row MATCH (n:{label} {{id: row}}) RETURN collect(row) AS present"


@cache
def delete_lonely(label: Label) -> str:
    """Delete the nodes of the projects (rows: names) that no relationship needs; a scan of the label."""
    return (
        f"{ONE_PLAN}UNWIND $batch.rows AS row MATCH (n:{label}) WHERE n.project_id = row AND NOT EXISTS {{ (n)--() }} "
        "DELETE n RETURN count(*) AS written"
    )


@cache
def delete_orphans(label: Label) -> str:
    """Delete those of the nodes (rows: ids) that no relationship needs any more.

    The SET locks a node, so that of two transactions that delete its last two relationships the later one sees that
    both are gone: to delete a relationship locks its ends at the commit only.
    """
    return (
        f"{ONE_PLAN}UNWIND $batch.rows AS row MATCH (n:{label} {{id: row}}) SET n.project_id = $project "
        "WITH n WHERE NOT EXISTS { (n)--() } DELETE n RETURN count(*) AS written"
    )


def statements() -> Iterator[str]:
    """Every statement of a write, each once: those of every label, and of every kind of relationship between all that
    it may connect.
    """
    for label, node in NODES.items():
        yield from (own_nodes(label, sublabel) for sublabel in (*node.sublabels, ""))
        yield from (need_nodes(label), present_nodes(label), delete_orphans(label), delete_lonely(label))
    for kind, rel in RELS.items():
        yield from (create_rels(kind, start, end) for start in sorted(rel.starts) for end in sorted(rel.ends))
    yield from (READ_RELS, UPDATE_RELS, DELETE_RELS)
    yield from (READ_FILES, LOCK_FILES, HOLD_FILES, WRITE_FILE, TOUCH_FILES, DELETE_FILES)
