"""Statements in order, as one session runs them: temp tables and table variables are collapsed end to end.

Per statement, `resolve` names a temp table like any other. Here what flows into it is remembered, and what flows out of
it is written as coming from where it came from, so that only persistent tables are left.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from lineage_core.link.relation import STAR, compose
from lineage_core.link.resolve import ColumnFlow, Columns, ColumnsOf, Resolved, resolve
from lineage_core.link.trigger_rows import with_trigger_rows
from lineage_core.model.kinds import FlowKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from lineage_core.model.facts import Statement

_LOCAL_PREFIXES = ("#", "@")
_CREATE_FROM_QUERY = frozenset({"select_into", "table", "view"})


@dataclass(frozen=True, slots=True)
class Collapsed:
    """What one statement says about persistent tables. `sources` are the tables that each target derives from, those of
    a bare query's rows under an empty name.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    columns: tuple[ColumnFlow, ...] = ()
    influences: tuple[ColumnFlow, ...] = ()


@dataclass(slots=True)
class _Temp:
    """A temp table: its columns as far as known, which of them fill themselves, the flows that reached it, and the
    tables behind it. `unread` are those that are read when it is, as of a query that is only named (CACHE TABLE).
    """

    columns: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    flows: dict[str, dict[ColumnFlow, None]] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


