"""FileFacts: what one file says by itself, a pure function of (content, dialect, parser version).

Nothing here needs the catalog: a star stays a star and an unqualified column stays unqualified until linking. Names are
normalised by the dialect (quotes removed, folded where it folds, parts joined with dots, see `lineage_core.sql.names`).
A query is kept as a small flat tree: `Statement.queries` holds every SELECT of the statement, and sources, references,
CTEs and set operations point into that list by index.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from lineage_core.model.kinds import FlowKind, ObjectKind

SCHEMA_VERSION = 4
"""Part of the parse cache's key: raise it whenever a model of this module changes its meaning or its fields."""


_STRICT = ConfigDict(extra="forbid")
"""An old cache entry cannot pass."""


class Fact(BaseModel):
    """Base of the models here: immutable and strict.

    Objects and columns are dataclasses, which take a tenth of a model's memory: those of a whole project are held while
    its catalog is made.
    """

    model_config = ConfigDict(frozen=True, **_STRICT)


class Problem(Fact):
    """Something in a file that could not be understood. `line` is 1-based in the file's text."""

    line: int
    message: str


class Ref(Fact):
    """A column, or a subquery's result, used in an expression.

    `query` set: the outputs of `Statement.queries[query]` (a scalar, IN or EXISTS subquery) and no name. Otherwise the
    column `name` of the source called `qualifier` (an alias or a table name as written; empty if unqualified).
    `name == "*"` stands for the relation itself, as in `count(*)`.
    """

    name: str = ""
    qualifier: str = ""
    kind: FlowKind = FlowKind.IDENTITY
    query: int | None = None


class Output(Fact):
    """One item of a select list, or one assignment of an UPDATE.

    A star has `star=True`, `qualifier` for `t.*`, `excluded` for EXCEPT/EXCLUDE, `renamed` as old to new name, in
    `matching` a regular expression for its columns' names, and as `kind` what is done to each of them.
    `expression` is the item's SQL on one line, cut at 2,000 characters, empty for a plain column. `display` is the name
    as written, where that differs.
    """

    name: str = ""
    display: str = ""
    refs: tuple[Ref, ...] = ()
    expression: str = ""
    star: bool = False
    qualifier: str = ""
    excluded: tuple[str, ...] = ()
    renamed: dict[str, str] = Field(default_factory=dict)
    matching: str = ""
    kind: FlowKind = FlowKind.IDENTITY


class Source(Fact):
    """One item of FROM: a table (or CTE) by `table`, a derived table by `query`, or a function with its `refs`.

    `columns` are the names given in `AS t(a, b)`. `using` are the columns of JOIN ... USING, which belong to both
    sides; in a `natural` join these are all that both have. `outer`: rows of this side alone are kept too. A function's
    or UNNEST's output columns flow from `refs`; `table` is empty then. `function` is its name where it may be a user's
    own: what it returns is looked up. `semi`: joined by SEMI or ANTI, whose columns only the condition sees.
    """

    alias: str = ""
    table: str = ""
    function: str = ""
    query: int | None = None
    refs: tuple[Ref, ...] = ()
    columns: tuple[str, ...] = ()
    using: tuple[str, ...] = ()
    semi: bool = False
    natural: bool = False
    outer: bool = False


class Cte(Fact):
    """One item of WITH. `columns` are those of `WITH c(a, b) AS`; `recursive` if it may read itself."""

    name: str
    query: int
    recursive: bool = False
    columns: tuple[str, ...] = ()


class Query(Fact):
    """One SELECT, or a set operation over `branches` (matched by position, named by the first, or `by_name`).

    `influences` are the references of JOIN, WHERE, HAVING, GROUP BY and ORDER BY. `lateral_aliases`: a name that no
    source is known to have may be an alias of the select list. `compared`: bare columns of a subquery that its WHERE
    says are equal.
    """

    sources: tuple[Source, ...] = ()
    outputs: tuple[Output, ...] = ()
    influences: tuple[Ref, ...] = ()
    ctes: tuple[Cte, ...] = ()
    branches: tuple[int, ...] = ()
    by_name: bool = False
    lateral_aliases: bool = False
    compared: tuple[tuple[str, str], ...] = ()


