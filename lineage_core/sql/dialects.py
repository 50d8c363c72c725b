"""SQL dialects as data: what the lexer, the splitter and the naming have to know of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lineage_core.errors import UnknownDialectError


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One dialect's traits.

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

_HINTS: tuple[tuple[str, int, re.Pattern[str]], ...] = tuple(
    (name, weight, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for name, weight, pattern in (
        ("tsql", 5, r"^\s*GO\s*;?\s*$"),
        ("tsql", 4, r"\bSET\s+(?:ANSI_NULLS|QUOTED_IDENTIFIER|NOCOUNT)\b|/\*{6} Object:"),
        ("tsql", 3, r"\[\w+\]\.\[\w+\]|\bdbo\.|\bN'|\bNVARCHAR\b|\bCROSS APPLY\b|\bGETDATE\s*\("),
        ("tsql", 3, r"\bDECLARE\s+@\w+|(?<![\w.])#\w+\b(?!')|@@\w+|\bSELECT\s+TOP\b"),
        ("tsql", 2, r"\[[A-Za-z_]\w*\]|\bISNULL\s*\(|\bEXEC\s|(?<![\w@])@\w+"),
        ("postgres", 5, r"\bLANGUAGE\s+'?(?:plpgsql|sql)\b|\$\w*\$|\bplpgsql\b"),
        ("postgres", 4, r"::\s*\w+|\b(?:BIG|SMALL)?SERIAL\b|\bON CONFLICT\b|\bJSONB\b|\bTIMESTAMPTZ\b|\bILIKE\b"),
        (
            "postgres",
            3,
            r"\bRETURNING\b|\bGENERATED\s+(?:ALWAYS|BY DEFAULT)\s+AS\s+IDENTITY\b|\bCOMMENT ON\b|\bLATERAL\b",
        ),
        ("postgres", 2, r"\bMATERIALIZED VIEW\b|\bnextval\s*\(|^\\\w|\bDISTINCT ON\b|\bNULLS (?:FIRST|LAST)\b"),
        ("mysql", 5, r"\bENGINE\s*=|\bAUTO_INCREMENT\b|^\s*DELIMITER\s+[^\s'\"]"),
        ("bigquery", 5, r"`[\w-]+\.[\w-]+(?:\.[\w-]+)?`|\bSAFE_CAST\s*\(|\bINT64\b|\bSTRUCT<"),
        ("mysql", 2, r"`\w+`"),
        ("databricks", 5, r"\bUSING\s+(?:DELTA|PARQUET)\b|\bLATERAL VIEW\b|\bINSERT\s+OVERWRITE\b"),
        ("snowflake", 5, r"\bVARIANT\b|\bCOPY\s+INTO\b|\bLATERAL FLATTEN\b|\bCREATE\s+STAGE\b"),
        ("oracle", 5, r"\bVARCHAR2\b|\bNVL\s*\(|\bFROM\s+DUAL\b|\bSYSDATE\b"),
    )
)


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
    tells.
    """
    head = _LINE_COMMENT.sub("", text[:_DETECT_CHARACTERS])
    scores: dict[str, int] = {}
    for name, weight, pattern in _HINTS:
        if pattern.search(head):
            scores[name] = scores.get(name, 0) + weight
    return DIALECTS[max(scores, key=lambda name: scores[name])] if scores else _ANSI
