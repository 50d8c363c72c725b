"""What the definitions of a script say, one line a fact, as the cases' `details` write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.model.kinds import ObjectKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.model.facts import ColumnFact, FileFacts, ObjectFact, TableChange

_WITH_COLUMNS = frozenset({ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.MATERIALIZED_VIEW, ObjectKind.FUNCTION})


def details(facts: FileFacts) -> set[str]:
    """Columns, keys, indexes, synonyms and descriptions; a change of another statement starts with its sign."""
    found = {line for item in facts.objects for line in _object(item)}
    return found | {line for change in facts.changes for line in _change(change)}


def _object(item: ObjectFact) -> Iterator[str]:
    names = ", ".join(column.name for column in item.columns)
    if item.kind in _WITH_COLUMNS:
        for column in item.columns:
            yield f"{item.name}.{_column(column)}"
    elif item.references:
        yield f"foreign key {item.on} ({names}) -> {item.references} ({', '.join(item.reference_columns)})"
    elif item.kind in {ObjectKind.INDEX, ObjectKind.CONSTRAINT}:
        word = "primary key" if item.definition.upper().startswith("PRIMARY") else item.kind.value
        yield f"{word} {item.name.rpartition('.')[2]} on {item.on} ({names})"
    elif item.kind is ObjectKind.SYNONYM:
        yield f"synonym {item.name} -> {item.target}"
    elif item.kind is ObjectKind.TRIGGER:
        yield f"trigger {item.name} on {item.on}"
    else:
        yield f"{item.kind} {item.name}"


def _column(column: ColumnFact) -> str:
    nullable = {True: "null", False: "not null", None: ""}[column.nullable]
    keys = ("key" if column.primary_key else "", "foreign" if column.foreign_key else "")
    computed = f"= {', '.join(ref.name for ref in column.refs)}" if column.expression else ""
    return " ".join(filter(None, (column.name, column.data_type, nullable, *keys, computed)))


def _change(change: TableChange) -> Iterator[str]:
    yield from (f"+ {change.table}.{_column(column)}" for column in change.added)
    yield from (f"- {change.table}.{name}" for name in change.dropped)
    yield from (f"{change.table}.{old} is now {new}" for old, new in change.renamed)
    if change.description:
        yield f"{change.table}: {change.description}"
    yield from (f"{change.table}.{name}: {text}" for name, text in change.column_descriptions.items())
