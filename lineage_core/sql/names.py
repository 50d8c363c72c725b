"""Names: taken apart, unquoted, folded and put together again.

The normal form joins parts with dots; a part that holds a dot or a double quote itself is kept in double quotes (a
quote doubled), so that `split_normalised` gives the same parts back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.sql.dialects import Dialect

_PART = re.compile(r'"(?:[^"]|"")*"|[^.]+')
_WRITTEN = re.compile(
    r"""\s*(?:\[(?P<bracket>(?:[^\]]|\]\])*)\]|"(?P<double>(?:[^"]|"")*)"|`(?P<back>(?:[^`]|``)*)`|(?P<bare>[^."`\[\s]+))?\s*(?P<dot>\.)?""",
    re.VERBOSE,
)


READS_FILES = frozenset({"spark", "databricks"})
FILE_FORMATS = frozenset({"parquet", "json", "csv", "orc", "avro", "delta", "text", "iceberg"})
"""In these dialects a format before the dot makes a name a file's."""


def fold(part: str, *, quoted: bool, dialect: Dialect) -> str:
    """One part, lower-case where the dialect does not tell `A` from `a`.

    A quoted name in a dialect that folds to upper case (Snowflake, Oracle) is the unquoted one if it is all upper case.
    """
    if not quoted or dialect.folds_quoted:
        return part.lower()
    upper_folding = dialect.name in {"snowflake", "oracle", "exasol", "db2"}
    return part.lower() if upper_folding and part == part.upper() else part


def join_parts(parts: Sequence[str]) -> str:
    """Folded parts to the normal form; empty parts are left out."""
    return ".".join(f'"{_doubled(part)}"' if "." in part or '"' in part else part for part in parts if part)


def split_normalised(name: str) -> tuple[str, ...]:
    """The parts of a name in normal form."""
    if '"' not in name:
        return tuple(name.split("."))
    return tuple(part[1:-1].replace('""', '"') if part.startswith('"') else part for part in _PART.findall(name))


def split_name(text: str, dialect: Dialect) -> tuple[tuple[str, bool], ...]:
    """The parts of a name as written, each with whether it was quoted; `db..t` has an empty middle part.

    BigQuery's one pair of backticks around a whole path counts as if each part had its own.
    """
    if text.isidentifier():
        return ((text, False),)
    parts: list[tuple[str, bool]] = []
    position = 0
    while position < len(text):
        match = _WRITTEN.match(text, position)
        if match is None or match.end() == position:
            break
        position = match.end()
        parts += _part(match, dialect)
        if not match["dot"]:
            break
    return tuple(parts)


def normalise(text: str, dialect: Dialect) -> str:
    """A name as written to the normal form; `db..t` is db.dbo.t, `tempdb..#t` is #t."""
    parts = [fold(part, quoted=quoted, dialect=dialect) for part, quoted in split_name(text, dialect)]
    return join_parts(completed(parts, dialect))


def completed(parts: list[str], dialect: Dialect) -> list[str]:
    """The parts of a name with the schema that is left out between two dots; of a temp table the last part only, as it
    is in tempdb anyway.
    """
    if len(parts) > 1 and parts[-1].startswith("#"):
        return parts[-1:]
    return [*parts[:1], *(part or dialect.default_schema or "public" for part in parts[1:])]


def display(text: str, dialect: Dialect) -> str:
    """The last part of a name as written, without quotes but with its case."""
    parts = split_name(text, dialect)
    return parts[-1][0] if parts else text


def file_named(text: str, dialect: Dialect) -> str:
    """`path:...` of a file that Spark reads as a table, as in FROM parquet.`/some/path`; empty for a table's name."""
    parts = split_name(text, dialect)
    if dialect.sqlglot not in READS_FILES or len(parts) < 2 or parts[-2][0].lower() not in FILE_FORMATS:
        return ""
    return f"path:{parts[-1][0]}"


def _part(match: re.Match[str], dialect: Dialect) -> list[tuple[str, bool]]:
    if match["bracket"] is not None:
        return [(match["bracket"].replace("]]", "]"), True)]
    if match["double"] is not None:
        return [(match["double"].replace('""', '"'), True)]
    if match["back"] is not None:
        path = match["back"].replace("``", "`")
        return [(part, True) for part in path.split(".")] if dialect.name == "bigquery" else [(path, True)]
    return [(match["bare"] or "", False)]


def _doubled(part: str) -> str:
    return part.replace('"', '""')
