"""MATCH_RECOGNIZE as a query over the rows it matches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lineage_core.model.facts import Output, Query, Ref, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, query

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from sqlglot import exp

    from lineage_core.sql.extract.builder import Builder

_WORD = re.compile(r"\w+")


def matched(builder: Builder, source: Source, clause: exp.Expr) -> Source:
    """The source with the measures as columns; what partitions, orders and defines the pattern decides about rows.

    One row for a match has the columns that partition and the measures, all rows have theirs besides. A variable of the
    pattern before a dot stands for the rows it matches.
    """
    variables = {word.lower() for word in _WORD.findall(clause.args["pattern"].name)}
    partition = clause.args.get("partition_by") or ()
    measures = [item.this for item in clause.args.get("measures") or ()]
    outputs = tuple(
        Output(
            name=builder.identifier(item.args["alias"]),
            refs=_bare(expression.references(builder, item.unalias()), variables),
            expression=builder.text(item.unalias()),
        )
        for item in measures
    )
    order = clause.args.get("order")
    deciding = (
        *expression.references_of(builder, partition, FlowKind.WINDOW),
        *expression.references(builder, order, FlowKind.SORT),
        *expression.references_of(
            builder, [item.unalias() for item in clause.args.get("define") or ()], FlowKind.FILTER
        ),
    )
    rows = clause.args.get("rows")
    whole = rows is not None and rows.name.upper().startswith("ALL")
    kept = [Output(star=True)] if whole else [query.single(builder, item) for item in partition]
    inner = Query(sources=(source,), outputs=(*kept, *outputs), influences=_bare(deciding, variables))
    alias = clause.args.get("alias")
    return Source(alias=builder.identifier(alias.this) if alias else source.alias, query=builder.add(inner))


def _bare(refs: Iterable[Ref], variables: AbstractSet[str]) -> tuple[Ref, ...]:
    """The references without the pattern's variables."""
    plain = (ref.model_copy(update={"qualifier": ""}) if ref.qualifier.lower() in variables else ref for ref in refs)
    return tuple(dict.fromkeys(plain))
