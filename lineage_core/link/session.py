"""Statements in order, as one session runs them: temp tables and table variables are collapsed end to end.

Per statement, `resolve` names a temp table like any other. Here what flows into it is remembered, and what flows out of
it is written as coming from where it came from, so that only persistent tables are left.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lineage_core.link.relation import STAR, compose
from lineage_core.link.resolve import ColumnFlow, ColumnsOf, Resolved, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineage_core.model.facts import Statement

_LOCAL_PREFIXES = ("#", "@")


@dataclass(frozen=True, slots=True)
class Collapsed:
    """What one statement says about persistent tables. `sources` are the tables its targets derive from."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    columns: tuple[ColumnFlow, ...] = ()
    influences: tuple[ColumnFlow, ...] = ()


@dataclass(slots=True)
class _Temp:
    """A temp table: its columns as far as known, the flows that reached it, and the tables behind it."""

    columns: tuple[str, ...] = ()
    flows: dict[str, dict[ColumnFlow, None]] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)


class Session:
    """The temp tables of one script or routine while its statements are taken in order."""

    def __init__(self, columns_of: ColumnsOf, trigger_table: str = "") -> None:
        self._columns_of = columns_of
        self._trigger_table = trigger_table
        self._temps: dict[str, _Temp] = {}

    def take(self, statement: Statement) -> tuple[Resolved, Collapsed]:
        """Resolve the next statement: its own answer, and the one with temp tables collapsed."""
        for name in statement.drops:
            self._temps.pop(name, None)
        self._declare(statement)
        resolved = resolve(statement, self.columns_of, self._trigger_table)
        collapsed = self._collapse(statement, resolved)
        self._learn(statement, resolved)
        return resolved, collapsed

    def columns_of(self, name: str) -> tuple[str, ...] | None:
        """Known columns of a temp table, else the catalog's answer."""
        if name in self._temps:
            return self._temps[name].columns or None
        found = self._columns_of(name)
        return tuple(found) if found is not None else None

    def is_temporary(self, name: str) -> bool:
        """Whether the name is a temp table or table variable here."""
        return name in self._temps or name.startswith(_LOCAL_PREFIXES)

    def _declare(self, statement: Statement) -> None:
        for name in (*statement.temporary, *statement.creates):
            if name in statement.temporary or name.startswith(_LOCAL_PREFIXES):
                self._temps[name] = _Temp(statement.creates.get(name, ()))
        for name in statement.writes:
            if name.startswith(_LOCAL_PREFIXES):
                self._temps.setdefault(name, _Temp())

    def _learn(self, statement: Statement, resolved: Resolved) -> None:
        """The columns of a temp table that this statement's query created."""
        for target, names in resolved.shapes:
            if target in self._temps and not self._temps[target].columns and STAR not in names:
                self._temps[target].columns = names
        del statement

    def _collapse(self, statement: Statement, resolved: Resolved) -> Collapsed:
        sources = self._sources(statement.reads)
        columns = tuple(self._through(resolved.columns))
        influences = tuple(self._through(resolved.influences))
        for name in statement.writes:
            if name in self._temps:
                self._temps[name].sources |= dict.fromkeys(sources)
        kept: tuple[list[ColumnFlow], list[ColumnFlow]] = ([], [])
        for flows, out in zip((columns, influences), kept, strict=True):
            for flow in flows:
                if flow.target_asset is not None and self.is_temporary(flow.target_asset):
                    self._temps.setdefault(flow.target_asset, _Temp()).flows.setdefault(flow.target_column, {})[
                        flow
                    ] = None
                else:
                    out.append(flow)
        moved = [flow for flow in kept[0] if not flow.kind.direct]
        return Collapsed(
            reads=tuple(name for name in statement.reads if not self.is_temporary(name)),
            writes=tuple(name for name in statement.writes if not self.is_temporary(name)),
            sources=sources,
            columns=tuple(dict.fromkeys(flow for flow in kept[0] if flow.kind.direct)),
            influences=tuple(dict.fromkeys((*kept[1], *moved))),
        )

    def _sources(self, reads: Iterable[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in reads:
            if self.is_temporary(name):
                found |= self._temps[name].sources if name in self._temps else {}
            else:
                found.setdefault(name)
        return tuple(found)

    def _through(self, flows: Iterable[ColumnFlow]) -> Iterable[ColumnFlow]:
        """Each flow; one that comes out of a temp table as the flows that went into the column, and into the whole."""
        for flow in flows:
            if flow.source_asset is None or not self.is_temporary(flow.source_asset):
                yield flow
                continue
            temp = self._temps.get(flow.source_asset, _Temp())
            if flow.source_column == STAR:  # its rows are those of the tables behind it
                yield from (replace(flow, source_asset=source) for source in temp.sources)
                continue
            for earlier in _reaching(temp, flow.source_column):
                column = (
                    flow.source_column if earlier.source_column == STAR != flow.source_column else earlier.source_column
                )
                decides = not earlier.kind.direct and earlier.target_column == STAR
                yield replace(
                    flow,
                    source_asset=earlier.source_asset,
                    source_column=earlier.source_column if decides else column,
                    target_column=STAR if decides else flow.target_column,
                    kind=compose(earlier.kind, flow.kind),
                    expression=flow.expression or earlier.expression,
                )


def _reaching(temp: _Temp, column: str) -> list[ColumnFlow]:
    """The flows into one column of a temp table and into its rows as a whole."""
    return [*temp.flows.get(column, ()), *temp.flows.get(STAR, ())]
