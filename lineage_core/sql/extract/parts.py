"""What a construct's extractor hands back, to be put together with the builder's queries and reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage_core.model.facts import Flow, ObjectFact, TableChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The fields of a Statement that its construct decides, and the objects it defines.

    `reads` come in addition to those the builder collected. `targets`: how often a table is among those only because
    it is what the statement changes; it is read if it is a source more often than that.
    """

    kind: str
    reads: tuple[str, ...] = ()
    targets: dict[str, int] = field(default_factory=dict)
    writes: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    flows: tuple[Flow, ...] = ()
    temporary: tuple[str, ...] = ()
    creates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    objects: tuple[ObjectFact, ...] = ()
    changes: tuple[TableChange, ...] = ()
