"""A file's text to FileFacts: split, then each statement read by what its kind asks for."""

from __future__ import annotations

import logging
import re

from lineage_core.model.facts import FileFacts, ObjectFact, ObjectKind, Problem, Statement, TableChange
from lineage_core.sql.classify import DDL_KINDS, QUERY_KINDS, ROUTINE_KINDS, VIEW_KINDS, WALKED_KINDS
from lineage_core.sql.constants import constant_insert
from lineage_core.sql.ddl import Ddl, read_ddl
from lineage_core.sql.delimiters import blank_delimiters
from lineage_core.sql.dialects import Dialect, detect
from lineage_core.sql.dialects import dialect as dialect_named
from lineage_core.sql.extract.statement import NotUnderstoodError, extract
from lineage_core.sql.headers import read_header
from lineage_core.sql.names import normalise
from lineage_core.sql.rewrite import drop_into
from lineage_core.sql.split import Slice, split
from lineage_core.sql.tokenwalk import literal_sql, walk
from lineage_core.version import code_version

PARSER_VERSION = code_version("sql", "model/facts.py", packages=("sqlglot", "sqlparse"))
"""Part of the parse cache's key: facts follow from a content, its dialect, and this."""

_log = logging.getLogger(__name__)

_PERFORM = re.compile(r"\bPERFORM\b", re.IGNORECASE)

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of every statement it keeps as text; we record those


def parse_text(text: str, dialect: str = "") -> FileFacts:
    """The facts of a script.

    Args:
        text: SQL, any number of statements and batches.
        dialect: its name; empty: found from the text.

    Raises:
        UnknownDialectError: listing the known names.
    """
    traits = dialect_named(dialect) if dialect else detect(text)
    text = blank_delimiters(text, traits)
    reader = _Reader(text, traits)
    for index, item in enumerate(split(text, traits)):
        reader.take(index, item)
    return reader.facts()


