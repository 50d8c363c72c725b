"""Triggers, synonyms, indexes and constraints: what makes one the same in two files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_core.model.kinds import ObjectKind
from lineage_core.model.schema import Label
from lineage_core.sql.names import split_normalised

if TYPE_CHECKING:
    from lineage_core.link.naming import Naming
    from lineage_core.model.facts import ObjectFact

PARTS = {
    ObjectKind.TRIGGER: Label.TRIGGER,
    ObjectKind.SYNONYM: Label.SYNONYM,
    ObjectKind.INDEX: Label.INDEX,
    ObjectKind.CONSTRAINT: Label.CONSTRAINT,
}


@dataclass(frozen=True, slots=True)
class PartKey:
    """A part's label and canonical name: database and schema first; an index's and constraint's table before its
    own.
    """

    label: Label
    parts: tuple[str, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """Label and name in one."""
        return (self.label, *self.parts)

    @property
    def text(self) -> str:
        """As a key of the catalog."""
        return "\x1f".join(self.path)


def part_key(item: ObjectFact, naming: Naming) -> PartKey:
    """The key of a part; indexes and constraints are unique within their table only."""
    label = PARTS[item.kind]
    if item.on and label in {Label.INDEX, Label.CONSTRAINT}:
        return PartKey(label, (*naming.asset(item.on, item.database), split_normalised(item.name)[-1]))
    if item.on and len(split_normalised(item.name)) == 1:  # a trigger lives in its table's schema
        return PartKey(label, (*naming.asset(item.on, item.database)[:2], item.name))
    return PartKey(label, naming.defined(item.name, item.database))
