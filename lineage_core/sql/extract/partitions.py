"""Vertica's functions that move, copy or swap rows between two tables they name in strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Flow, Output, Query, Source
from lineage_core.sql.extract.parts import Parts
from lineage_core.sql.names import normalise

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder

_MOVING = {
    "swap_partitions_between_tables": 3,
    "move_partitions_to_table": 3,
    "copy_partitions_to_table": 3,
    "copy_table": 1,
}
"""Place of the target among the arguments; the source is the first."""


def moved_rows(builder: Builder, node: exp.Select) -> Parts | None:
    """`SELECT swap_partitions_between_tables('a', 1, 2, 'b')`; None for every other SELECT."""
    call = node.expressions[0] if len(node.expressions) == 1 else None
    place = _MOVING.get(call.name.lower()) if isinstance(call, exp.Anonymous) else None
    if call is None or place is None or len(call.expressions) <= place or node.args.get("from_"):
        return None
    names = [normalise(call.expressions[index].name, builder.dialect) for index in (0, place)]
    builder.read(names[0])
    rows = builder.add(Query(sources=(Source(table=names[0]),), outputs=(Output(star=True),)))
    return Parts(kind="alter_table", writes=(names[1],), flows=(Flow(target=names[1], query=rows),))
