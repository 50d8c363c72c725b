"""Names that mean something by themselves: pseudo columns, and aggregates that sqlglot knows as functions only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.sql.extract.builder import Builder

_AGGREGATES = frozenset(
    (
        "histogram numeric_histogram checksum map_union approx_set geometric_mean wm_concat json_group_array "
        "json_group_object collect_list collect_set stats_mode every entropy percentile percentile_approx "
        "approx_percentile try_sum try_avg sum_distinct product approx_top_count"
    ).split()
)

_SEQUENCE_COLUMNS = frozenset({"nextval", "currval"})
"""`sequence.nextval` of Oracle and Snowflake."""

_PSEUDO_COLUMNS = frozenset(
    {"rownum", "sysdate", "systimestamp", "default", "current_date", "current_time", "current_user", "user"}
)

_HIERARCHY = frozenset({"level", "connect_by_isleaf", "connect_by_iscycle"})
"""Of a query with CONNECT BY."""

_OWN_PSEUDO_COLUMNS = {
    "oracle": frozenset({"rowid", "ora_rowscn", *_HIERARCHY}),
    "hive": frozenset({"grouping__id", "input__file__name", "block__offset__inside__file"}),
    "spark": frozenset({"grouping__id"}),
}
"""By sqlglot's name of the dialect."""


def is_aggregate(name: str) -> bool:
    """Whether a function that sqlglot has no class for makes one value of many rows' values."""
    return name.endswith("agg") or name in _AGGREGATES


def pseudo_columns(builder: Builder, node: exp.Expr, qualifier: Sequence[exp.Expr]) -> frozenset[str]:
    """The names that mean no column of a table, where nobody quotes them."""
    if qualifier:
        return _SEQUENCE_COLUMNS
    select = node.find_ancestor(exp.Select) if builder.dialect.name == "snowflake" else None
    hierarchy = _HIERARCHY if select is not None and select.args.get("connect") else frozenset()
    return _PSEUDO_COLUMNS | _OWN_PSEUDO_COLUMNS.get(builder.dialect.sqlglot, frozenset()) | hierarchy
