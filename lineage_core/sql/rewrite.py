"""Small rewrites of spellings that sqlglot does not read, each with the same lineage as what it stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lineage_core.sql.lexer import Token, tokenize
from lineage_core.sql.own_functions import marked
from lineage_core.sql.rewrite_databricks import rewrite_pipes, rewrite_spark
from lineage_core.sql.rewrite_oracle import rewrite_oracle
from lineage_core.sql.rewrite_tsql import rewrite_tsql

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_AFTER_INTO = frozenset({"FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", ";"})
_OPTIONS = (
    (("OVERRIDING",), ("SYSTEM", "USER"), ("VALUE",)),
    (("ON",), ("COMMIT",), ("DROP",)),
    (("ON",), ("COMMIT",), ("DELETE", "PRESERVE"), ("ROWS",)),
    (("WITH",), ("NO",), ("DATA",)),
    (("WITH",), ("DATA",)),
    (("WITH",), ("CHECK",), ("OPTION",)),
    (("WITH",), ("LOCAL", "CASCADED"), ("CHECK",), ("OPTION",)),
    (("WITH",), ("READ",), ("ONLY",)),
    (("WITH",), ("SCHEMA",), ("EVOLUTION",)),
)
"""Each a run of words, with the alternatives of each."""

_RETURNED = re.compile(r"\bRETURNING\b([^()]*?)\b(?:BULK\s+COLLECT\s+)?INTO\s+[\w.,:\s]+;?\s*\Z", re.IGNORECASE)
"""`RETURNING a [BULK COLLECT] INTO r.b`, which fills a variable."""

_RETURNING = re.compile(r"\bRETURNING\b", re.IGNORECASE)

_CLIENT_VARIABLE = re.compile(r"(?<![:\w]):(?=['\"]\w)")
"""The colon of psql's `:'name'`."""

_COUNTED_COPY = re.compile(
    r"COPY\s+(?:\d+\s+)?(?:OFFSET\s+\d+\s+)?RECORDS\s+INTO\s+(.*?)(?:\s+(?:USING\s+)?DELIMITERS\s.*)?;?\Z",
    re.IGNORECASE | re.DOTALL,
)
"""MonetDB's `COPY 10 OFFSET 2 RECORDS INTO t FROM 'file' USING DELIMITERS ...`."""


def _spelling(pattern: str, plain: str) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, re.IGNORECASE), plain


_CAST = (
    r"(?:(?<=\))\s*|(?<![\s(,])(?<!\bIN)(?<!\bBY)(?<!INDEX)(?<!VALUES)\s+)"
    r"\((?:VARCHAR|CHAR|CHARACTER|BYTEINT|SMALLINT|INTEGER|INT|BIGINT|DECIMAL|DEC|NUMERIC|FLOAT|DATE|TIME|TIMESTAMP)"
    r"(?:\s*\([\d\s,]*\))?(?:\s*,\s*FORMAT\s+'[^']*')?\)"
)
"""Teradata's cast behind a value: `price (DECIMAL(9,2))`."""

_NAME_IN_STRING = _spelling(r"\bIDENTIFIER\s*\(\s*'([^'\s]+)'\s*\)", r"\1")
_SPELLINGS = {
    "snowflake": (_NAME_IN_STRING, _spelling(r"\bTABLE\s*\(\s*'([^'\s]+)'\s*\)", r"\1")),
    "spark": (_NAME_IN_STRING,),
    "databricks": (_NAME_IN_STRING,),
    "redshift": (_spelling(r"\bREMOVE\s+DUPLICATES\b(?=\s*;?\s*\Z)", "WHEN NOT MATCHED THEN INSERT *"),),
    "duckdb": (
        _spelling(r"\A(CREATE\b[^;]*?\bAS)\s+((?:UN)?PIVOT\b[^;]*)", r"\1 FROM (\2)"),
        _spelling(r"\bBY\s+POSITION\b(?=\s*\(|\s+(?:SELECT|FROM|WITH|VALUES)\b)", ""),
    ),
    "mysql": (_spelling(r"^(INSERT|REPLACE|UPDATE|DELETE)\s+(?:LOW_PRIORITY|HIGH_PRIORITY|DELAYED|QUICK)\b", r"\1"),),
    "teradata": (
        _spelling(r"(?<!\s)\s*\((?:\s*,?\s*(?:TITLE|FORMAT)\s+'[^']*')+\s*\)", ""),
        _spelling(_CAST, ""),
        _spelling(r"\s\(\s*NAMED\s+(\w+)\s*\)", r" AS \1"),
        _spelling(r"^REPLACE(?=\s+(?:RECURSIVE\s+)?VIEW\b)", "CREATE OR REPLACE"),
    ),
}
"""By dialect: a spelling and the plain SQL it stands for. Redshift's short MERGE puts the source's rows in the place of
those they match, or adds them. Teradata says in parentheses how it shows a column: `born (TITLE 'Date of birth')`.
"""

