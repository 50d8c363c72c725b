"""LOAD DATA, BULK INSERT and external tables: files that a table's rows come from."""

from __future__ import annotations

import re

from lineage_core.sql.ddl.items import Ddl, Reader
from lineage_core.sql.lexer import STRING
from lineage_core.sql.literals import unquoted

_BEFORE_FILES = frozenset({"INPATH", "INFILE", "URIS", "FROM"})
_BEFORE_LOCATION = frozenset({"LOCATION", "URIS"})
_STAGE = re.compile(r"@[^\s;)]+")
_BEFORE_TABLE = frozenset({"INTO", "OVERWRITE", "INSERT"})
_IMPORTED = frozenset({"IMPORT", "EXTERNAL"})


def load_data(reader: Reader) -> Ddl | None:
    """`LOAD DATA INPATH|INFILE 'file' INTO TABLE t`, T-SQL's `BULK INSERT t FROM 'file'`, and BigQuery's
    `LOAD DATA INTO t FROM FILES (uris = [...])`.

    None where neither a file nor a table is named. Hive's `IMPORT TABLE t FROM 'path'` is one of them.
    """
    before_table = _IMPORTED if reader.upper() == "IMPORT" else _BEFORE_TABLE
    files: list[str] = []
    table, listed = "", False
    while reader.more():
        if reader.upper() in _BEFORE_FILES:
            listed = True
        elif listed and reader.tokens[reader.at].kind is STRING:
            files.append(f"path:{unquoted(reader.tokens[reader.at].text, reader.dialect)}")
        elif reader.upper() not in {"=", "[", ","}:
            listed = False
        if not table and reader.upper() in before_table:
            reader.skip(before_table | {"TABLE", "TEMP"})
            table = reader.normal(reader.name())
            continue
        reader.at += 1
    return Ddl(reads=tuple(files), writes=(table,), moves_rows=True) if files or table else None


def locations(reader: Reader, at: int) -> list[str]:
    """The files behind an external table: `LOCATION [=] 'path'`, `LOCATION = @stage/path`, `uris = ['path', ...]`.

    Args:
        reader: the statement's; its position stays.
        at: index behind the table's columns.
    """
    found: list[str] = []
    listed = False
    for index in range(at, len(reader.tokens)):
        token = reader.tokens[index]
        if token.upper in _BEFORE_LOCATION:
            listed = True
        elif listed and token.kind is STRING:
            found.append(f"path:{unquoted(token.text, reader.dialect)}")
        elif listed and token.text.startswith("@") and (stage := _STAGE.match(reader.text, token.start)):
            found.append(f"path:{stage[0]}")
            listed = False
        elif token.text not in {"=", "[", ","}:
            listed = False
    return found
