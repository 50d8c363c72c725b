"""The columns of table functions that name them by themselves, or in a clause of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.sql.extract.builder import Builder

_FLATTENED = ("seq", "key", "path", "index", "value", "this")
_SPLIT = ("seq", "index", "value")


def made_columns(builder: Builder, call: exp.Expr, alias: str) -> tuple[str, ...]:
    """The names in order; none where they are not known.

    JSON_TABLE, XMLTABLE and OPENJSON list them. Snowflake's FLATTEN has six, Spark's explode calls its one `col`, if it
    is no map's: which it is cannot be seen where the function has an alias.
    """
    if isinstance(call, exp.XMLTable):
        return tuple(builder.identifier(column.this) for column in call.args.get("columns") or ())
    if isinstance(call, exp.JSONTable):
        return tuple(_of_schema(builder, call.args.get("schema")))
    if isinstance(call, exp.OpenJSON):
        return tuple(builder.identifier(column.this) for column in call.expressions)
    if builder.dialect.name == "snowflake":
        if isinstance(call, exp.SplitToTable):
            return _SPLIT
        return _FLATTENED if isinstance(call, exp.Explode) else ()
    if builder.dialect.sqlglot in {"hive", "spark", "databricks"} and not alias:
        if isinstance(call, exp.Posexplode):
            return ("pos", "col")
        return ("col",) if isinstance(call, exp.Explode) else ()
    return ()


def _of_schema(builder: Builder, schema: exp.Expr | None) -> Iterator[str]:
    for column in schema.expressions if schema is not None else ():
        if nested := column.args.get("nested_schema"):
            yield from _of_schema(builder, nested)
        elif column.this is not None:
            yield builder.identifier(column.this)
