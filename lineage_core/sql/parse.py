"""A file's text to FileFacts: split, then each statement read by what its kind asks for."""

from __future__ import annotations

import logging
import re
from dataclasses import replace

from lineage_core.model.facts import FileFacts, ObjectFact, Problem, Statement, TableChange
from lineage_core.model.kinds import ObjectKind
from lineage_core.sql.classify import DDL_KINDS, QUERY_KINDS, ROUTINE_KINDS, VIEW_KINDS, WALKED_KINDS
from lineage_core.sql.constants import constant_insert
from lineage_core.sql.dbt import models_of
from lineage_core.sql.ddl import read_ddl, statement_of
from lineage_core.sql.ddl.returns import returned_table
from lineage_core.sql.delimiters import blank_delimiters
from lineage_core.sql.dialects import Dialect, detect
from lineage_core.sql.dialects import dialect as dialect_named
from lineage_core.sql.dynamic import Strings, insert_head, is_query
from lineage_core.sql.extract.statement import NotUnderstoodError, extract, without_outputs
from lineage_core.sql.headers import package_name, read_header, read_name, skip_words
from lineage_core.sql.holders import held_statement
from lineage_core.sql.lexer import tokenize
from lineage_core.sql.names import normalise
from lineage_core.sql.nested import moved, returned_rows, without_problems, without_rows
from lineage_core.sql.qualified_calls import qualified_calls
from lineage_core.sql.quoted_bodies import single_quotes
from lineage_core.sql.respelled import respelled
from lineage_core.sql.returned import insert_from_call, with_last_queries
from lineage_core.sql.rewrite import drop_into
from lineage_core.sql.split import Slice, split
from lineage_core.sql.templates import without_templates
from lineage_core.sql.tokenwalk import SYSTEM_SCHEMAS, walk
from lineage_core.sql.variables import Variables
from lineage_core.version import code_version

PARSER_VERSION = code_version("sql", "model/facts.py", "model/kinds.py", packages=("sqlglot", "sqlparse"))
"""Part of the parse cache's key: facts follow from a content, its dialect, and this."""

_log = logging.getLogger(__name__)

_NOT_DATABASES = frozenset({"SCHEMA", "ROLE", "WAREHOUSE", "SECONDARY"})
"""What else Snowflake's USE chooses."""

_CALLING = re.compile(r"(?:EXEC|EXECUTE|CALL|INSERT|OPEN)\b", re.IGNORECASE)
_NAME = re.compile(r"\w+")

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
    plain = respelled(without_templates(blank_delimiters(text, traits), traits), traits)
    facts = _Reader(plain, traits).run()
    models = models_of(text, traits, facts.statements) if not facts.objects else ()
    return facts.model_copy(update={"models": models}) if models else facts


