"""The rows of one file while they are made: every node once, every relationship once, each validated."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lineage_core.model.facts import ColumnFact, FlowKind, ObjectKind
from lineage_core.model.rows import BESIDE_THE_ROWS, NodeRow, RelRow
from lineage_core.model.schema import Label, RelType
from lineage_core.model.urn import file_urn, urn

if TYPE_CHECKING:
    from lineage_core.link.catalog import Asset, CatalogColumn, Key
    from lineage_core.link.lookup import Lookup
    from lineage_core.link.parts import PartKey

SUBLABELS = {
    ObjectKind.TABLE: "Table",
    ObjectKind.VIEW: "View",
    ObjectKind.MATERIALIZED_VIEW: "MaterializedView",
}

UNLISTED = 0.5
"""Confidence of a column that is used but not in its table's definition."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node's address: what a relationship needs of it."""

    label: Label
    id: str


@dataclass(slots=True)
class GraphFile:
    """Collects the rows of the file `path` of `project`."""

    project: str
    path: str
    catalog: Lookup
    nodes: dict[tuple[str, ...], NodeRow] = field(default_factory=dict)
    rels: dict[tuple[str, ...], RelRow] = field(default_factory=dict)
    rejected: list[tuple[dict[str, Any], str]] = field(default_factory=list)

    @property
    def file(self) -> Node:
        """The File node."""
        return Node(Label.FILE, file_urn(self.project, self.path))

    def asset(self, key: Key) -> Node:
        """A table or view: this file's own row if it is the winning definer, a bare one otherwise."""
        node = Node(Label.DATA_ASSET, urn("data_asset", self.project, key))
        if (node.label, node.id) in self.nodes:
            return node
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
        node = Node(Label.COLUMN, urn("column", self.project, (*key, name)))
        if (node.label, node.id) in self.nodes:
            return node
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
        where, by = (node.id.split(":", 4)[-1] for node in (target, actor))
        digest = hashlib.sha256(repr((self.path, actor.label, by, where, kind, logic)).encode()).hexdigest()[:16]
        node = Node(Label.TRANSFORMATION, urn("transformation", self.project, (digest,)))
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
        row = self._valid(
            RelRow,
            type=rel_type,
            start_label=start.label,
            start=start.id,
            end_label=end.label,
            end=end.id,
            source_file=self.path,
            line=line,
            confidence=confidence,
            props={"kind": kind.value} if kind is not None else {},
        )
        if row is None:
            return
        earlier = self.rels.get(row.key)
        if earlier is None or _rank(row) < _rank(earlier):
            self.rels[row.key] = row

    def _node(
        self, node: Node, name: str, *, owned: bool = True, sublabel: str = "", props: dict[str, Any] | None = None
    ) -> None:
        if (node.label, node.id) in self.nodes:
            return
        row = self._valid(
            NodeRow, label=node.label, id=node.id, name=name, owned=owned, sublabel=sublabel, props=props or {}
        )
        if row is not None:
            self.nodes[row.key] = row

    def _valid(self, model: type[Any], **values: Any) -> Any:
        try:
            return model(**values)
        except ValidationError as error:
            self.rejected.append((values, "; ".join(item["msg"] for item in error.errors())))
            return None


_RANK = {kind.value: rank for rank, kind in enumerate(FlowKind)}


def _rank(row: RelRow) -> tuple[float, ...]:
    kind = row.props.get("kind")
    if kind is None:
        return (0, 0, -row.confidence, row.line)
    direct = FlowKind(kind).direct
    return (not direct, -_RANK[kind] if direct else _RANK[kind], -row.confidence, row.line)


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
    content = [said, [row.model_dump(mode="json") for row in nodes], [row.model_dump(mode="json") for row in rels]]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
