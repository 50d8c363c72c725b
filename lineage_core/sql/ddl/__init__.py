"""DDL to facts, read from tokens: sqlglot keeps most of T-SQL's CREATE TABLE as opaque text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.model.facts import Flow, Output, Query, Source, Statement
from lineage_core.sql.ddl.alter_table import alter_table
from lineage_core.sql.ddl.create_table import create_table, declare_table
from lineage_core.sql.ddl.descriptions import comment, procedure_call
from lineage_core.sql.ddl.items import Ddl, Reader
from lineage_core.sql.ddl.load_data import load_data
from lineage_core.sql.ddl.small_objects import drop, named_object, rename, stream, truncate

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineage_core.sql.dialects import Dialect

__all__ = ["Ddl", "read_ddl", "statement_of"]

_READERS: dict[str, Callable[[Reader], Ddl | None]] = {
    "create_table": create_table,
    "declare_table": declare_table,
    "alter_table": alter_table,
    "create_index": named_object,
    "create_synonym": named_object,
    "create_sequence": named_object,
    "create_type": named_object,
    "create_stream": stream,
    "drop": drop,
    "truncate": truncate,
    "rename": rename,
    "comment": comment,
    "exec": procedure_call,
    "load": load_data,
    "bulk_insert": load_data,
}


def read_ddl(text: str, kind: str, dialect: Dialect, line: int) -> Ddl | None:
    """The facts of one DDL statement.

    Args:
        text: the statement's slice.
        kind: the splitter's kind.
        dialect: for names.
        line: 1-based line of the text's first character in its file.

    Returns:
        None where the statement says nothing here (an EXEC of a usual procedure, a kind without reader).
    """
    reader = _READERS.get(kind)
    return reader(Reader(text, dialect, line)) if reader is not None else None


def statement_of(ddl: Ddl, kind: str) -> Statement | None:
    """A statement for what DDL reads, writes, drops, renames or gets wrong; None where it only defines."""
    if not (ddl.reads or ddl.writes or ddl.drops or ddl.renames or ddl.temporary or ddl.errors):
        return None
    moved = ddl.reads if ddl.moves_rows and ddl.writes else ()
    return Statement(
        kind=kind,
        reads=ddl.reads,
        writes=ddl.writes,
        drops=ddl.drops,
        renames=ddl.renames,
        temporary=ddl.temporary,
        creates=ddl.creates,
        generated=ddl.generated,
        queries=tuple(Query(sources=(Source(table=name),), outputs=(Output(star=True),)) for name in moved),
        flows=tuple(Flow(target=ddl.writes[0], query=index) for index in range(len(moved))),
        errors=ddl.errors,
    )
