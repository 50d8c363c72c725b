"""The rows of one file while they are made: every node once, every relationship once, each validated."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from lineage_core.model.kinds import FlowKind, ObjectKind
from lineage_core.model.rows import BESIDE_THE_ROWS, NODE_ROWS, REL_ROWS, NodeRow, Rejected, RelRow, validated
from lineage_core.model.schema import Label, RelType
from lineage_core.model.urn import file_urn, urn

if TYPE_CHECKING:
    from lineage_core.link.catalog import Asset, CatalogColumn, Key
    from lineage_core.link.lookup import Lookup
    from lineage_core.link.parts import PartKey
    from lineage_core.model.facts import ColumnFact

SUBLABELS = {
    ObjectKind.TABLE: "Table",
    ObjectKind.VIEW: "View",
    ObjectKind.MATERIALIZED_VIEW: "MaterializedView",
}

UNLISTED = 0.5
"""Confidence of a column that is used but not in its table's definition."""

_Rank = tuple[bool, int, float, int]


class Node(NamedTuple):
    """A node's address: what a relationship needs of it."""

    label: Label
    id: str


@dataclass(slots=True)
class GraphFile:
    """Collects the rows of the file `path` of `project`."""

    project: str
    path: str
    catalog: Lookup
    file: Node = field(init=False)
    """The File node."""
    _nodes: dict[Node, dict[str, Any]] = field(default_factory=dict)
    _rels: dict[tuple[str, ...], tuple[_Rank, dict[str, Any]]] = field(default_factory=dict)
    _assets: dict[Key, Node] = field(default_factory=dict)
    _columns: dict[tuple[Key, str], Node] = field(default_factory=dict)
    _steps: dict[tuple[Node, Node, str, str], Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the File node's address."""
        self.file = Node(Label.FILE, file_urn(self.project, self.path))

    def rows(self) -> tuple[list[NodeRow], list[RelRow], Rejected]:
        """All of them, sorted by key; and what failed validation, or lost one of its ends by that."""
        nodes, rejected = validated(NODE_ROWS, [self._nodes[key] for key in sorted(self._nodes)])
        rels, wrong = validated(REL_ROWS, [self._rels[key][1] for key in sorted(self._rels)])
        if rejected:
            present = {row.id for row in nodes} | {self.file.id}
            lost = [row for row in rels if row.start not in present or row.end not in present]
            rels = [row for row in rels if row.start in present and row.end in present]
            wrong += [(row.model_dump(mode="json"), "an end of it was refused") for row in lost]
        return nodes, rels, [*rejected, *wrong]

    def asset(self, key: Key) -> Node:
        """A table or view: this file's own row if it is the winning definer, a bare one otherwise."""
        if (node := self._assets.get(key)) is not None:
            return node
        node = self._assets[key] = Node(Label.DATA_ASSET, urn("data_asset", self.project, key))
        known = self.catalog.asset(key)
        if known is None:
            self._node(node, key[2], props={**_where(key), "external_ref": True})
        elif known.path == self.path:
            described = {"description": known.description} if known.description else {}
            name, sublabel = known.display or key[2], SUBLABELS[known.kind]
            self._node(node, name, sublabel=sublabel, props={**_where(key), "external_ref": False, **described})
        else:
            self._node(node, known.display or key[2], owned=False)
        return node

    def columns(self, key: Key) -> None:
        """The columns this file gives to a table: its definition's, or those its ALTER TABLE adds."""
        known = self.catalog.asset(key)
        for column in known.columns if known is not None else ():
            if column.path == self.path:
                self.column(key, column.fact.name)

    def column(self, key: Key, name: str, line: int = 1) -> Node:
        """A column, contained in its asset by the word of its owner, or of this file where nobody lists it."""
        if (node := self._columns.get((key, name))) is not None:
            return node
        node = self._columns[key, name] = Node(Label.COLUMN, urn("column", self.project, (*key, name)))
        known = self.catalog.asset(key)
        listed = _listed(known, name)
        if listed is None:
            self._node(node, name)
            trust = UNLISTED if known is not None and known.column_names else 1.0
            self.rel(RelType.CONTAINS, self.asset(key), node, line=line, confidence=trust)
        elif listed.path == self.path:
            self._node(node, listed.fact.display or name, props=_column_props(listed.fact))
            self.rel(RelType.CONTAINS, self.asset(key), node, line=line)
        else:
            self._node(node, listed.fact.display or name, owned=False)
        return node

    def routine(self, key: Key) -> Node:
        """A procedure or function, defined by some file or only called."""
        node = Node(Label.ROUTINE, urn("routine", self.project, key))
        known = self.catalog.routine(key)
        if known is None:
            self._node(node, key[2], props={**_where(key), "external_ref": True})
        elif known.path == self.path:
            props = {**_where(key), "external_ref": False, "subtype": known.kind.value}
            self._node(node, known.display or key[2], props=props)
        else:
            self._node(node, known.display or key[2], owned=False)
        return node

    def part(self, key: PartKey, name: str, definition: str = "") -> Node:
        """A trigger, synonym, index or constraint."""
        node = Node(key.label, urn(key.label.value.lower(), self.project, key.parts))
        if self.catalog.part_owner(key.path) not in (None, self.path):
            self._node(node, name, owned=False)
            return node
        where = zip(("database", "schema"), key.parts, strict=False)
        props: dict[str, Any] = {title: value for title, value in where if value}
        if definition:
            props["definition"] = definition
        self._node(node, name, props=props)
        return node

    def transformation(self, actor: Node, target: Node, kind: str, logic: str) -> Node:
        """What makes a column's value in one statement; the same logic twice in an actor is one node."""
        if (node := self._steps.get((actor, target, kind, logic))) is not None:
            return node
        where, by = (node.id.split(":", 4)[-1] for node in (target, actor))
        digest = hashlib.sha256(repr((self.path, actor.label, by, where, kind, logic)).encode()).hexdigest()[:16]
        node = Node(Label.TRANSFORMATION, urn("transformation", self.project, (digest,)))
        self._steps[actor, target, kind, logic] = node
        self._node(node, where, props={"logic": logic, "kind": kind})
        return node

    def rel(
        self,
        rel_type: RelType,
        start: Node,
        end: Node,
        *,
        line: int = 1,
        confidence: float = 1.0,
        kind: FlowKind | None = None,
    ) -> None:
        """A relationship; of several equal ones the strongest word stays (direct flow first, then the first line)."""
        key, rank = (rel_type, start.id, end.id), _rank(kind, confidence, line)
        earlier = self._rels.get(key)
        if earlier is not None and earlier[0] <= rank:
            return
        self._rels[key] = (
            rank,
            {
                "type": rel_type,
                "start_label": start.label,
                "start": start.id,
                "end_label": end.label,
                "end": end.id,
                "source_file": self.path,
                "line": line,
                "confidence": confidence,
                "props": {"kind": kind.value} if kind is not None else {},
            },
        )

    def _node(
        self, node: Node, name: str, *, owned: bool = True, sublabel: str = "", props: dict[str, Any] | None = None
    ) -> None:
        self._nodes.setdefault(
            node,
            {
                "label": node.label,
                "id": node.id,
                "name": name,
                "sublabel": sublabel,
                "owned": owned,
                "props": props or {},
            },
        )


_RANK = {kind: rank for rank, kind in enumerate(FlowKind)}


def _rank(kind: FlowKind | None, confidence: float, line: int) -> _Rank:
    """Less is stronger."""
    if kind is None:
        return (False, 0, -confidence, line)
    return (not kind.direct, -_RANK[kind] if kind.direct else _RANK[kind], -confidence, line)


def _listed(asset: Asset | None, name: str) -> CatalogColumn | None:
    return asset.column_named(name) if asset is not None else None


def _where(key: Key) -> dict[str, Any]:
    return {name: value for name, value in (("database", key[0]), ("schema", key[1])) if value}


def _column_props(fact: ColumnFact) -> dict[str, Any]:
    props = {
        "data_type": fact.data_type or None,
        "nullable": fact.nullable,
        "is_primary_key": fact.primary_key or None,
        "is_foreign_key": fact.foreign_key or None,
        "position": fact.position or None,
        "description": fact.description or None,
    }
    return {name: value for name, value in props.items() if value is not None}


def digest_of(file: dict[str, Any], nodes: list[NodeRow], rels: list[RelRow]) -> str:
    """SHA-256 over a file's rows, the same for the same rows in any process.

    Not over what says when the file was read and what it asked: those can change while its rows stay the same.
    """
    said = {name: value for name, value in file.items() if name not in BESIDE_THE_ROWS}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=True).encode())
    digest.update(NODE_ROWS.dump_json(nodes))
    digest.update(REL_ROWS.dump_json(rels))
    return digest.hexdigest()
