"""What a routine hands on to its caller: the rows it returns, and what it moves through temp tables lent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.link.relation import STAR, Origin, OutColumn, Relation, distinct, union
from lineage_core.link.resolve import Handed
from lineage_core.link.session import Session
from lineage_core.model.facts import Fact
from lineage_core.model.kinds import ROUTINES, ObjectKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from lineage_core.link.resolve import ColumnFlow, Columns, Resolved
    from lineage_core.link.session import Collapsed
    from lineage_core.model.facts import FileFacts, ObjectFact, Statement

_LENT = "#"
_LOCAL = ("#", "@")


class Outline(Fact):
    """What tells whether a body hands anything on before its statements are looked at.

    `returns`: a statement, or the table variable of a function's header, gives rows to the caller. `uses` and
    `creates` are names of temp tables that may be a caller's, `uses` without those that it creates itself; `calls` is
    what it calls.
    """

    returns: bool = False
    uses: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()

    @classmethod
    def of(cls, routine: ObjectFact, body: Sequence[Statement]) -> Outline:
        """Of a routine and its body's statements, at least those that `bodies` gives."""
        created = {name for item in body for name in (*item.temporary, *item.creates) if name.startswith(_LENT)}
        used = {name for item in body for name in (*item.reads, *item.writes) if name.startswith(_LENT)}
        return cls(
            returns=bool(routine.target) or any(map(_returning(routine.kind), body)),
            uses=tuple(sorted(used - created)),
            creates=tuple(sorted(created)),
            calls=tuple(dict.fromkeys(name for item in body for name in item.calls)),
        )

    @property
    def may_hand_on(self) -> bool:
        """Whether anything can come of the body: temp tables of its own alone hand nothing on."""
        return bool(self.returns or self.uses or self.calls)

    def lent(self, known: Columns) -> frozenset[str]:
        """The temp tables that a body, or what it calls, uses and the body does not create."""
        called = [handed for name in self.calls if (handed := known.handed(name)) is not None]
        moved = {
            name or "" for item in called for flow in item.moves for name in (flow.source_asset, flow.target_asset)
        }
        return frozenset({*self.uses, *(name for name in moved if name.startswith(_LENT))} - {*self.creates})


def bodies(facts: FileFacts) -> dict[int, list[Statement]]:
    """Index of a procedure or function -> the statements of its body that may hand something on, in order."""
    found: dict[int, list[Statement]] = {}
    temps: dict[int, set[str]] = {}
    for statement in facts.statements:
        owner = statement.owner
        if owner is None or facts.objects[owner].kind not in ROUTINES:
            continue
        temps.setdefault(owner, set()).update(statement.temporary)
        if _hands_on(statement, facts.objects[owner].kind, temps[owner]):
            found.setdefault(owner, []).append(statement)
    return found


def _hands_on(statement: Statement, kind: ObjectKind, temps: Collection[str]) -> bool:
    """Whether a statement of a routine gives rows, touches temp tables, or calls what may do so."""
    if statement.returned or statement.calls:
        return True
    names = (*statement.reads, *statement.writes, *statement.creates, *statement.drops)
    if any(name.startswith(_LOCAL) or name in temps for name in names):
        return True
    return kind is ObjectKind.PROCEDURE and _gives_rows(statement)


def handed_on(routine: ObjectFact, outline: Outline, body: Callable[[], Sequence[Statement]], known: Columns) -> Handed:
    """What a routine hands on.

    Args:
        routine: a procedure or function.
        outline: of its body.
        body: gives its statements, at least those that `bodies` gives; called where they have to be looked at.
        known: the catalog as names mean it there.
    """
    lent = outline.lent(known)
    if not (lent or outline.returns):
        return Handed()
    session, returns = session_of(routine, lent=lent), _returning(routine.kind)
    taken = [(statement, *session.take(statement, known)) for statement in body()]
    flows = [flow for _, _, said in taken for flow in (*said.columns, *said.influences)]
    moves = tuple(dict.fromkeys(flow for flow in flows if _through_lent(flow)))
    if routine.target:
        names, found, sources = session.held(routine.target)
        return _handed(names, found, sources, moves)
    rows = [_rows(resolved, said) for statement, resolved, said in taken if returns(statement)]
    relation = union([handed_relation(item) for item in rows]) if rows else Relation()
    relation = relation.renamed([column.name for column in routine.columns])
    deciding = tuple(dict.fromkeys(origin for item in rows for origin in item.deciding))
    return Handed(relation.columns, relation.bases, deciding, moves)