_CURRENT_ROW = re.compile(r"\bWHERE\s+CURRENT\s+OF\s+[\w@#$]+", re.IGNORECASE)
"""The row that a cursor is at."""


def rewrite(text: str, dialect: Dialect) -> str:
    """The statement's text as sqlglot can read it.

    Options that say nothing about lineage are left out: ON COMMIT DROP, WITH NO DATA, WITH CHECK OPTION, OVERRIDING
    SYSTEM VALUE, WHERE CURRENT OF a cursor. MySQL's REPLACE becomes INSERT, MonetDB's COPY n RECORDS INTO a COPY INTO.
    T-SQL and Oracle have rules of their own.
    """
    if dialect.batches:
        text = rewrite_tsql(text, dialect)
    if dialect.name == "oracle":
        text = rewrite_oracle(text, dialect)
    if dialect.sqlglot in {"spark", "databricks"}:
        text = rewrite_spark(text, dialect)
    text = _recursive_view(rewrite_pipes(text, dialect))
    for pattern, plain in _SPELLINGS.get(dialect.name, ()):
        text = pattern.sub(plain, text)
    text = _respelled(marked(text, dialect), dialect)
    lower = text.lower()
    for words in _OPTIONS:
        if words[0][0].lower() in lower and words[-1][0].lower() in lower:
            text = _drop(text, dialect, words)
    return text


def _respelled(text: str, dialect: Dialect) -> str:
    """What is spelled in one way or another in several dialects."""
    lower = text.lower()
    if lower.startswith("replace"):
        text = f"INSERT{text[len('replace') :]}"
    if "returning" in lower and not dialect.batches:
        last = max((match.start() for match in _RETURNING.finditer(text)), default=0)
        text = text[:last] + _RETURNED.sub(r"RETURNING \1", text[last:])
    if dialect.dollar_quotes:
        text = _CLIENT_VARIABLE.sub("", text)
    if "current" in lower:
        text = _CURRENT_ROW.sub("", text)
    if lower.startswith("copy"):
        text = _COUNTED_COPY.sub(r"COPY INTO \1", text)
    return text


_RECURSIVE_VIEW = re.compile(
    r"\A((?:CREATE|REPLACE)(?:\s+OR\s+REPLACE)?)\s+RECURSIVE\s+VIEW\s+((?:[\w\"]+\s*\.\s*)*([\w\"]+))\s*"
    r"(\([^()]*\))\s*AS\b(.*)\Z",
    re.IGNORECASE | re.DOTALL,
)


def _recursive_view(text: str) -> str:
    """A view that reads itself is one over a recursive CTE of its name."""
    found = _RECURSIVE_VIEW.match(text) if "recursive" in text[:40].lower() else None
    if found is None:
        return text
    head, name, own, columns, query = found.groups()
    query = query.rstrip("; \t\r\n")
    listed = columns.strip("()")
    return f"{head} VIEW {name} {columns} AS WITH RECURSIVE {own} {columns} AS ({query}) SELECT {listed} FROM {own}"  # noqa: S608 - it is parsed, never run


def drop_into(text: str, dialect: Dialect) -> str:
    """A SELECT without its INTO: in a procedural body it fills variables."""
    tokens = tokenize(text, dialect)
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth or token.upper != "INTO":
            continue
        after = index + 1
        while after < len(tokens) and tokens[after].upper not in _AFTER_INTO and _belongs(tokens, index, after):
            after += 1
        end = tokens[after].start if after < len(tokens) else len(text)
        bulk = index > 1 and tokens[index - 1].upper == "COLLECT" and tokens[index - 2].upper == "BULK"
        start = tokens[index - 2].start if bulk else token.start
        return f"{text[:start]} {text[end:]}"
    return text


def _belongs(tokens: list[Token], into: int, at: int) -> bool:
    """Whether a token is part of `INTO STRICT a, b.c` or `INTO :a`: names, with commas and dots between them."""
    before = tokens[at - 1]
    starts = at == into + 1 or before.upper == "STRICT"
    return starts or tokens[at].text in {",", ".", ":"} or before.text in {",", ".", ":"}


def _drop(text: str, dialect: Dialect, words: tuple[tuple[str, ...], ...]) -> str:
    tokens = tokenize(text, dialect)
    for index in range(len(tokens) - len(words) + 1):
        group = tokens[index : index + len(words)]
        if all(token.upper in options for token, options in zip(group, words, strict=True)):
            return f"{text[: group[0].start]} {text[group[-1].end :]}"
    return text
