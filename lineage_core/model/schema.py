"""The graph's schema as data: one declaration per label and per relationship type.

Cypher (lineage_core.graph.cypher) and row validation (lineage_core.model.rows) are both made from it, so a new kind of
node or relationship is a new entry here and nothing else. No label or type ever comes from input text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

PropertyTypes = dict[str, type]
"""Property name -> the exact Python type of its values (`list`: of texts)."""


class Label(StrEnum):
    """Node labels that carry the key `id`."""

    FILE = "File"
    DATA_ASSET = "DataAsset"
    COLUMN = "Column"
    ROUTINE = "FunctionOrProcedure"
    TRIGGER = "Trigger"
    SYNONYM = "Synonym"
    INDEX = "Index"
    CONSTRAINT = "Constraint"
    TRANSFORMATION = "Transformation"

    __hash__ = str.__hash__  # Enum's own is a call in Python, and every row is looked up by it


class RelType(StrEnum):
    """Relationship types."""

    DEFINES = "DEFINES"
    CONTAINS = "CONTAINS"
    READS_FROM = "READS_FROM"
    WRITES_TO = "WRITES_TO"
    DERIVES = "DERIVES"
    INPUT_TO = "INPUT_TO"
    GENERATES = "GENERATES"
    CALLS = "CALLS"
    ATTACHED_TO = "ATTACHED_TO"
    ALIAS_OF = "ALIAS_OF"
    REFERENCES = "REFERENCES"
    BELONGS_TO = "BELONGS_TO"

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class NodeSchema:
    """One label: its kind in the URN, its properties (name -> Python type) besides id, name and project_id.

    `sublabels` are extra labels of which a node carries at most one once its nature is known.
    """

    label: Label
    kind: str
    properties: PropertyTypes = field(default_factory=dict)
    sublabels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RelSchema:
    """One relationship type: which labels it may start from and end at, and its properties besides the common ones."""

    type: RelType
    starts: frozenset[Label]
    ends: frozenset[Label]
    properties: PropertyTypes = field(default_factory=dict)


NODE_BASE_PROPERTIES: PropertyTypes = {"name": str, "project_id": str}
"""Every node has these besides its key `id`."""

REL_BASE_PROPERTIES: PropertyTypes = {
    "source_file": str,
    "source": str,
    "confidence": float,
    "status": str,
    "project_id": str,
    "run_id": str,
    "line": int,
}
"""Every relationship has these; `stale=true` is added while a broken file's earlier word is kept."""

_NODES = (
    NodeSchema(
        Label.FILE,
        "file",
        {
            "path": str,
            "sha256": str,
            "size": int,
            "encoding": str,
            "dialect": str,
            "status": str,
            "errors": list,
            "unresolved": int,
            "ingested_at": str,
            "mtime": int,
            "observed_at": str,
            "definitions": str,
            "asked": list,
            "answered": str,
            "parser_version": str,
            "rows_digest": str,
            "run_id": str,
        },
    ),
    NodeSchema(
        Label.DATA_ASSET,
        "data_asset",
        {"schema": str, "database": str, "external_ref": bool, "description": str},
        ("Table", "View", "MaterializedView"),
    ),
    NodeSchema(
        Label.COLUMN,
        "column",
        {
            "data_type": str,
            "nullable": bool,
            "is_primary_key": bool,
            "is_foreign_key": bool,
            "position": int,
            "description": str,
        },
    ),
    NodeSchema(Label.ROUTINE, "routine", {"schema": str, "database": str, "subtype": str, "external_ref": bool}),
    NodeSchema(Label.TRIGGER, "trigger", {"schema": str, "database": str, "definition": str}),
    NodeSchema(Label.SYNONYM, "synonym", {"schema": str, "database": str, "definition": str}),
    NodeSchema(Label.INDEX, "index", {"schema": str, "database": str, "definition": str}),
    NodeSchema(Label.CONSTRAINT, "constraint", {"schema": str, "database": str, "definition": str}),
    NodeSchema(Label.TRANSFORMATION, "transformation", {"logic": str, "kind": str}),
)

NODES: dict[Label, NodeSchema] = {schema.label: schema for schema in _NODES}

_DEFINED = frozenset({Label.DATA_ASSET, Label.ROUTINE, Label.TRIGGER, Label.SYNONYM, Label.INDEX, Label.CONSTRAINT})
_ACTORS = frozenset({Label.ROUTINE, Label.TRIGGER, Label.DATA_ASSET, Label.FILE})
_ASSET = frozenset({Label.DATA_ASSET})
_COLUMN = frozenset({Label.COLUMN})
_TRANSFORMATION = frozenset({Label.TRANSFORMATION})
_ROUTINE = frozenset({Label.ROUTINE})

_RELS = (
    RelSchema(RelType.DEFINES, frozenset({Label.FILE}), _DEFINED),
    RelSchema(RelType.CONTAINS, _ASSET, _COLUMN),
    RelSchema(RelType.READS_FROM, _ACTORS, _ASSET),
    RelSchema(RelType.WRITES_TO, _ACTORS, _ASSET),
    RelSchema(RelType.DERIVES, _ASSET, _ASSET),
    RelSchema(RelType.INPUT_TO, _COLUMN, _TRANSFORMATION, {"kind": str}),
    RelSchema(RelType.GENERATES, _TRANSFORMATION, _COLUMN),
    RelSchema(RelType.CALLS, _ACTORS, _ROUTINE),
    RelSchema(RelType.ATTACHED_TO, frozenset({Label.TRIGGER}), _ASSET),
    RelSchema(RelType.ALIAS_OF, frozenset({Label.SYNONYM}), _ASSET | _ROUTINE),
    RelSchema(RelType.REFERENCES, _ASSET, _ASSET),
    RelSchema(RelType.BELONGS_TO, frozenset({Label.INDEX, Label.CONSTRAINT}), _ASSET),
)

RELS: dict[RelType, RelSchema] = {schema.type: schema for schema in _RELS}
