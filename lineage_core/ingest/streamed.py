"""Facts of a file that is too large to hold: parsed piece by piece and put together again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from lineage_core.model.facts import FileFacts, ObjectFact, Problem, Statement, TableChange

if TYPE_CHECKING:
    from collections.abc import Iterable


class Parse(Protocol):
    """`lineage_core.sql.parse.parse_text`, or what stands for it."""

    def __call__(self, text: str, dialect: str = "", /) -> FileFacts:
        """The facts of a text."""
        ...


class Piece(Protocol):
    """A part of a file that ends where a batch or a statement ends. `first_line` is 1-based in the file."""

    @property
    def text(self) -> str:
        """SQL."""
        ...

    @property
    def first_line(self) -> int:
        """Line of the file that the text begins on."""
        ...


def parse_pieces(pieces: Iterable[Piece], dialect: str, parse: Parse) -> FileFacts:
    """The facts of all pieces as those of one file.

    The dialect found in the first piece, and the database that a piece left in use, hold for the rest. Of statements
    that only write constants into the same table the first stands for all: a file of this size is mostly data, and its
    facts have to fit into memory where the file does not.
    """
    whole = _Whole(dialect)
    for piece in pieces:
        whole.add(parse(piece.text, whole.dialect), piece.first_line - 1)
    return whole.facts()


class _Whole:
    """The facts of the pieces so far, with lines and indexes of the whole file."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self._database = ""
        self._objects: list[ObjectFact] = []
        self._statements: list[Statement] = []
        self._constants: set[tuple[object, ...]] = set()
        self._changes: list[TableChange] = []
        self._errors: list[Problem] = []

    def facts(self) -> FileFacts:
        """Everything so far."""
        return FileFacts(
            dialect=self.dialect,
            objects=tuple(self._objects),
            statements=tuple(self._statements),
            changes=tuple(self._changes),
            errors=tuple(self._errors),
        )

    def add(self, facts: FileFacts, lines: int) -> None:
        """Take the facts of the next piece, which begins `lines` lines into the file."""
        self.dialect = facts.dialect
        first_object = len(self._objects)
        for statement in facts.statements:
            self._add_statement(statement, lines, first_object)
        self._objects += [replace(item, **self._moved(item, lines)) for item in facts.objects]
        self._changes += [item.model_copy(update=self._moved(item, lines)) for item in facts.changes]
        self._errors += _moved_problems(facts.errors, lines)
        self._database = _last_database(facts) or self._database

    def _add_statement(self, statement: Statement, lines: int, first_object: int) -> None:
        owner = None if statement.owner is None else statement.owner + first_object
        update = {
            **self._moved(statement, lines),
            "owner": owner,
            "errors": tuple(_moved_problems(statement.errors, lines)),
        }
        if _writes_constants(statement):
            key = (statement.kind, owner, update["database"], statement.writes)
            if key in self._constants:
                return
            self._constants.add(key)
            update |= {"queries": (), "flows": ()}
        self._statements.append(statement.model_copy(update=update))

    def _moved(self, item: Statement | ObjectFact | TableChange, lines: int) -> dict[str, Any]:
        """Where a fact stands in the whole file."""
        moved: dict[str, Any] = {"line": item.line + lines, "database": item.database or self._database}
        if not isinstance(item, TableChange):
            moved["end_line"] = item.end_line + lines
        return moved


def _writes_constants(statement: Statement) -> bool:
    """Whether a statement says nothing but that it writes, from constants alone."""
    says_more = (
        statement.reads,
        statement.drops,
        statement.renames,
        statement.calls,
        statement.temporary,
        statement.creates,
        statement.errors,
    )
    outputs = (output for query in statement.queries for output in query.outputs)
    return not any(says_more) and not any(output.refs or output.star for output in outputs)


def _moved_problems(problems: Iterable[Problem], lines: int) -> list[Problem]:
    return [problem.model_copy(update={"line": problem.line + lines}) for problem in problems]


def _last_database(facts: FileFacts) -> str:
    """The database that the last facts of a piece are in."""
    placed: list[Statement | ObjectFact] = [*facts.statements, *facts.objects]
    return max(placed, key=lambda item: item.line).database if placed else ""
