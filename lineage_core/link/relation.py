"""Relations while a query is resolved: output columns with the persistent columns they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from lineage_core.model.kinds import FlowKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STAR = "*"

_STRENGTH = {FlowKind.IDENTITY: 0, FlowKind.TRANSFORMATION: 1, FlowKind.AGGREGATION: 2}


class Origin(NamedTuple):
    """A column of a table that a value comes from; `asset` None where it cannot be known."""

    asset: str | None
    column: str
    kind: FlowKind = FlowKind.IDENTITY

    def through(self, outer: FlowKind) -> Origin:
        """The origin as seen behind one more expression of kind `outer`."""
        kind = compose(self.kind, outer)
        return self if kind is self.kind else Origin(self.asset, self.column, kind)


def compose(inner: FlowKind, outer: FlowKind) -> FlowKind:
    """The kind of a flow made of two: an influence anywhere makes an influence, else the stronger kind."""
    return _COMPOSED[inner, outer]


def _composed(inner: FlowKind, outer: FlowKind) -> FlowKind:
    if not outer.direct:
        return outer
    if not inner.direct:
        return inner
    return max(inner, outer, key=_STRENGTH.__getitem__)


_COMPOSED = {(inner, outer): _composed(inner, outer) for inner, outer in product(FlowKind, FlowKind)}


class OutColumn(NamedTuple):
    """One column of a relation; the name `*` stands for all columns that are not known by name."""

    name: str
    origins: tuple[Origin, ...] = ()
    expression: str = ""
    """The SQL that makes it, where that is more than a column."""


@dataclass(frozen=True, slots=True)
class Relation:
    """The columns of a source or query, in order.

    `bases` are the tables below it (what `count(*)` flows from). `anything` are the origins of every column that is not
    listed, for a function whose output columns are not declared.
    """

    columns: tuple[OutColumn, ...] = ()
    bases: tuple[str, ...] = ()
    anything: tuple[Origin, ...] = ()
    _by_name: dict[str, tuple[Origin, ...]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the columns by name; of two with one name both count."""
        for column in self.columns:
            self._by_name[column.name] = self._by_name.get(column.name, ()) + column.origins

    def knows(self, name: str) -> bool:
        """Whether the column is listed."""
        return name in self._by_name or self._numbered(name) is not None

    @property
    def open(self) -> bool:
        """Whether there may be columns that are not listed."""
        return STAR in self._by_name

    def lookup(self, name: str) -> tuple[Origin, ...] | None:
        """The origins of a column; of one that is not listed, the star's tables; None if there can be no such
        column.
        """
        if name in self._by_name:
            return self._by_name[name]
        if (column := self._numbered(name)) is not None:
            return column.origins
        if self.open:
            origins = self._by_name[STAR]
            joined = sum(column.name == STAR for column in self.columns) > 1
            if joined and len({origin.asset for origin in origins}) > 1:
                return (Origin(None, name),)
            return tuple(Origin(o.asset, name if o.column == STAR else o.column, o.kind) for o in origins)
        return self.anything or None

    def _numbered(self, name: str) -> OutColumn | None:
        """The column that Snowflake's `$1` means, where all are known."""
        place = _place(name) if name.startswith("$") and not self.open else None
        return self.columns[place] if place is not None and place < len(self.columns) else None

    def renamed(self, names: Sequence[str], *, partly: bool = False) -> Relation:
        """The same columns under the names of `AS t(a, b)`; a relation without known columns takes them as they are.

        `partly`: it may have others besides, as the fields of BigQuery's `UNNEST(a) AS element`.
        """
        if not names:
            return self
        if self.anything and not self.columns:
            named = tuple(OutColumn(name, self.anything) for name in names)
            return Relation(named, self.bases, self.anything if partly else ())
        if self.open:
            star = self._by_name[STAR]
            return Relation(tuple(OutColumn(name, star) for name in names), self.bases)
        kept = self.columns[len(names) :]
        head = (OutColumn(name, column.origins) for name, column in zip(names, self.columns, strict=False))
        return Relation((*head, *kept), self.bases)

    @staticmethod
    def of_table(name: str, columns: Sequence[str] | None) -> Relation:
        """A persistent table; `columns` None: not known."""
        return _of_table(name, tuple(columns or (STAR,)))


@lru_cache(maxsize=5_000)
def _of_table(name: str, columns: tuple[str, ...]) -> Relation:
    return Relation(tuple(OutColumn(column, (Origin(name, column),)) for column in columns), (name,))


def union(relations: Sequence[Relation], *, by_name: bool = False) -> Relation:
    """A set operation: columns by position, named by the first branch, or by name."""
    if len(relations) == 1:
        return relations[0]
    if by_name:
        return _union_by_name(relations)
    width = max((len(relation.columns) for relation in relations), default=0)
    columns = []
    for position in range(width):
        same = [found for relation in relations if (found := _at(relation.columns, position)) is not None]
        origins = distinct(origin for column in same for origin in column.origins)
        columns.append(OutColumn(same[0].name, origins, same[0].expression))
    return Relation(tuple(columns), tuple(dict.fromkeys(base for relation in relations for base in relation.bases)))


def _union_by_name(relations: Sequence[Relation]) -> Relation:
    found: dict[str, list[OutColumn]] = {}
    for column in (column for relation in relations for column in relation.columns):
        found.setdefault(column.name, []).append(column)
    columns = [
        OutColumn(name, distinct(origin for column in same for origin in column.origins), same[0].expression)
        for name, same in found.items()
    ]
    return Relation(tuple(columns), tuple(dict.fromkeys(base for relation in relations for base in relation.bases)))


def _at(columns: Sequence[OutColumn], position: int) -> OutColumn | None:
    """The column at a place; behind a star, which may hold any number of columns, the star."""
    star = next((column for column in columns[: position + 1] if column.name == STAR), None)
    return star or (columns[position] if position < len(columns) else None)


def _place(name: str) -> int | None:
    """Where the column of Snowflake's `$1` stands, from 0; None for any other name."""
    number = name[1:]
    return int(number) - 1 if number.isdecimal() and int(number) > 0 else None


def distinct(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    """Without doubles, in order."""
    return tuple(dict.fromkeys(origins))
