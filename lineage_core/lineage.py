"""The library's front door: `analyze` answers about a script without any database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from lineage_core.link.names import suffix_lookup
from lineage_core.link.relation import STAR
from lineage_core.link.resolve import ColumnFlow, Columns
from lineage_core.link.routines import Outline, bodies, handed_on, session_of
from lineage_core.link.scope import same_table
from lineage_core.link.session import Collapsed, Session
from lineage_core.model.facts import FileFacts, ObjectFact, Problem, Statement
from lineage_core.model.kinds import RELATIONS, FlowKind, ObjectKind
from lineage_core.sql.dialects import dialect as dialect_named
from lineage_core.sql.names import normalise
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineage_core.link.resolve import Handed


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ColumnLineage(_Answer):
    """One column reaching another.

    `source_asset` is None where it cannot be known whose column it is, `target_asset` None for a bare query's output.
    `kind` is identity, transformation or aggregation in `columns`; conditional, window, join, filter, group_by or sort
    in `influences`, where the target column `*` means the target's rows as a whole.
    """

    source_asset: str | None
    source_column: str
    target_asset: str | None
    target_column: str
    kind: FlowKind


class StatementLineage(_Answer):
    """One statement's own answer: session-temporary tables are named, CTEs never."""

    kind: str
    line: int
    end_line: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    drops: tuple[str, ...]
    renames: tuple[tuple[str, str], ...]
    calls: tuple[str, ...]
    columns: tuple[ColumnLineage, ...]
    influences: tuple[ColumnLineage, ...]
    degraded: bool
    errors: tuple[Problem, ...]


class Definition(_Answer):
    """An object the script defines."""

    kind: ObjectKind
    name: str
    line: int