class Flow(Fact):
    """The outputs of `Statement.queries[query]` reach columns of `target`.

    `columns`: the target's columns by position (INSERT's list, UPDATE's SET, a view's header); empty: by position of
    the target's known columns if `positional`, else by the outputs' names; `matched`: only to columns that the target
    has, where these are known.
    """

    target: str
    query: int
    columns: tuple[str, ...] = ()
    positional: bool = False
    matched: bool = False


class Statement(Fact):
    """What one statement says. Lines are 1-based and inclusive, in the file's text.

    `reads` and `writes` follow the convention of docs/lineage.md; temp tables are named here, CTEs never. `temporary`
    are the temp tables and table variables this statement creates (`columns` of them in `creates`, those that
    fill themselves in `generated`). `owner` is the
    index in `FileFacts.objects` of the routine, trigger or view whose body this is part of. `returned`: the rows of
    this query are what the function returns. `database` is the one chosen by USE.
    """

    kind: str
    line: int = 1
    end_line: int = 1
    owner: int | None = None
    returned: bool = False
    database: str = ""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    calls: tuple[str, ...] = ()
    temporary: tuple[str, ...] = ()
    creates: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    generated: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    queries: tuple[Query, ...] = ()
    flows: tuple[Flow, ...] = ()
    degraded: bool = False
    errors: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class ColumnFact:
    """A column of a table definition; `refs` are the inputs of a computed column. `position` is 1-based. `generated`:
    an INSERT without a column list leaves it out (T-SQL's identity and computed columns).

    `display` is the name as written, where that differs.
    """

    name: str
    display: str = ""
    data_type: str = ""
    nullable: bool | None = None
    primary_key: bool = False
    foreign_key: bool = False
    position: int = 0
    description: str = ""
    expression: str = ""
    refs: tuple[Ref, ...] = ()
    generated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class ObjectFact:
    """An object the file defines.

    `display` is the name as written, quotes removed but case kept. `on` is the table a trigger, index or constraint
    belongs to, `rows` the names that a trigger's REFERENCING gives to its rows; `references` and `reference_columns`
    the target of a foreign key; `target` what a synonym stands for. `columns` of an index or constraint carry names
    only; those of a function are of the table it returns, `target` the table variable that holds it in T-SQL.
    `definition` is SQL text where it helps, cut at 4,000 characters. A view's columns come from its statement's flow;
    `columns` then holds only an explicit header list.
    """

    kind: ObjectKind
    name: str
    display: str = ""
    database: str = ""
    line: int = 1
    end_line: int = 1
    columns: tuple[ColumnFact, ...] = ()
    on: str = ""
    rows: tuple[str, ...] = ()
    references: str = ""
    reference_columns: tuple[str, ...] = ()
    target: str = ""
    definition: str = ""
    description: str = ""
    temporary: bool = False


class TableChange(Fact):
    """ALTER TABLE and extended properties: what a file says about a table it need not define."""

    table: str
    database: str = ""
    line: int = 1
    added: tuple[ColumnFact, ...] = ()
    dropped: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    description: str = ""
    column_descriptions: dict[str, str] = Field(default_factory=dict)


class ModelFact(Fact):
    """A relation that a query of the file makes by dbt's rules, `lineage_core.link.models` names it.

    `name` is its alias and `called` what `ref` says, both empty where that is the name of the file. `within`: its
    schema, with its database.
    """

    kind: ObjectKind
    name: str = ""
    called: str = ""
    within: str = ""


class FileFacts(Fact):
    """Everything one file says by itself.

    `errors` are the file's problems outside any statement; those of statements are on the statements. `models` are for
    as many of the last statements, which are queries.
    """

    dialect: str
    objects: tuple[ObjectFact, ...] = ()
    statements: tuple[Statement, ...] = ()
    changes: tuple[TableChange, ...] = ()
    models: tuple[ModelFact, ...] = ()
    errors: tuple[Problem, ...] = ()

    @property
    def problems(self) -> list[Problem]:
        """Every problem of the file and of its statements, by line."""
        found = [*self.errors, *(problem for statement in self.statements for problem in statement.errors)]
        return sorted(found, key=lambda problem: problem.line)
