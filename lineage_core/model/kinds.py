"""Kinds of what facts tell: how a column reaches another, and what a file can define."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property


class FlowKind(StrEnum):
    """How a column reaches another, in OpenLineage's terms. The first three are direct flow, the others influence."""

    IDENTITY = "identity"
    TRANSFORMATION = "transformation"
    AGGREGATION = "aggregation"
    CONDITIONAL = "conditional"
    WINDOW = "window"
    JOIN = "join"
    FILTER = "filter"
    GROUP_BY = "group_by"
    SORT = "sort"

    __hash__ = str.__hash__  # Enum's own is a call in Python, and flows are kept in sets

    @cached_property
    def direct(self) -> bool:
        """Whether values flow, as opposed to merely deciding which values do."""
        return self in DIRECT_FLOW


DIRECT_FLOW = frozenset({FlowKind.IDENTITY, FlowKind.TRANSFORMATION, FlowKind.AGGREGATION})


class ObjectKind(StrEnum):
    """What a file can define."""

    TABLE = "table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized_view"
    PROCEDURE = "procedure"
    FUNCTION = "function"
    TRIGGER = "trigger"
    SYNONYM = "synonym"
    INDEX = "index"
    CONSTRAINT = "constraint"
    SEQUENCE = "sequence"
    TYPE = "type"


RELATIONS = frozenset({ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.MATERIALIZED_VIEW})
ROUTINES = frozenset({ObjectKind.PROCEDURE, ObjectKind.FUNCTION})