def session_of(
    item: ObjectFact, trigger_table: str = "", rows: Sequence[str] = (), lent: AbstractSet[str] = frozenset()
) -> Session:
    """The session of a routine's or trigger's body: with the table variable that a function returns.

    Args:
        item: the routine or trigger.
        trigger_table: what `inserted`, `deleted`, NEW and OLD stand for.
        rows: what the triggers that execute a function call their rows; a trigger says so itself.
        lent: temp tables of a caller.
    """
    session = Session(trigger_table, lent, (*item.rows, *rows))
    if item.kind is ObjectKind.FUNCTION and item.target:
        session.declare(item.target, tuple(column.name for column in item.columns))
    return session


def handed_relation(handed: Handed) -> Relation:
    """The rows that are handed on, as a source of a query."""
    return Relation(handed.columns, handed.bases)


def renamed(handed: Handed, name: Callable[[str], str]) -> Handed:
    """The same with other names for the tables."""

    def origin(item: Origin) -> Origin:
        return item._replace(asset=name(item.asset)) if item.asset else item

    def flow(item: ColumnFlow) -> ColumnFlow:
        source, target = item.source_asset, item.target_asset
        return item._replace(source_asset=name(source) if source else source, target_asset=name(target or ""))

    return Handed(
        columns=tuple(item._replace(origins=distinct(map(origin, item.origins))) for item in handed.columns),
        bases=tuple(dict.fromkeys(map(name, handed.bases))),
        deciding=tuple(dict.fromkeys(map(origin, handed.deciding))),
        moves=tuple(dict.fromkeys(map(flow, handed.moves))),
    )


def _rows(resolved: Resolved, said: Collapsed) -> Handed:
    """The rows of one query, temp tables collapsed."""
    names = next((names for target, names in resolved.shapes if not target), ())
    flows = [flow for flow in (*said.columns, *said.influences) if flow.target_asset is None]
    return _handed(names, flows, said.sources.get("", ()), ())


def _handed(
    names: Sequence[str], flows: Sequence[ColumnFlow], sources: tuple[str, ...], moves: tuple[ColumnFlow, ...]
) -> Handed:
    columns = []
    for name in names:
        direct = name == STAR
        own = [flow for flow in flows if flow.target_column == name and (flow.kind.direct or not direct)]
        expression = next((flow.expression for flow in own if flow.expression), "")
        columns.append(OutColumn(name, _origins(own), expression))
    deciding = [flow for flow in flows if flow.target_column == STAR and not flow.kind.direct]
    return Handed(tuple(columns), sources, _origins(deciding), moves)


def _origins(flows: Iterable[ColumnFlow]) -> tuple[Origin, ...]:
    return tuple(dict.fromkeys(Origin(flow.source_asset, flow.source_column, flow.kind) for flow in flows))


def _returning(kind: ObjectKind) -> Callable[[Statement], bool]:
    """Whether a statement gives rows to the caller, for a kind of routine."""
    return _gives_rows if kind is ObjectKind.PROCEDURE else _is_returned


def _is_returned(statement: Statement) -> bool:
    return statement.returned


def _gives_rows(statement: Statement) -> bool:
    """Whether a statement of a procedure is a query whose rows its caller gets."""
    if statement.kind != "select":
        return False
    tops = {flow.query for flow in statement.flows if not flow.target}
    return any(_selects(statement, index) for index in tops)


def _selects(statement: Statement, index: int) -> bool:
    query = statement.queries[index]
    return any(output.refs or output.star for output in query.outputs) or any(
        _selects(statement, branch) for branch in query.branches
    )


def _through_lent(flow: ColumnFlow) -> bool:
    names = (flow.source_asset or "", flow.target_asset or "")
    return flow.target_asset is not None and any(name.startswith(_LENT) for name in names)
