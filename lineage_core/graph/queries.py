"""Lineage questions: what a column or table comes from, and what it reaches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from lineage_core.graph.cypher import of_batch
from lineage_core.graph.lookup import Found, display, find
from lineage_core.model.kinds import DIRECT_FLOW, FlowKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neo4j import Driver, Session

Direction = Literal["upstream", "downstream"]

DEFAULT_DEPTH = 20
MAX_NODES = 2_000
"""A tree is cut here, and says so."""

_LOGIC_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Step:
    """How one node reaches the next: the flow's kind, the SQL, and where it stands."""

    kind: str
    logic: str
    file: str
    line: int


@dataclass(slots=True)
class Tree:
    """A column or asset with what it comes from (or reaches). `repeated`: shown elsewhere in the tree with its
    branches.
    """

    id: str
    name: str
    step: Step | None = None
    children: list[Tree] = field(default_factory=list)
    repeated: bool = False
    cut: bool = False


_COLUMNS: dict[Direction, str] = {
    "upstream": (
        "UNWIND $batch.rows AS id MATCH (:Column {id: id})<-[:GENERATES]-(t:Transformation)<-[i:INPUT_TO]-(n:Column) "
    ),
    "downstream": (
        "UNWIND $batch.rows AS id MATCH (:Column {id: id})-[i:INPUT_TO]->(t:Transformation)-[:GENERATES]->(n:Column) "
    ),
}
_COLUMN_ANSWER = (
    "WHERE i.kind IN $kinds AND n.id <> id "
    "OPTIONAL MATCH (a:DataAsset)-[:CONTAINS]->(n) WITH id, n, t, i, head(collect(a)) AS a "
    "RETURN id, n.id AS other, a.database AS database, a.schema AS schema, a.name AS asset, n.name AS column, "
    "i.kind AS kind, t.logic AS logic, i.source_file AS file, i.line AS line ORDER BY id, other, file, line"
)
_ASSETS: dict[Direction, str] = {
    "upstream": "UNWIND $batch.rows AS id MATCH (:DataAsset {id: id})-[i:DERIVES]->(n:DataAsset) ",
    "downstream": "UNWIND $batch.rows AS id MATCH (:DataAsset {id: id})<-[i:DERIVES]-(n:DataAsset) ",
}
_ASSET_ANSWER = (
    "WHERE n.id <> id RETURN id, n.id AS other, n.database AS database, n.schema AS schema, n.name AS asset, "
    "'' AS column, "
    "'derives' AS kind, '' AS logic, i.source_file AS file, i.line AS line ORDER BY id, other, file, line"
)


def trace(
    driver: Driver,
    database: str,
    project: str,
    name: str,
    direction: Direction = "upstream",
    *,
    depth: int = DEFAULT_DEPTH,
    influences: bool = False,
) -> Tree:
    """The tree of what a column or asset comes from, or reaches.

    Args:
        driver: an open driver.
        database: its name.
        project: whose names are meant.
        name: schema.table.column, or as many of the last parts as it takes.
        direction: upstream or downstream.
        depth: steps at most.
        influences: whether conditions, joins, filters and the like count as well as values.

    Raises:
        DatabaseError: the name is unknown or could be several things.
    """
    with driver.session(database=database) as session:
        found = find(session, project, name)
        kinds = [kind.value for kind in FlowKind if influences or kind in DIRECT_FLOW]
        return _grow(session, found, direction, depth, kinds)


def _grow(session: Session, found: Found, direction: Direction, depth: int, kinds: Sequence[str]) -> Tree:
    """Level by level, one query each; a node is opened where it is met first."""
    query = _COLUMNS[direction] + _COLUMN_ANSWER if found.is_column else _ASSETS[direction] + _ASSET_ANSWER
    root = Tree(found.id, found.name)
    opened, level, total = {found.id}, {found.id: root}, 1
    for _ in range(depth):
        below: dict[str, Tree] = {}
        for record in session.run(query, of_batch(list(level)), kinds=list(kinds)):
            parent = level[record["id"]]
            if any(child.id == record["other"] for child in parent.children):
                continue
            if total >= MAX_NODES:
                root.cut = True
                return root
            total += 1
            label = display(record["database"], record["schema"], record["asset"] or "?", record["column"])
            step = Step(record["kind"], record["logic"] or "", record["file"], record["line"])
            child = Tree(record["other"], label, step, repeated=record["other"] in opened)
            parent.children.append(child)
            if not child.repeated:
                opened.add(child.id)
                below[child.id] = child
        level = below
        if not level:
            return root
    root.cut = True
    return root


def render_tree(tree: Tree) -> str:
    """The tree as text, a node a line, with the step that leads to it."""
    lines = [tree.name]
    _render(tree, "", lines)
    if tree.cut:
        lines.append(f"... and more: cut at {MAX_NODES} nodes or the given depth")
    return "\n".join(lines)


def _render(tree: Tree, indent: str, lines: list[str]) -> None:
    for position, child in enumerate(tree.children, start=1):
        last = position == len(tree.children)
        mark = " (see above)" if child.repeated else ""
        lines.append(f"{indent}{'└─ ' if last else '├─ '}{child.name}{mark}{_described(child.step)}")
        _render(child, indent + ("   " if last else "│  "), lines)


def _described(step: Step | None) -> str:
    if step is None:
        return ""
    logic = " ".join(step.logic.split())
    shown = logic if len(logic) <= _LOGIC_WIDTH else f"{logic[: _LOGIC_WIDTH - 1]}…"
    how = f"{step.kind}: {shown}" if shown and step.kind != FlowKind.IDENTITY else step.kind
    return f"  [{how}]  {step.file}:{step.line}"
