"""SQL dialects as data: what the lexer, the splitter and the naming have to know of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lineage_core.errors import UnknownDialectError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dialect:
    """One dialect's traits. There is one object for each, which caches find by its identity.

    `sqlglot` is its name there ("" is sqlglot's own generic one). `folds_quoted`: `"A"` and `a` are one name.
    `batches`: statements need no semicolon and GO ends a batch. `backslash_escapes`: in strings.
    `implicit_recursion`: a CTE may read itself without RECURSIVE. `double_quoted_strings`: "x" is a string.
    `dollar_quotes`: $tag$...$tag$ is a string that may hold a routine's body. `nested_comments`: a block comment
    may hold another. `slash_comments`: `//` opens a comment. `triple_quotes`: '''x''' is a string. `q_quotes`:
    q'[x]' is one, whatever x holds. `aliases_in_having`: HAVING may name an alias of the select list.
    `line_commands`: of the client, SQL*Plus; they end with their line.
    `use_is_schema`: USE chooses what stands before the dot of `db.t`. `delimiter_command`: the client's DELIMITER
    sets what ends a statement. `scripts`: control flow may stand outside any block. `declare_blocks`: DECLARE opens
    one. `marked_variables`: a variable in a statement says by a sign that it is none of its columns. `lateral_aliases`:
    an alias of the select list may be used in the items behind it. `casts_keep_names`: CAST(a AS t) without
    alias is called a, as a::t is. `unpivots_values_first`: UNPIVOT's value column stands before the names'.
    """

    name: str
    sqlglot: str
    folds_quoted: bool = False
    default_schema: str = ""
    batches: bool = False
    dollar_quotes: bool = False
    brackets: bool = False
    backticks: bool = False
    backslash_escapes: bool = False
    double_quoted_strings: bool = False
    hash_comments: bool = False
    implicit_recursion: bool = False
    nested_comments: bool = True
    slash_comments: bool = False
    triple_quotes: bool = False
    q_quotes: bool = False
    delimiter_command: bool = False
    line_commands: bool = False
    aliases_in_having: bool = True
    use_is_schema: bool = False
    scripts: bool = False
    declare_blocks: bool = False
    marked_variables: bool = False
    lateral_aliases: bool = False
    casts_keep_names: bool = False
    unpivots_values_first: bool = False


_ANSI = Dialect(name="ansi", sqlglot="")
_TSQL = Dialect(
    name="tsql",
    sqlglot="tsql",
    folds_quoted=True,
    default_schema="dbo",
    batches=True,
    marked_variables=True,
    brackets=True,
    implicit_recursion=True,
    aliases_in_having=False,
    unpivots_values_first=True,
)
_POSTGRES = Dialect(
    name="postgres",
    sqlglot="postgres",
    default_schema="public",
    dollar_quotes=True,
    aliases_in_having=False,
    casts_keep_names=True,
)
_HIVE = Dialect(
    name="hive",
    sqlglot="hive",
    folds_quoted=True,
    backticks=True,
    backslash_escapes=True,
    double_quoted_strings=True,
    use_is_schema=True,
)
_MYSQL = replace(
    _HIVE, name="mysql", sqlglot="mysql", hash_comments=True, nested_comments=False, delimiter_command=True
)

_KNOWN = (
    _ANSI,
    _TSQL,
    replace(_TSQL, name="fabric", sqlglot="fabric"),
    _POSTGRES,
    replace(_POSTGRES, name="redshift", sqlglot="redshift", backslash_escapes=True, lateral_aliases=True),
    replace(_POSTGRES, name="greenplum"),
    replace(_POSTGRES, name="vertica"),
    replace(_POSTGRES, name="materialize", sqlglot="materialize"),
    replace(_POSTGRES, name="risingwave", sqlglot="risingwave"),
    Dialect(
        name="duckdb",
        sqlglot="duckdb",
        folds_quoted=True,
        default_schema="main",
        dollar_quotes=True,
        lateral_aliases=True,
    ),
    Dialect(
        name="sqlite",
        sqlglot="sqlite",
        folds_quoted=True,
        default_schema="main",
        brackets=True,
        backticks=True,
        nested_comments=False,
    ),
    Dialect(
        name="snowflake",
        sqlglot="snowflake",
        dollar_quotes=True,
        backslash_escapes=True,
        nested_comments=False,
        slash_comments=True,
        declare_blocks=True,
        marked_variables=True,
        lateral_aliases=True,
    ),
    Dialect(
        name="oracle",
        sqlglot="oracle",
        implicit_recursion=True,
        nested_comments=False,
        q_quotes=True,
        line_commands=True,
        declare_blocks=True,
    ),
    Dialect(name="teradata", sqlglot="teradata", folds_quoted=True, lateral_aliases=True, use_is_schema=True),
    Dialect(name="exasol", sqlglot="exasol", brackets=True),
    Dialect(name="db2", sqlglot="", implicit_recursion=True),
    Dialect(name="trino", sqlglot="trino", nested_comments=False),
    Dialect(name="presto", sqlglot="presto", nested_comments=False),
    Dialect(name="athena", sqlglot="athena", backticks=True, nested_comments=False),
    Dialect(name="dremio", sqlglot="dremio", slash_comments=True),
    Dialect(name="drill", sqlglot="drill", backticks=True),
    _HIVE,
    replace(_HIVE, name="impala"),
    replace(_HIVE, name="spark", sqlglot="spark", lateral_aliases=True),
    replace(_HIVE, name="databricks", sqlglot="databricks", use_is_schema=False, lateral_aliases=True),
    _MYSQL,
    replace(_MYSQL, name="doris", sqlglot="doris"),
    replace(_MYSQL, name="starrocks", sqlglot="starrocks"),
    replace(
        _MYSQL,
        name="bigquery",
        sqlglot="bigquery",
        triple_quotes=True,
        delimiter_command=False,
        use_is_schema=False,
        scripts=True,
        unpivots_values_first=True,
    ),
    Dialect(
        name="clickhouse",
        sqlglot="clickhouse",
        backticks=True,
        backslash_escapes=True,
        hash_comments=True,
        use_is_schema=True,
    ),
)

DIALECTS: dict[str, Dialect] = {item.name: item for item in _KNOWN}

ALIASES = {
    "mssql": "tsql",
    "sqlserver": "tsql",
    "t-sql": "tsql",
    "transact-sql": "tsql",
    "synapse": "tsql",
    "postgresql": "postgres",
    "pg": "postgres",
    "sparksql": "spark",
    "mariadb": "mysql",
    "generic": "ansi",
    "sql": "ansi",
}

_DETECT_CHARACTERS = 65_536
_LINE_COMMENT = re.compile(r"--[^\r\n]*")

_HINTS: dict[str, tuple[tuple[int, re.Pattern[str]], ...]] = {
    name: tuple((weight, re.compile(pattern, re.IGNORECASE | re.MULTILINE)) for weight, pattern in hints)
    for name, hints in (
        (
            "tsql",
            (
                (5, r"^\s*GO\s*;?\s*$"),
                (4, r"\bSET\s+(?:ANSI_NULLS|QUOTED_IDENTIFIER|NOCOUNT)\b|/\*{6} Object:"),
                (2, r"\b(?:ISNULL\s*\(|EXEC\s)|\[[A-Z_]\w*\]|(?<![\w@])@\w"),
                (3, r"\b(?:dbo\.|N'|NVARCHAR\b|CROSS APPLY\b|GETDATE\s*\()|\[\w+\]\.\[\w+\]"),
                (3, r"\b(?:DECLARE\s+@\w|SELECT\s+TOP\b)|(?<![\w.])#\w+\b(?!')|@@\w"),
            ),
        ),
        (
            "postgres",
            (
                (5, r"\b(?:LANGUAGE\s+'?(?:plpgsql|sql)|plpgsql)\b|\$\w*\$"),
                (4, r"\b(?:(?:BIG|SMALL)?SERIAL|ON CONFLICT|JSONB|TIMESTAMPTZ|ILIKE)\b|::\s*\w"),
                (3, r"\b(?:RETURNING|GENERATED\s+(?:ALWAYS|BY DEFAULT)\s+AS\s+IDENTITY|COMMENT ON|LATERAL)\b"),
                (2, r"\b(?:(?:MATERIALIZED VIEW|DISTINCT ON|NULLS (?:FIRST|LAST))\b|nextval\s*\()|^\\\w"),
            ),
        ),
        (
            "mysql",
            (
                (5, r"\b(?:ENGINE\s*=|AUTO_INCREMENT\b)|^\s*DELIMITER\s+[^\s'\"]"),
                (2, r"`\w+`"),
            ),
        ),
        ("bigquery", ((5, r"`[\w-]+\.[\w-]+(?:\.[\w-]+)?`|\b(?:SAFE_CAST\s*\(|INT64\b|STRUCT<)"),)),
        ("databricks", ((5, r"\b(?:USING\s+(?:DELTA|PARQUET)|LATERAL VIEW|INSERT\s+OVERWRITE)\b"),)),
        ("snowflake", ((5, r"\b(?:VARIANT|COPY\s+INTO|LATERAL FLATTEN|CREATE\s+STAGE)\b"),)),
        ("oracle", ((5, r"\b(?:VARCHAR2\b|NVL\s*\(|FROM\s+DUAL\b|SYSDATE\b)"),)),
    )
}
"""What tells a dialect, with its weight: within one, the hints that are found soon come first."""

_MOST = {name: sum(weight for weight, _ in hints) for name, hints in _HINTS.items()}
"""The score of a text that has all of a dialect's hints."""

_MOST_LATER = {name: max([*_MOST.values()][place:], default=0) for place, name in enumerate(_MOST, start=1)}
"""The highest score that a dialect named later can have."""


def dialect(name: str) -> Dialect:
    """The dialect of that name or alias, in any case.

    Raises:
        UnknownDialectError: listing the known names.
    """
    key = name.strip().lower()
    key = ALIASES.get(key, key)
    if key not in DIALECTS:
        known = ", ".join(sorted(DIALECTS))
        raise UnknownDialectError(f"Unknown SQL dialect {name!r}.", hint=f"Known dialects: {known}.")
    return DIALECTS[key]


def detect(text: str) -> Dialect:
    """The dialect that the first 64 K characters look most like, their `--` comments left out; `ansi` where nothing
    tells. Of two that look alike the one that `_HINTS` names first.
    """
    head = _LINE_COMMENT.sub("", text[:_DETECT_CHARACTERS])
    found, best = _ANSI, 0
    for name in _HINTS:
        if (score := _score(name, head, best)) > best:
            found, best = DIALECTS[name], score
    return found


def _score(name: str, head: str, best: int) -> int:
    """How much a text looks like a dialect; hints that cannot change which one is found are not looked for.

    Args:
        name: the dialect's.
        head: the text.
        best: the highest score of the dialects before.
    """
    score, possible, enough = 0, _MOST[name], max(best + 1, _MOST_LATER[name])
    for weight, pattern in _HINTS[name]:
        if possible <= best or score >= enough:
            break
        if pattern.search(head):
            score += weight
        else:
            possible -= weight
    return score