class Lineage(_Answer):
    """The whole script's answer: temp tables, CTEs and table variables are collapsed end to end."""

    dialect: str
    statements: tuple[StatementLineage, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    columns: tuple[ColumnLineage, ...]
    influences: tuple[ColumnLineage, ...]
    defines: tuple[Definition, ...]
    calls: tuple[str, ...]
    errors: tuple[Problem, ...]


def analyze(sql: str, dialect: str = "", catalog: Mapping[str, Sequence[str]] | None = None) -> Lineage:
    """The lineage of a script.

    Args:
        sql: one or more statements.
        dialect: a name such as tsql, postgres or snowflake; empty: found from the text.
        catalog: columns of known tables, in order: `{"dbo.orders": ["id", "amount"]}`. Names match by their last parts.

    Raises:
        UnknownDialectError: listing the known names.
    """
    facts = parse_text(sql, dialect)
    known = _Known(facts, catalog or {})
    sessions: dict[int | None, Session] = {}
    statements, collapsed = [], []
    for statement in facts.statements:
        owner = _session_owner(facts, statement)
        if owner not in sessions:
            sessions[owner] = _session(facts, owner)
        resolved, whole = sessions[owner].take(statement, known.columns)
        known.learn(statement, resolved.shapes)
        statements.append(_statement(statement, resolved.columns, resolved.influences))
        collapsed.append(whole)
    return _script(facts, statements, collapsed)


class _Known:
    """The caller's catalog, and what the script itself has created so far."""

    def __init__(self, facts: FileFacts, catalog: Mapping[str, Sequence[str]]) -> None:
        traits = dialect_named(facts.dialect)
        named = {
            normalise(name, traits): tuple(normalise(column, traits) for column in columns)
            for name, columns in catalog.items()
        }
        filled: dict[str, tuple[str, ...]] = {}
        for item in facts.objects:
            if item.kind is ObjectKind.TABLE and item.columns and item.name not in named:
                named[item.name] = tuple(column.name for column in item.columns)
                filled[item.name] = tuple(column.name for column in item.columns if not column.generated)
        self._named = named
        self.columns = Columns(
            lambda name: suffix_lookup(self._named, name),
            lambda name: suffix_lookup(filled, name) or suffix_lookup(self._named, name),
            self._handed,
        )
        self._routines = [(facts.objects[owner], body) for owner, body in bodies(facts).items()]
        self._done: dict[str, Handed | None] = {}

    def _handed(self, name: str) -> Handed | None:
        """What a routine of the script hands on; nothing while that is being found, as of one that calls itself."""
        if name not in self._done:
            self._done[name] = None
            found = [item for item in self._routines if same_table(item[0].name, name)]
            self._done[name] = self._handed_by(*found[-1]) if found else None
        return self._done[name]

    def _handed_by(self, item: ObjectFact, body: Sequence[Statement]) -> Handed:
        return handed_on(item, Outline.of(item, body), lambda: body, self.columns)

    def learn(self, statement: Statement, shapes: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Remember the columns of a table or view that a statement made from a query."""
        if statement.kind not in {"select_into", *RELATIONS}:
            return
        for target, names in shapes:
            if target and STAR not in names:
                self._named[target] = names


def _session(facts: FileFacts, owner: int | None) -> Session:
    """With what inserted, deleted, NEW and OLD stand for: a trigger's table, or that of a function's triggers."""
    if owner is None:
        return Session()
    item = facts.objects[owner]
    if item.on or item.kind is not ObjectKind.FUNCTION:
        return session_of(item, item.on)
    attached = [
        facts.objects[statement.owner]
        for statement in facts.statements
        if statement.kind == "trigger" and statement.owner is not None
        if any(same_table(item.name, name) for name in statement.calls)
    ]
    tables = {trigger.on for trigger in attached}
    rows = [name for trigger in attached for name in trigger.rows]
    return session_of(item, tables.pop() if len(tables) == 1 else "", rows)


def _session_owner(facts: FileFacts, statement: Statement) -> int | None:
    """A routine or trigger has temp tables of its own; a view's query belongs to the script."""
    if statement.owner is None or facts.objects[statement.owner].kind in RELATIONS:
        return None
    return statement.owner


def _statement(
    statement: Statement, columns: Sequence[ColumnFlow], influences: Sequence[ColumnFlow]
) -> StatementLineage:
    return StatementLineage(
        kind=statement.kind,
        line=statement.line,
        end_line=statement.end_line,
        reads=statement.reads,
        writes=statement.writes,
        drops=statement.drops,
        renames=statement.renames,
        calls=statement.calls,
        columns=_items(columns),
        influences=_items(influences),
        degraded=statement.degraded,
        errors=statement.errors,
    )


def _script(facts: FileFacts, statements: list[StatementLineage], collapsed: list[Collapsed]) -> Lineage:
    objects: Sequence[ObjectFact] = facts.objects
    return Lineage(
        dialect=facts.dialect,
        statements=tuple(statements),
        reads=tuple(dict.fromkeys(name for item in collapsed for name in item.reads)),
        writes=tuple(dict.fromkeys(name for item in collapsed for name in item.writes)),
        columns=tuple(
            dict.fromkeys((*(flow for item in collapsed for flow in _items(item.columns)), *_items(_computed(objects))))
        ),
        influences=tuple(dict.fromkeys(flow for item in collapsed for flow in _items(item.influences))),
        defines=tuple(
            Definition(kind=item.kind, name=item.name, line=item.line) for item in objects if not item.temporary
        ),
        calls=tuple(dict.fromkeys(name for item in statements for name in item.calls)),
        errors=tuple(facts.problems),
    )


def _computed(objects: Sequence[ObjectFact]) -> list[ColumnFlow]:
    """The computed columns of the script's tables, from their inputs."""
    return [
        ColumnFlow(item.name, ref.name, item.name, column.name, ref.kind)
        for item in objects
        if item.kind is ObjectKind.TABLE and not item.temporary
        for column in item.columns
        for ref in column.refs
        if ref.kind.direct
    ]


def _items(flows: Sequence[ColumnFlow]) -> tuple[ColumnLineage, ...]:
    return tuple(
        dict.fromkeys(
            ColumnLineage(
                source_asset=flow.source_asset,
                source_column=flow.source_column,
                target_asset=flow.target_asset,
                target_column=flow.target_column,
                kind=flow.kind,
            )
            for flow in flows
        )
    )
