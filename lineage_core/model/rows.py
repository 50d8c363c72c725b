"""Rows: what linking hands to the database, one pydantic model per node and relationship, checked against the schema.

Run-specific values (`run_id`, `ingested_at`) are not in a row: the writer adds them, so that the digest of a file's
rows says whether anything changed.
"""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from lineage_core.model.files import FileStatus
from lineage_core.model.schema import NODE_BASE_PROPERTIES, NODES, RELS, Label, RelType

if TYPE_CHECKING:
    from collections.abc import Sequence

BESIDE_THE_ROWS = frozenset({"mtime", "observed_at", "asked", "answered"})
"""Properties of a File node that are brought up to date alone where its rows did not change."""

MAX_ID_BYTES = 8_000
"""Neo4j refuses longer index entries ("too large to index")."""

_INT64 = range(-(2**63), 2**63)


@lru_cache(maxsize=20_000)
def _clean_id(value: str) -> str:
    if not value.startswith("urn:li:"):
        raise ValueError(f"an id must start with 'urn:li:', got {value[:80]!r}")
    if "\x00" in value:
        raise ValueError("an id must not contain a NUL character")
    if not unicodedata.is_normalized("NFC", value):
        raise ValueError("an id must be in Unicode form NFC")
    if len(value.encode("utf-8")) > MAX_ID_BYTES:
        raise ValueError(f"an id must not be longer than {MAX_ID_BYTES} bytes")
    return value


@lru_cache(maxsize=1_000)
def _clean_path(value: str) -> str:
    check_value("source_file", value, str)
    return value


NodeId = Annotated[str, AfterValidator(_clean_id)]


def check_value(name: str, value: Any, expected: type) -> None:
    """Refuse what Neo4j would refuse, or would store as something else.

    Raises:
        ValueError: NaN, infinity, an integer beyond 64 bit, NUL or a lone surrogate in a text, another type than
            declared, or a list with anything but text in it.
    """
    if expected is str and type(value) is str:  # nearly all of them
        if "\x00" in value:
            raise ValueError(f"{name} must not contain a NUL character")
        value.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
        return
    if expected is list:
        if not isinstance(value, list):
            raise ValueError(f"{name} must be a list, got {type(value).__name__}")
        for item in value:
            check_value(f"an item of {name}", item, str)
        return
    if type(value) is not expected:
        raise ValueError(f"{name} must be {expected.__name__}, got {type(value).__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number")
    if isinstance(value, int) and value not in _INT64:
        raise ValueError(f"{name} must fit into 64 bit")


class Row(BaseModel):
    """Base of the rows: immutable and strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NodeRow(Row):
    """One node. `owned` says whether this row decides the node's properties.

    A file owns the objects it is the winning definer of, and every node that nobody defines (those have the same row in
    every file). Otherwise the row only makes sure that the node is there: its `name` is set if it is created, and
    `props` is empty.
    """

    label: Label
    id: NodeId
    name: str
    sublabel: str = ""
    owned: bool = True
    props: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_schema(self) -> NodeRow:
        schema = NODES[self.label]
        if not self.id.startswith(f"urn:li:{schema.kind}:"):
            raise ValueError(f"the id of a {self.label} must start with urn:li:{schema.kind}:")
        if self.sublabel and self.sublabel not in schema.sublabels:
            raise ValueError(f"{self.label} has no sublabel {self.sublabel!r}")
        check_value("name", self.name, str)
        for name, value in self.props.items():
            if name in NODE_BASE_PROPERTIES or name not in schema.properties:
                raise ValueError(f"{self.label} has no property {name!r} to set here")
            check_value(name, value, schema.properties[name])
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row unique within a file."""
        return (self.label, self.id)


class RelRow(Row):
    """One relationship of one file. Identity: type, both ends, source file. `line` is 1-based."""

    type: RelType
    start_label: Label
    start: NodeId
    end_label: Label
    end: NodeId
    source_file: Annotated[str, AfterValidator(_clean_path)]
    line: int = Field(1, ge=_INT64.start, lt=_INT64.stop)
    confidence: float = Field(1.0, allow_inf_nan=False)
    props: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_schema(self) -> RelRow:
        schema = RELS[self.type]
        if self.start_label not in schema.starts or self.end_label not in schema.ends:
            raise ValueError(f"{self.type} cannot go from {self.start_label} to {self.end_label}")
        for name, value in self.props.items():
            if name not in schema.properties:
                raise ValueError(f"{self.type} has no property {name!r}")
            check_value(name, value, schema.properties[name])
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row unique within a file."""
        return (self.type, self.start, self.end)


NODE_ROWS = TypeAdapter(list[NodeRow])
REL_ROWS = TypeAdapter(list[RelRow])

R = TypeVar("R", NodeRow, RelRow)
Rejected = list[tuple[dict[str, Any], str]]
"""Rows that failed validation: (row as a dict, error)."""


def validated(kind: TypeAdapter[list[R]], values: Sequence[dict[str, Any]]) -> tuple[list[R], Rejected]:
    """Rows of their values, all in one go; only if that fails one by one, to tell the good from the bad."""
    try:
        return kind.validate_python(values), []
    except ValidationError:
        good: list[R] = []
        bad: Rejected = []
    for value in values:
        try:
            good += kind.validate_python([value])
        except ValidationError as error:
            bad.append((value, "; ".join(item["msg"] for item in error.errors())))
    return good, bad


class FileRows(BaseModel):
    """Everything one file puts into the graph, unique by `key` and sorted by it.

    `file` holds the File node's properties known before writing (path, sha256, size, encoding, dialect, status, errors,
    parser_version); the writer adds `ingested_at`, `run_id` and, last of all, `sha256` and `rows_digest`.
    `rejected` are rows that failed validation, as (row as a dict, error): they go to the dead letters, the rest is
    written.
    """

    model_config = ConfigDict(extra="forbid")

    path: str
    status: FileStatus
    file: dict[str, Any]
    nodes: list[NodeRow] = Field(default_factory=list)
    rels: list[RelRow] = Field(default_factory=list)
    rejected: Rejected = Field(default_factory=list)
    digest: str = ""
    """SHA-256 over `file`, `nodes` and `rels`: equal digest, nothing to write."""

    def __len__(self) -> int:
        """Rows of the file, the File node not counted."""
        return len(self.nodes) + len(self.rels)