class _Reader:
    """Takes the slices in order and keeps what later ones need: the database in use and the routine around them."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text = text
        self._dialect = dialect
        self._database = ""
        self._owners: dict[int, int] = {}
        self._objects: list[ObjectFact] = []
        self._statements: list[Statement] = []
        self._changes: list[TableChange] = []
        self._errors: list[Problem] = []

    def facts(self) -> FileFacts:
        """Everything read so far."""
        return FileFacts(
            dialect=self._dialect.name,
            objects=tuple(self._objects),
            statements=tuple(self._statements),
            changes=tuple(self._changes),
            errors=tuple(self._errors),
        )

    def take(self, index: int, item: Slice) -> None:
        """Read one slice."""
        if item.kind == "use":
            self._database = self._used(item)
        elif item.kind in ROUTINE_KINDS:
            self._header(index, item)
        elif item.kind in VIEW_KINDS:
            self._header(index, item)
            self._query(index, item, self._slice(item))
        elif item.kind in DDL_KINDS and self._ddl(index, item):
            pass
        elif item.kind in WALKED_KINDS:
            self._walk(index, item)
        elif item.kind in QUERY_KINDS:
            self._query(index, item, self._without_into(item))
        elif item.kind == "perform":
            self._query(index, item, _PERFORM.sub("SELECT", self._slice(item), count=1))
        elif item.kind == "unknown":
            self._unknown(item)

    def _slice(self, item: Slice) -> str:
        return self._text[item.first : item.last]

    def _without_into(self, item: Slice) -> str:
        """A query of a PL/pgSQL body: its SELECT ... INTO fills variables, not a table."""
        text = self._slice(item)
        if item.kind != "select" or not item.in_block or self._dialect.batches:
            return text
        return drop_into(text, self._dialect)

    def _used(self, item: Slice) -> str:
        words = self._slice(item).replace(";", " ").split()
        at = next((index for index, word in enumerate(words) if word.upper() == "USE"), len(words))
        return normalise(words[at + 1], self._dialect) if at + 1 < len(words) else self._database

    def _header(self, index: int, item: Slice) -> None:
        header = read_header(self._slice(item), self._dialect)
        if header is None:
            self._errors.append(Problem(line=item.line, message=f"the name of this {item.kind} cannot be read"))
            return
        self._owners[index] = len(self._objects)
        self._objects.append(
            ObjectFact(
                kind=ObjectKind(header.kind),
                name=header.name,
                display=header.display,
                database=self._database,
                line=item.line,
                end_line=item.end_line,
                on=header.on,
                temporary=header.temporary,
            )
        )
        if header.calls:
            self._add(index, item, Statement(kind="trigger", calls=(header.calls,)))

    def _ddl(self, index: int, item: Slice) -> bool:
        """Read DDL from tokens; False where it says nothing, and the statement is to be read otherwise."""
        ddl = read_ddl(self._slice(item), item.kind, self._dialect, item.line)
        if ddl is None:
            return item.kind not in WALKED_KINDS
        if ddl.holds_query and ddl.objects:
            self._owners[index] = len(self._objects)
        self._objects += [fact.model_copy(update={"database": self._database}) for fact in ddl.objects]
        self._changes += [change.model_copy(update={"database": self._database}) for change in ddl.changes]
        if ddl.holds_query:
            self._query(index, item, self._slice(item))
        elif (statement := _statement_of(ddl, item.kind)) is not None:
            self._add(index, item, statement)
        return True

    def _query(self, index: int, item: Slice, text: str) -> None:
        try:
            constant = constant_insert(text, self._dialect) if item.kind == "insert" else None
            statement = constant or extract(text, self._dialect)
        except NotUnderstoodError as error:
            statement = self._walked(item, text, str(error))
        except Exception as error:  # noqa: BLE001 - a statement is isolated here: it costs itself and is recorded
            _log.debug("line %d", item.line, exc_info=True)
            statement = self._walked(item, text, f"the extractor failed: {type(error).__name__}: {error}")
        self._add(index, item, statement)

    def _walk(self, index: int, item: Slice) -> None:
        """EXEC and conditions: tables and calls from the tokens; literal dynamic SQL is read as statements."""
        statement = self._walked(item, self._slice(item), "")
        if statement.reads or statement.writes or statement.calls:
            self._add(index, item, statement)
        for sql in literal_sql(self._slice(item), self._dialect):
            for inner in split(sql, self._dialect):
                if inner.kind in QUERY_KINDS:
                    self._query(index, item, sql[inner.first : inner.last])

    def _walked(self, item: Slice, text: str, reason: str) -> Statement:
        """Tables only, from the tokens; with a reason, because the statement has no tree."""
        found = walk(text, self._dialect)
        return Statement(
            kind=item.kind,
            reads=tuple(found.reads),
            writes=tuple(found.writes),
            calls=tuple(found.calls),
            degraded=bool(reason),
            errors=(Problem(line=item.line, message=reason),) if reason else (),
        )

    def _unknown(self, item: Slice) -> None:
        words = " ".join(self._slice(item).split())[:60]
        self._errors.append(Problem(line=item.line, message=f"no statement starts like this: {words}"))

    def _add(self, index: int, item: Slice, statement: Statement) -> None:
        owner = self._owners.get(item.owner if item.owner is not None else index)
        where = {"line": item.line, "end_line": item.end_line, "owner": owner, "database": self._database}
        errors = tuple(problem.model_copy(update={"line": item.line}) for problem in statement.errors)
        self._statements.append(statement.model_copy(update={**where, "errors": errors}))


def _statement_of(ddl: Ddl, kind: str) -> Statement | None:
    """A statement for what DDL reads, writes, drops, renames or gets wrong; None where it only defines."""
    if not (ddl.reads or ddl.writes or ddl.drops or ddl.renames or ddl.temporary or ddl.errors):
        return None
    return Statement(
        kind=kind,
        reads=ddl.reads,
        writes=ddl.writes,
        drops=ddl.drops,
        renames=ddl.renames,
        temporary=ddl.temporary,
        creates=ddl.creates,
        errors=ddl.errors,
    )
