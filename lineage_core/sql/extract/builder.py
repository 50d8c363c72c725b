"""What the extractors of one statement share: its queries, the names it reads and calls, and the CTEs in sight."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.sql.grammar import grammar
from lineage_core.sql.names import FILE_FORMATS, READS_FILES, completed, fold, join_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from lineage_core.model.facts import Cte, Query
    from lineage_core.sql.dialects import Dialect
    from lineage_core.sql.extract.parts import Parts

    Nested = Callable[["Builder", exp.Expr, tuple[Cte, ...]], int | None]

PSEUDO_TABLES = frozenset({"inserted", "deleted", "new", "old"})
"""A trigger's (and OUTPUT's) own rows: sources of columns, never a read."""

_GLOBAL_TEMP = "global_temp"
"""The schema of Spark's global temporary views."""

_FILE_ENDINGS = (".parquet", ".csv", ".json", ".ndjson", ".jsonl", ".tsv", ".csv.gz", ".json.gz", ".arrow")

_MAX_EXPRESSION = 2_000

_LOCAL_PREFIXES = ("@",)


class Builder:
    """Collects one statement's facts while its tree is walked.

    `queries` grows as SELECTs are met (an entry is None while its own parts are being built), `reads` counts
    how often a table is a source; it and `calls` keep first-seen order. `parts` are those of statements inside WITH
    or FROM, `handed` the places of queries that a name in FROM stands for, `variables` the names that mean no columns,
    `scalars` those that WITH gives to expressions (ClickHouse);
    `nested` reads such a statement and gives the place of the query over the rows it returns, None for a query.
    """

    def __init__(self, dialect: Dialect, nested: Nested | None = None) -> None:
        self.dialect = dialect
        self.parts: list[Parts] = []
        self.handed: dict[str, int] = {}
        self.variables: AbstractSet[str] = frozenset()
        self.scalars: dict[str, exp.Expr] = {}
        self._nested = nested
        self.queries: list[Query | None] = []
        self.reads: Counter[str] = Counter()
        self.calls: dict[str, None] = {}
        self._ctes: list[set[str]] = []

    def reserve(self) -> int:
        """A place in `queries`, to be filled by `fill`: outer queries come before the inner ones they hold."""
        self.queries.append(None)
        return len(self.queries) - 1

    def fill(self, index: int, query: Query) -> int:
        """Put a finished query into its place; returns the place."""
        self.queries[index] = query
        return index

    def add(self, query: Query) -> int:
        """Append a finished query; returns its place."""
        return self.fill(self.reserve(), query)

    @contextmanager
    def cte_scope(self) -> Iterator[set[str]]:
        """CTE names added to the yielded set are in sight until the block ends."""
        self._ctes.append(set())
        try:
            yield self._ctes[-1]
        finally:
            self._ctes.pop()

    def changed_rows(self, node: exp.Expr, ctes: tuple[Cte, ...]) -> int | None:
        """The place of the query over the rows that an INSERT, UPDATE, DELETE or MERGE inside WITH returns.

        Args:
            node: what stands in the CTE; None is returned for a query.
            ctes: those before it.
        """
        return self._nested(self, node, ctes) if self._nested is not None else None

    def is_cte(self, name: str) -> bool:
        """Whether an unqualified name means a CTE here."""
        return any(name in scope for scope in self._ctes)

    def read(self, name: str) -> None:
        """Record a table used as a source, unless it is a CTE, a pseudo table or empty."""
        if name and not self.is_cte(name) and name not in PSEUDO_TABLES:
            self.reads[name] += 1

    def identifier(self, node: exp.Expr | str | None) -> str:
        """A single identifier, folded as the dialect folds it; empty for None."""
        if node is None:
            return ""
        if isinstance(node, str):
            return fold(node, quoted=False, dialect=self.dialect)
        if isinstance(node, exp.Parameter):
            return f"@{node.name.lower()}"
        if isinstance(node, exp.Identifier):
            return fold(_hashed(node), quoted=bool(node.args.get("quoted")), dialect=self.dialect)
        return fold(node.name, quoted=False, dialect=self.dialect)

    def table(self, node: exp.Expr | None) -> str:
        """The dotted name of a table node, without its alias; empty where there is none (a function, say)."""
        if isinstance(node, exp.Schema):
            node = node.this
        if isinstance(node, exp.Parameter):
            return self.identifier(node)
        if not isinstance(node, exp.Table):
            return ""
        if isinstance(node.this, exp.Literal):
            return f"path:{node.this.name}"
        if isinstance(node.this, exp.Var) and node.this.name.startswith("@"):  # Snowflake's stage
            return f"path:{node.this.name}"
        if isinstance(node.this, exp.Dot):
            return self._dotted(node)
        if isinstance(node.this, exp.Func) and not isinstance(node.this, exp.Identifier):
            return ""
        return f"path:{node.name}" if self._is_file(node) else self._named(node)

    def _named(self, node: exp.Table) -> str:
        parts = [node.args.get(name) for name in ("catalog", "db", "this")]
        if self.dialect.sqlglot in READS_FILES and node.db.lower() == _GLOBAL_TEMP:
            parts = parts[2:]
        names = [self.identifier(part) for part in parts if part is not None]
        if self.dialect.name == "bigquery" and names[-1].startswith("information_schema."):  # one name to sqlglot
            names[-1:] = names[-1].split(".")
        return join_parts(completed(names, self.dialect))

    def _is_file(self, node: exp.Table) -> bool:
        """Whether a table's name is a file's: Spark's format.`path`, DuckDB's 'path'."""
        if "://" in node.name:
            return True
        if self.dialect.sqlglot in READS_FILES:
            return node.db.lower() in FILE_FORMATS
        quoted = self.dialect.name == "duckdb" and not node.db and node.this.args.get("quoted")
        return bool(quoted) and ("/" in node.name or node.name.lower().endswith(_FILE_ENDINGS))

    def _dotted(self, node: exp.Table) -> str:
        """A name of four parts or more, whose last ones sqlglot keeps as a chain of dots."""
        outer = [self.identifier(part) for part in (node.args.get("catalog"), node.args.get("db")) if part is not None]
        return join_parts([*outer, *(self.identifier(part) for part in node.this.flatten())])

    def text(self, node: exp.Expr) -> str:
        """A node's SQL on one line, cut at 2,000 characters."""
        return node.sql(dialect=grammar(self.dialect), comments=False)[:_MAX_EXPRESSION]


def is_local(name: str) -> bool:
    """Whether a table's name says by itself that it lives in a session or batch only: #temp, ##temp, @variable."""
    return name.startswith(("#", *_LOCAL_PREFIXES))


def _hashed(node: exp.Identifier) -> str:
    if node.args.get("temporary") and not node.name.startswith("#"):
        return f"#{node.name}"
    if node.args.get("global_") and not node.name.startswith("#"):
        return f"##{node.name}"
    return node.name
