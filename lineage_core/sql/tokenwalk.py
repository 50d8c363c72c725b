"""Table lineage of one statement from its tokens alone, for what sqlglot cannot parse and for EXEC and conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineage_core.sql.headers import read_name, skip_words
from lineage_core.sql.hints import TABLE_HINTS
from lineage_core.sql.lexer import QUOTED, VARIABLE, WORD, Token, tokenize
from lineage_core.sql.names import normalise

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

PSEUDO = frozenset({"inserted", "deleted", "new", "old"})

_NO_ALIAS = frozenset(
    (
        "ON USING WHERE JOIN INNER LEFT RIGHT FULL CROSS OUTER NATURAL GROUP ORDER HAVING UNION EXCEPT INTERSECT SET "
        "WHEN WITH OPTION FOR LIMIT OFFSET FETCH SELECT VALUES OUTPUT RETURNING PIVOT UNPIVOT TABLESAMPLE WINDOW "
        "QUALIFY LATERAL BEGIN END THEN LOOP ELSE INTO FROM MINUS DEFAULT AND OR EXEC EXECUTE"
    ).split()
)

_FROM_ARGUMENTS = frozenset({"EXTRACT", "SUBSTRING", "TRIM", "OVERLAY", "POSITION", "DATE_PART"})
_NOT_TABLES = frozenset(
    {"SELECT", "VALUES", "WITH", "LATERAL", "UNNEST", "TABLE", "(", "INSERT", "UPDATE", "DELETE", "MERGE"}
)
_BEFORE_TARGET = {"TABLE", "VIEW", "INTO", "ONLY", "IF", "NOT", "EXISTS", "OVERWRITE", "FROM"}
_HEAD_LENGTH = 12
_TEMPORARY = frozenset({"TEMP", "TEMPORARY", "VOLATILE"})
_SYSTEM_CALLS = frozenset({"sp_executesql", "sp_rename", "raise_application_error"})
SYSTEM_SCHEMAS = ("dbms_", "utl_", "sys.", "pg_catalog.", "information_schema.")


@dataclass(slots=True)
class Walked:
    """Names in normal form, first seen first. Aliases of the statement are resolved, CTEs left out."""

    reads: dict[str, None] = field(default_factory=dict)
    writes: dict[str, None] = field(default_factory=dict)
    calls: dict[str, None] = field(default_factory=dict)


def walk(text: str, dialect: Dialect) -> Walked:
    """The tables a statement reads and writes and the routines it calls.

    The target of an UPDATE, DELETE or MERGE is no read unless it is a source besides.
    """
    return _Walker(tokenize(text, dialect), dialect).run()


class _Walker:
    def __init__(self, tokens: list[Token], dialect: Dialect) -> None:
        self._tokens = tokens
        self._dialect = dialect
        self._ctes = self._cte_names()
        self._aliases: dict[str, str] = {}
        self._sources: list[str] = []
        self._targets: list[tuple[str, bool]] = []
        self._calls: dict[str, None] = {}
        self._functions: list[str] = []

    def run(self) -> Walked:
        """Walk every token once."""
        at = self._created()
        while at < len(self._tokens):
            at = self._take(at)
        found = Walked(calls=self._calls)
        spared = set()
        for name, changes in self._targets:
            real = self._aliases.get(name, name)
            found.writes.setdefault(real)
            if changes and self._sources.count(real) <= 1:
                spared.add(real)
        for name in self._sources:
            if name and name not in self._ctes and name not in PSEUDO and name not in spared:
                found.reads.setdefault(name)
        return found

    def _created(self) -> int:
        """Take the table or view that the statement creates for good, if it does; where to go on."""
        words = [token.upper for token in self._tokens[:_HEAD_LENGTH]]
        at = next((index for index, word in enumerate(words) if word in {"TABLE", "VIEW"}), None)
        if at is None or words[0] not in {"CREATE", "ALTER"} or _TEMPORARY & set(words[:at]):
            return 0
        return self._written(at, changes=False)

    def _take(self, at: int) -> int:
        token = self._tokens[at]
        if token.text == "(":
            self._functions.append(self._upper(at - 1))
        elif token.text == ")":
            del self._functions[-1:]
        if token.kind is not WORD:
            return at + 1
        word = token.upper
        if word == "FETCH" and at == 0:
            return len(self._tokens)
        if word in {"FROM", "JOIN", "APPLY"} and not self._is_argument(at):
            return self._sources_from(at + 1, listed=word == "FROM")
        if word == "USING" and self._upper(at + 2) in {"=", ":="}:  # RAISE ... USING message = ...
            return at + 1
        if (word == "USING" and self._upper(at + 1) != "(") or (word == "USING" and self._upper(at + 2) in _NOT_TABLES):
            return self._sources_from(at + 1, listed=True)
        if word in {"EXEC", "EXECUTE", "CALL"}:
            return self._call(at)
        return self._target(at, word)

    def _is_argument(self, at: int) -> bool:
        """EXTRACT(x FROM y), IS DISTINCT FROM y."""
        inside = bool(self._functions) and self._functions[-1] in _FROM_ARGUMENTS
        return inside or self._upper(at - 1) == "DISTINCT"

    def _target(self, at: int, word: str) -> int:
        following = self._upper(at + 1)
        if word == "INTO" and self._tokens[0].upper != "FETCH":
            return self._written(at + 1, changes=self._upper(at - 1) == "MERGE")
        if (
            word == "INSERT"
            and following not in {"INTO", "OVERWRITE", "(", "ALL", "FIRST", "WHEN"}
            and at + 1 < len(self._tokens)
        ):
            return at + 1 if self._upper(at - 1) == "THEN" else self._written(at + 1, changes=False)
        if word in {"UPDATE", "MERGE"} and self._upper(at - 1) not in {"THEN", "FOR", "IF", "AND", "OR", "NOT", "ON"}:
            return at + 1 if following in {"INTO", "(", "SET", "STATISTICS"} else self._written(at + 1, changes=True)
        if word == "DELETE" and self._upper(at - 1) not in {"THEN", "ON"}:
            if following == "FROM" and self._tokens[0].upper != "WITH" and not self._second_from(at + 2):
                return self._deleted_from(at + 2)
            return self._written(at + 1 + (following == "FROM"), changes=True)
        if word in {"TRUNCATE", "OVERWRITE"}:
            return self._written(at + 1, changes=False)
        return at + 1

    def _second_from(self, at: int) -> bool:
        """`DELETE FROM t FROM t JOIN u`: T-SQL's second FROM."""
        named = read_name(self._tokens, at)
        return named is not None and self._upper(named.after) == "FROM"

    def _deleted_from(self, at: int) -> int:
        named = read_name(self._tokens, at)
        if named is None:
            return at
        self._targets.append((self._name(named.text), True))
        return self._sources_from(at, listed=True)

    def _written(self, at: int, *, changes: bool) -> int:
        at = skip_words(self._tokens, at, _BEFORE_TARGET)
        if self._upper(at) == "TOP":
            at = skip_words(self._tokens, at + (4 if self._upper(at + 1) == "(" else 2), {*_BEFORE_TARGET, "PERCENT"})
        named = read_name(self._tokens, at)
        if named is None or named.text.upper() in _NO_ALIAS:
            return at + 1
        name = self._name(named.text)
        if not name.startswith("@") or "." in name or self._upper(at - 1) in {"INTO", "UPDATE", "FROM"}:
            self._targets.append((name, changes))
        return named.after

    def _sources_from(self, at: int, *, listed: bool) -> int:
        """One source, or a list of them; returns where to go on."""
        while True:
            at = skip_words(self._tokens, at, {"ONLY", "LATERAL", "OUTER"})
            while self._upper(at) == "(" and self._upper(at + 1) not in _NOT_TABLES:
                self._functions.append("")
                at += 1
            named = read_name(self._tokens, at)
            if named is None or self._upper(at) in _NOT_TABLES or named.text.upper() in _NO_ALIAS:
                return at
            at = self._source(named.text, named.after)
            if not listed or self._upper(at) != ",":
                return at
            at += 1

    def _source(self, written: str, after: int) -> int:
        name = self._name(written)
        if self._upper(after) == "(":
            if self._upper(after + 1) not in TABLE_HINTS:
                if "." in name:
                    self._calls.setdefault(name)
                return after
            after += 3
        if name.startswith("@") and "." in name:  # @xml.nodes(...)
            return after
        self._sources.append(name)
        alias_at = after + (self._upper(after) == "AS")
        alias = self._tokens[alias_at] if alias_at < len(self._tokens) else None
        if alias is not None and alias.kind in {WORD, QUOTED} and alias.upper not in _NO_ALIAS:
            self._aliases[self._name(alias.text)] = name
            after = alias_at + 1
        if self._upper(after) == "WITH" and self._upper(after + 1) == "(":
            while after < len(self._tokens) and self._tokens[after].text != ")":
                after += 1
            after += 1
        return after

    def _call(self, at: int) -> int:
        at += 1
        if at + 1 < len(self._tokens) and self._tokens[at].kind is VARIABLE and self._tokens[at + 1].text == "=":
            at += 2
        if at < len(self._tokens) and self._tokens[at].kind in {WORD, QUOTED}:
            named = read_name(self._tokens, at)
            if named is not None and named.text.upper() not in {"AS", "FUNCTION", "PROCEDURE", "IMMEDIATE"}:
                name = self._name(named.text)
                if name.rpartition(".")[2] not in _SYSTEM_CALLS and not name.startswith(SYSTEM_SCHEMAS):
                    self._calls.setdefault(name)
                return named.after
        return at

    def _cte_names(self) -> set[str]:
        names = set()
        for index, token in enumerate(self._tokens[:-2]):
            if token.kind not in {WORD, QUOTED} or self._upper(index - 1) not in {"WITH", "RECURSIVE", ","}:
                continue
            at = index + 1
            if self._upper(at) == "(":
                while at < len(self._tokens) and self._tokens[at].text != ")":
                    at += 1
                at += 1
            if self._upper(at) == "AS" and self._upper(at + 1) in {"(", "MATERIALIZED", "NOT"}:
                names.add(self._name(token.text))
        return names

    def _name(self, written: str) -> str:
        return normalise(written, self._dialect)

    def _upper(self, at: int) -> str:
        return self._tokens[at].upper if 0 <= at < len(self._tokens) else ""