class _Reader:
    """Takes the slices in order and keeps what later ones need: the database in use, the routine around them, and the
    variables in sight.
    """

    def __init__(self, text: str, dialect: Dialect, database: str = "") -> None:
        self._text = text
        self._dialect = dialect
        self._database = database
        self._variables = Variables(dialect)
        self._strings = Strings(dialect)
        self._place: tuple[int, int | None] = (0, None)
        self._returning = False
        self._package = ""
        self._owners: dict[int, int] = {}
        self._objects: list[ObjectFact] = []
        self._statements: list[Statement] = []
        self._changes: list[TableChange] = []
        self._errors: list[Problem] = []

    def run(self) -> FileFacts:
        """Read everything."""
        for index, item in enumerate(split(self._text, self._dialect)):
            self._note(item)
            self.take(index, item)
            self._returning = item.kind == "control" and self._slice(item)[:6].upper() == "RETURN"
        return FileFacts(
            dialect=self._dialect.name,
            objects=tuple(self._objects),
            statements=with_last_queries(self._objects, self._statements),
            changes=tuple(self._changes),
            errors=tuple(self._errors),
        )

    def _note(self, item: Slice) -> None:
        """Keep track of variables: their names, and their values where these are SQL text."""
        if self._place != (item.batch, item.owner):
            self._place = (item.batch, item.owner)
            self._strings.forget()
        text = self._slice(item)
        self._variables.take(item, text)
        procedural = item.in_block or self._dialect.batches or text[:4].upper() == "SET "
        if procedural and (item.kind == "control" or (item.kind in {"select", "condition"} and "@" in text)):
            self._strings.assign(text)

    def take(self, index: int, item: Slice) -> None:
        """Read one slice."""
        if item.kind in {"use", "package"}:
            self._enter(item)
        elif item.kind in ROUTINE_KINDS:
            self._header(index, item)
        elif item.kind in VIEW_KINDS:
            self._header(index, item)
            self._query(index, item, self._slice(item))
        elif item.kind in DDL_KINDS and self._ddl(index, item):
            pass
        elif item.kind in WALKED_KINDS:
            self._walk(index, item)
        elif item.kind in {"select", "perform"}:
            self._select(index, item)
        elif item.kind in QUERY_KINDS:
            self._query(index, item, self._slice(item))
        elif item.kind == "holder":
            self._held(index, item)
        elif item.kind == "unknown":
            self._unknown(item)

    def _slice(self, item: Slice) -> str:
        text = self._text[item.first : item.last]
        return single_quotes(text) if item.in_quotes else text

    def _select(self, index: int, item: Slice) -> None:
        """A query; in a body its SELECT ... INTO fills variables, not a table, and PERFORM's rows go nowhere."""
        text = self._slice(item)
        if item.kind == "perform":
            self._query(index, item, _PERFORM.sub("SELECT", text, count=1), kept=False)
        elif item.in_block and not self._dialect.batches:
            bare = drop_into(text, self._dialect)
            self._query(index, item, bare, kept=bare == text)
        else:
            self._query(index, item, text)

    def _enter(self, item: Slice) -> None:
        """What stands further down is in another database, or in a package."""
        if item.kind == "use":
            self._database = self._used(item)
        else:
            self._package = package_name(self._slice(item), self._dialect)

    def _used(self, item: Slice) -> str:
        """The database of `USE [DATABASE] name`; the one before where the name says nothing (`USE [$(Name)]`)."""
        tokens = tokenize(self._slice(item), self._dialect)
        if len(tokens) > 1 and tokens[1].upper in _NOT_DATABASES:
            return self._database
        named = read_name(tokens, skip_words(tokens, 1, {"DATABASE", "CATALOG"}))
        return normalise(named.text, self._dialect) if named and "$(" not in named.text else self._database

    def _header(self, index: int, item: Slice) -> None:
        header = read_header(self._slice(item), self._dialect, self._package)
        if header is None:
            self._errors.append(Problem(line=item.line, message=f"the name of this {item.kind} cannot be read"))
            return
        self._owners[index] = len(self._objects)
        variable, columns = returned_table(self._slice(item), self._dialect) if header.kind == "function" else ("", ())
        self._objects.append(
            ObjectFact(
                kind=ObjectKind(header.kind),
                name=header.name,
                display=header.display,
                database=self._database,
                line=item.line,
                end_line=item.end_line,
                on=header.on,
                rows=header.rows,
                target=variable,
                columns=columns,
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
        self._objects += [replace(fact, database=self._database) for fact in ddl.objects]
        self._changes += [change.model_copy(update={"database": self._database}) for change in ddl.changes]
        if ddl.holds_query:
            self._query(index, item, self._slice(item))
        elif (statement := statement_of(ddl, item.kind)) is not None:
            self._add(index, item, statement)
        return True

    def _query(self, index: int, item: Slice, text: str, *, kept: bool = True) -> None:
        """A statement for its extractor; the rows of a query that are not `kept` reach no one."""
        try:
            constant = constant_insert(item.tokens, self._dialect) if item.kind == "insert" else None
            statement = constant or extract(text, self._dialect, self._variables.names)
        except NotUnderstoodError as error:
            statement = self._walked(item, text, str(error))
        except Exception as error:  # noqa: BLE001 - a statement is isolated here: it costs itself and is recorded
            _log.debug("line %d", item.line, exc_info=True)
            statement = self._walked(item, text, f"the extractor failed: {type(error).__name__}: {error}")
        if item.kind == "cursor":
            statement = statement.model_copy(update={"kind": "cursor"})
        self._add(index, item, statement if kept else without_outputs(statement))

    def _walk(self, index: int, item: Slice) -> None:
        """EXEC and conditions: tables and calls from the tokens; dynamic SQL that is known is read as statements."""
        text = self._slice(item)
        literal = self._strings.executed(text) if item.kind == "exec" else None
        filled = insert_head(text, self._dialect) if literal is not None else ""
        if literal is not None and filled and is_query(literal.sql, self._dialect):
            self._query(index, item, f"{filled} {literal.sql}")
            return
        if item.kind == "exec" and _CALLING.match(text) is None:  # T-SQL at the start of a batch, PL/SQL anywhere
            if (named := _NAME.match(text)) and named[0].lower() in self._variables.names:  # a collection's method
                return
            text = f"EXEC {text}"
        calls = self._dialect.batches or self._dialect.line_commands  # elsewhere a prepared statement is executed
        calls = calls and "IMMEDIATE" not in text[:20].upper()
        prepared = item.kind == "exec" and not calls and text[:7].upper() == "EXECUTE"
        statement = Statement(kind=item.kind) if prepared else self._walked(item, text, "")
        if statement.writes and (filling := insert_from_call(text, self._dialect)) is not None:
            statement = statement.model_copy(update={"queries": filling.queries, "flows": filling.flows})
        if statement.reads or statement.writes or statement.calls:
            self._add(index, item, statement)
        if literal is not None:
            inner = _Reader(literal.sql, self._dialect, self._database).run()
            inner = inner if literal.certain else without_problems(inner)
            inner = inner if literal.kept else without_rows(inner)
            inner = returned_rows(inner) if self._returning else inner
            owner = self._owners.get(self._owner_of(index, item))
            self._merge(moved(inner, item.line - 1 + literal.line, owner, len(self._objects)))

    def _held(self, index: int, item: Slice) -> None:
        """PREPARE s AS ..., CREATE TASK t ... AS ...: the statement it holds is read as if it stood alone."""
        held = held_statement(self._slice(item), self._dialect, self._strings.value_of)
        if held is not None:
            inner = _Reader(held.sql, self._dialect, self._database).run()
            inner = inner if held.certain else without_problems(inner)
            owner = self._owners.get(self._owner_of(index, item))
            self._merge(moved(inner, item.line - 1 + held.line, owner, len(self._objects)))

    def _merge(self, inner: FileFacts) -> None:
        """Add the facts of a statement's own text: dynamic SQL, or what a holder holds."""
        self._objects += inner.objects
        self._changes += inner.changes
        self._errors += inner.errors
        self._statements += inner.statements

    def _walked(self, item: Slice, text: str, reason: str) -> Statement:
        """Tables only, from the tokens; with a reason, because the statement has no tree."""
        found = walk(text, self._dialect)
        calls = found.calls | self._called(text) if item.kind == "condition" else found.calls
        return Statement(
            kind=item.kind,
            reads=tuple(found.reads),
            writes=tuple(found.writes),
            calls=tuple(calls),
            degraded=bool(reason),
            errors=(Problem(line=item.line, message=reason),) if reason else (),
        )

    def _called(self, text: str) -> dict[str, None]:
        """The functions with a schema that control flow calls; before a dot a variable is no schema."""
        tokens = tokenize(text, self._dialect)
        names = (normalise(name, self._dialect) for name in qualified_calls(tokens, 0, len(tokens)))
        found = (name for name in names if not name.startswith(SYSTEM_SCHEMAS))
        return {name: None for name in found if name.partition(".")[0] not in self._variables.names}

    def _unknown(self, item: Slice) -> None:
        words = " ".join(self._slice(item).split())[:60]
        self._errors.append(Problem(line=item.line, message=f"no statement starts like this: {words}"))

    @staticmethod
    def _owner_of(index: int, item: Slice) -> int:
        return item.owner if item.owner is not None else index

    def _add(self, index: int, item: Slice, statement: Statement) -> None:
        owner = self._owners.get(self._owner_of(index, item))
        where = {"line": item.line, "end_line": item.end_line, "owner": owner, "database": self._database}
        returned = self._returning and statement.kind == "select" and owner is not None
        errors = tuple(problem.model_copy(update={"line": item.line}) for problem in statement.errors)
        self._statements.append(statement.model_copy(update={**where, "errors": errors, "returned": returned}))