class Session:
    """The temp tables of one script or routine while its statements are taken in order."""

    def __init__(self, trigger_table: str = "", lent: AbstractSet[str] = frozenset(), rows: Sequence[str] = ()) -> None:
        """Start a session.

        Args:
            trigger_table: what `inserted`, `deleted`, NEW and OLD stand for.
            lent: temp tables that belong to a caller, and are as good as tables here.
            rows: further names that stand for the trigger's table.
        """
        self._trigger_table = trigger_table
        self._rows = frozenset(rows)
        self._lent = lent
        self._temps: dict[str, _Temp] = {}

    def declare(self, name: str, columns: tuple[str, ...]) -> None:
        """A table variable with its columns, as a function's header declares it."""
        self._temps[name] = _Temp(columns)

    def held(self, name: str) -> tuple[tuple[str, ...], list[ColumnFlow], tuple[str, ...]]:
        """What is in a temp table by now: its columns as far as known, the flows into it, the tables behind it."""
        temp = self._temps.get(name, _Temp())
        flows = [flow for found in temp.flows.values() for flow in found]
        return temp.columns or tuple(column for column in temp.flows if column != STAR), flows, tuple(temp.sources)

    def take(self, statement: Statement, known: Columns) -> tuple[Resolved, Collapsed]:
        """Resolve the next statement: its own answer, and the one with temp tables collapsed.

        Args:
            statement: its facts.
            known: the catalog, as its names mean it.
        """
        statement = with_trigger_rows(statement, self._rows) if self._rows else statement
        for name in statement.drops:
            self._temps.pop(name, None)
        self._declare(statement)
        filled = partial(self._columns, known.filled_of, filled=True)
        everything = Columns(partial(self._columns, known.of), filled, known.handed)
        resolved = resolve(statement, everything, self._trigger_table)
        collapsed = self._collapse(statement, self._with_moves(statement, resolved, known))
        self._learn(statement, resolved)
        return resolved, collapsed

    def _columns(self, known: ColumnsOf, name: str, *, filled: bool = False) -> Sequence[str] | None:
        """Known columns of a temp table, else the catalog's answer."""
        if name not in self._temps:
            return known(name)
        temp = self._temps[name]
        return [item for item in temp.columns if not filled or item not in temp.generated] or None

    def _with_moves(self, statement: Statement, resolved: Resolved, known: Columns) -> Resolved:
        """The flows of a statement with those that a called procedure makes through the temp tables here."""
        called = [handed for name in statement.calls if (handed := known.handed(name)) is not None]
        moves = [flow for handed in called for flow in handed.moves]
        for flow in moves:
            target, source = flow.target_asset or "", flow.source_asset or ""
            if source and self.is_temporary(target):
                self._temps.setdefault(target, _Temp()).sources |= dict.fromkeys(self._sources([source]))
        if not moves:
            return resolved
        direct = tuple(flow for flow in moves if flow.kind.direct)
        others = tuple(flow for flow in moves if not flow.kind.direct)
        return replace(resolved, columns=(*resolved.columns, *direct), influences=(*resolved.influences, *others))

    def is_temporary(self, name: str) -> bool:
        """Whether the name is a temp table or table variable here."""
        return name not in self._lent and (name in self._temps or name.startswith(_LOCAL_PREFIXES))

    def _declare(self, statement: Statement) -> None:
        for name in (*statement.temporary, *statement.creates):
            if name in statement.temporary or name.startswith(_LOCAL_PREFIXES):
                self._temps[name] = _Temp(statement.creates.get(name, ()), statement.generated.get(name, ()))
        for name in statement.writes:
            if self.is_temporary(name):
                self._temps.setdefault(name, _Temp())

    def _learn(self, statement: Statement, resolved: Resolved) -> None:
        """The columns of a temp table that this statement's query creates; one that only fills some tells nothing."""
        if statement.kind not in _CREATE_FROM_QUERY:
            return
        for target, names in resolved.shapes:
            if target in self._temps and not self._temps[target].columns and STAR not in names:
                self._temps[target].columns = names

    def _collapse(self, statement: Statement, resolved: Resolved) -> Collapsed:
        named = tuple(name for name in statement.temporary if name not in statement.writes)
        made = (*statement.writes, *named)
        sources = {name: self._sources(_sources_of(name, statement, resolved)) for name in made}
        returned = [name for target, found in resolved.sources if not target for name in found]
        if returned:
            sources[""] = self._sources(returned)
        for name, found in sources.items():
            if name in self._temps:
                self._temps[name].sources |= dict.fromkeys(found)
                self._temps[name].unread = found if name in named else ()
        kept: tuple[list[ColumnFlow], list[ColumnFlow]] = ([], [])
        for flows, out in zip((resolved.columns, resolved.influences), kept, strict=True):
            for flow in flows:  # one by one: OUTPUT may hand on what this statement puts into a temp table
                out += [item for item in self._through(flow) if not self._kept_in_temp(item)]
        moved = [flow for flow in kept[0] if not flow.kind.direct]
        return Collapsed(
            reads=tuple(dict.fromkeys(name for read in statement.reads for name in self._read(read))),
            writes=tuple(name for name in statement.writes if not self.is_temporary(name)),
            sources=sources,
            columns=tuple(dict.fromkeys(flow for flow in kept[0] if flow.kind.direct)),
            influences=tuple(dict.fromkeys((*kept[1], *moved))),
        )

    def _read(self, name: str) -> tuple[str, ...]:
        """The table itself; of a temp table what nobody has read yet."""
        if not self.is_temporary(name):
            return (name,)
        return self._temps[name].unread if name in self._temps else ()

    def _sources(self, reads: Iterable[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in reads:
            if self.is_temporary(name):
                found |= self._temps[name].sources if name in self._temps else {}
            else:
                found.setdefault(name)
        return tuple(found)

    def _kept_in_temp(self, flow: ColumnFlow) -> bool:
        """Remember a flow into a temp table; False for any other."""
        if flow.target_asset is None or not self.is_temporary(flow.target_asset):
            return False
        temp = self._temps.setdefault(flow.target_asset, _Temp())
        temp.flows.setdefault(flow.target_column, {})[flow] = None
        return True

    def _through(self, flow: ColumnFlow) -> Iterable[ColumnFlow]:
        """A flow; one that comes out of a temp table as the flows that went into the column, and into the whole."""
        if flow.source_asset is None or not self.is_temporary(flow.source_asset):
            return [flow]
        temp = self._temps.get(flow.source_asset, _Temp())
        if flow.source_column != STAR:
            return [_joined(earlier, flow) for earlier in _reaching(temp, flow.source_column)]
        if flow.kind not in {FlowKind.IDENTITY, FlowKind.TRANSFORMATION}:  # count(*): the rows of the tables behind it
            return [flow._replace(source_asset=source) for source in temp.sources]
        return [
            _joined(earlier, flow._replace(target_column=name) if flow.target_column == STAR else flow)
            for name, found in temp.flows.items()
            for earlier in found
        ]


def _sources_of(target: str, statement: Statement, resolved: Resolved) -> tuple[str, ...]:
    """The tables below what reaches a target; the target itself only where the statement reads it besides."""
    flows = [sources for name, sources in resolved.sources if name == target]
    found = dict.fromkeys(name for sources in flows for name in sources) if flows else dict.fromkeys(statement.reads)
    return tuple(name for name in found if name != target or name in statement.reads)


def _joined(earlier: ColumnFlow, flow: ColumnFlow) -> ColumnFlow:
    """The flow made of one into a temp table and one out of it."""
    column = earlier.source_column
    if column == STAR and earlier.kind is not FlowKind.AGGREGATION:  # SELECT * INTO #t: the column of the same name
        column = flow.source_column
    decides = not earlier.kind.direct and earlier.target_column == STAR
    return ColumnFlow(
        source_asset=earlier.source_asset,
        source_column=earlier.source_column if decides else column,
        target_asset=flow.target_asset,
        target_column=STAR if decides else flow.target_column,
        kind=compose(earlier.kind, flow.kind),
        expression=flow.expression or earlier.expression,
    )


def _reaching(temp: _Temp, column: str) -> list[ColumnFlow]:
    """The flows into one column of a temp table and into its rows as a whole."""
    return [*temp.flows.get(column, ()), *temp.flows.get(STAR, ())]
