"""LOAD DATA and BULK INSERT: files into a table."""

from __future__ import annotations

from lineage_core.sql.ddl.items import Ddl, Reader
from lineage_core.sql.lexer import STRING
from lineage_core.sql.literals import unquoted

_BEFORE_FILES = frozenset({"INPATH", "INFILE", "URIS", "FROM"})
_BEFORE_TABLE = frozenset({"INTO", "OVERWRITE", "INSERT"})


def load_data(reader: Reader) -> Ddl | None:
    """`LOAD DATA INPATH|INFILE 'file' INTO TABLE t`, T-SQL's `BULK INSERT t FROM 'file'`, and BigQuery's
    `LOAD DATA INTO t FROM FILES (uris = [...])`.

    None where neither a file nor a table is named.
    """
    files: list[str] = []
    table, listed = "", False
    while reader.more():
        if reader.upper() in _BEFORE_FILES:
            listed = True
        elif listed and reader.tokens[reader.at].kind is STRING:
            files.append(f"path:{unquoted(reader.tokens[reader.at].text, reader.dialect)}")
        elif reader.upper() not in {"=", "[", ","}:
            listed = False
        if not table and reader.upper() in _BEFORE_TABLE:
            reader.skip(_BEFORE_TABLE | {"TABLE", "TEMP"})
            table = reader.normal(reader.name())
            continue
        reader.at += 1
    return Ddl(reads=tuple(files), writes=(table,), moves_rows=True) if files or table else None
