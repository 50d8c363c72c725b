"""What kind of statement starts at a token, by its first words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.lexer import QUOTED, STRING, SYMBOL, WORD, Token

if TYPE_CHECKING:
    from collections.abc import Sequence

QUERY_KINDS = frozenset(
    {"select", "cursor", "insert", "update", "delete", "merge", "copy", "cache", "unload", "create_model"}
)
"""Statements with lineage of their own, for sqlglot. The rows of a `cursor` are its procedure's, not its caller's."""

WALKED_KINDS = frozenset({"exec", "condition", "declare_table"})
"""Statements whose tables and calls are read from tokens alone, without being degraded for it."""

VIEW_KINDS = frozenset({"create_view", "create_materialized_view"})
ROUTINE_KINDS = frozenset({"create_procedure", "create_function", "create_trigger"})
DDL_KINDS = frozenset(
    {
        "create_table",
        "create_index",
        "create_synonym",
        "create_sequence",
        "create_type",
        "create_stream",
        "alter_table",
        "drop",
        "truncate",
        "rename",
        "comment",
        "exec",
        "declare_table",
        "load",
        "bulk_insert",
    }
)

_FIRST_WORD = {
    "SELECT": "select",
    "VALUES": "select",
    "FROM": "select",
    "TABLE": "select",
    "PIVOT": "select",
    "UNPIVOT": "select",
    "INSERT": "insert",
    "REPLACE": "insert",
    "UPDATE": "update",
    "DELETE": "delete",
    "MERGE": "merge",
    "COPY": "copy",
    "CACHE": "cache",
    "UNLOAD": "unload",
    "LOAD": "load",
    "PREPARE": "holder",
    "DROP": "drop",
    "TRUNCATE": "truncate",
    "RENAME": "rename",
    "EXEC": "exec",
    "EXECUTE": "exec",
    "CALL": "exec",
    "USE": "use",
    "GO": "go",
    "BULK": "bulk_insert",
}

_FIRST_WORDS = {
    ("APPLY", "CHANGES"): "insert",
    ("AUTO", "CDC"): "insert",
    ("REPLACE", "VIEW"): "create_view",
    ("REPLACE", "RECURSIVE"): "create_view",
    ("EXPORT", "DATA"): "unload",
    ("EXPORT", "TABLE"): "unload",
    ("UPDATE", "STATISTICS"): "control",
    ("EXCHANGE", "TABLES"): "rename",
    ("COLLECT", "STATISTICS"): "control",
    ("COLLECT", "STATS"): "control",
    ("COLLECT", "STAT"): "control",
    ("REORG", "TABLE"): "control",
    ("FSCK", "REPAIR"): "control",
    ("SYSTEM", "RELOAD"): "control",
    ("SYSTEM", "FLUSH"): "control",
    ("IMPORT", "TABLE"): "load",
    ("IMPORT", "EXTERNAL"): "load",
}
"""Where it takes two words to tell."""

_CREATED = {
    "TABLE": "create_table",
    "VIEW": "create_view",
    "PROCEDURE": "create_procedure",
    "PROC": "create_procedure",
    "FUNCTION": "create_function",
    "MACRO": "create_function",
    "FLOW": "holder",
    "TRIGGER": "create_trigger",
    "INDEX": "create_index",
    "SYNONYM": "create_synonym",
    "SEQUENCE": "create_sequence",
    "TYPE": "create_type",
    "DOMAIN": "create_type",
    "MODEL": "create_model",
    "STREAM": "create_stream",
    "TASK": "holder",
    "PIPE": "holder",
    "ALERT": "holder",
    "EVENT": "holder",
}

_ALTERED = {
    "TABLE": "alter_table",
    "VIEW": "create_view",
    "PROCEDURE": "create_procedure",
    "PROC": "create_procedure",
    "FUNCTION": "create_function",
    "TRIGGER": "create_trigger",
}

_MODIFIERS = frozenset(
    (
        "OR REPLACE ALTER GLOBAL LOCAL TEMP TEMPORARY UNLOGGED EXTERNAL TRANSIENT VOLATILE MULTISET SET UNIQUE "
        "CLUSTERED NONCLUSTERED COLUMNSTORE MATERIALIZED RECURSIVE FORCE NO NOFORCE EDITIONABLE NONEDITIONABLE SECURE "
        "HYBRID DYNAMIC ICEBERG FOREIGN FULLTEXT SPATIAL BITMAP PRIMARY XML CONSTRAINT AGGREGATE PUBLIC PRIVATE "
        "DEFINER ALGORITHM UNDEFINED SNAPSHOT REFRESH SQL SECURITY INVOKER CURRENT_USER LIVE STREAMING PRIVILEGED ALGO"
    ).split()
)

_WITHOUT_LINEAGE = frozenset(
    (
        "SET DECLARE IF WHILE BEGIN END ELSE ELSIF ELSEIF LOOP FOR FOREACH REPEAT UNTIL RETURN RETURNS PRINT "
        "RAISERROR RAISE THROW GRANT REVOKE DENY OPEN FETCH CLOSE DEALLOCATE COMMIT ROLLBACK SAVE SAVEPOINT RELEASE "
        "START BREAK CONTINUE WAITFOR GOTO DBCC BACKUP RESTORE KILL ENABLE DISABLE RECONFIGURE SHUTDOWN CHECKPOINT "
        "ADD SHOW DESC DESCRIBE EXPLAIN ANALYZE VACUUM REINDEX CLUSTER REFRESH UNCACHE CLEAR RESET LOCK UNLOCK "
        "DELIMITER LISTEN NOTIFY UNLISTEN DISCARD CREATE ALTER COMMENT EXIT LEAVE ITERATE NULL ASSERT GET "
        "EXCEPTION WHEN CASE DO SECURITY OPTIMIZE MSCK REPAIR LIST PUT REMOVE PURGE UNDROP REASSIGN IMPORT EXPORT "
        "SUMMARIZE ATTACH DETACH INSTALL PRAGMA FLUSH SIGNAL RESIGNAL HANDLER CHECKPOINT DEFINE PROMPT "
        "SPOOL WHENEVER CONNECT ACCEPT SETUSER REVERT READTEXT WRITETEXT UPDATETEXT MOVE PERFORM CONVERT VALIDATE "
        "ABORT EXTERNAL TRY STATISTICS SEND RECEIVE UNSET HELP"
    ).split()
)

_VIEW_CHANGES = frozenset(
    "RENAME OWNER SET UNSET RESET ALTER MODIFY ADD DROP COMPILE CLUSTER SUSPEND RESUME DEPENDS REFRESH".split()
)

_LOOK_AHEAD = 16
_MAX_CTE_TOKENS = 200_000


def classify(tokens: Sequence[Token], at: int, end: int) -> str:
    """The kind of the statement whose first token is `tokens[at]`; `other` where it starts like no known statement.

    Kinds without lineage are `control` (SET, GRANT, BEGIN, ...); `unknown` is for words that start no statement.
    """
    token = tokens[at]
    if token.kind is SYMBOL:
        return "select" if token.text == "(" and _opens_query(tokens, at, end) else "control"
    if token.upper == "WITH":
        verb = main_verb(tokens, at, end)
        return _FIRST_WORD.get(tokens[verb].upper, "unknown") if verb is not None else "unknown"
    if token.upper in {"CREATE", "ALTER"}:
        return _created(tokens, at, end)
    if token.upper == "COMMENT":
        return "comment"
    if at + 1 < end and (pair := (token.upper, tokens[at + 1].upper)) in _FIRST_WORDS:
        return _FIRST_WORDS[pair]
    if token.upper == "SET" and _sets_from_query(tokens, at, end):
        return "condition"
    if token.upper in _FIRST_WORD:
        return _FIRST_WORD[token.upper]
    if token.kind is WORD and token.upper not in _WITHOUT_LINEAGE:
        return "unknown"
    return "control"


def starts_known_statement(token: Token) -> bool:
    """Whether a word is the first of some statement, control flow included."""
    return token.upper in _WITHOUT_LINEAGE or token.upper in _FIRST_WORD or token.upper in {"CREATE", "ALTER", "WITH"}


def main_verb(tokens: Sequence[Token], at: int, end: int) -> int | None:
    """Where the statement behind `WITH a AS (...), b AS (...)` starts, or None."""
    depth = 0
    for index in range(at + 1, min(end, at + _MAX_CTE_TOKENS)):
        token = tokens[index]
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
        elif depth == 0 and token.upper in {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES"}:
            if tokens[index - 1].text == ")" or tokens[index - 1].kind in {WORD, QUOTED}:
                return index
        elif depth == 0 and token.text == ";":
            return None
    return None


def _created(tokens: Sequence[Token], at: int, end: int) -> str:
    table = _CREATED if tokens[at].upper == "CREATE" else _ALTERED
    words = []
    for index in range(at + 1, min(end, at + _LOOK_AHEAD)):
        token = tokens[index]
        if token.upper == "TABLE" and index + 1 < end and tokens[index + 1].upper == "FUNCTION":
            continue  # BigQuery's CREATE TABLE FUNCTION
        if token.upper in table:
            kind = table[token.upper]
            if table is _ALTERED and kind == "create_view" and _changes_view(tokens, index, end):
                return "alter_table"
            return "create_materialized_view" if kind == "create_view" and "MATERIALIZED" in words else kind
        if token.kind is WORD and token.upper not in _MODIFIERS and tokens[index - 1].text not in {"=", "@"}:
            return "control"
        if token.kind is STRING:
            return "control"
        words.append(token.upper)
    return "control"


def _sets_from_query(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Whether a variable is set to what a query finds: `SET v = (SELECT ...)`."""
    words = [token.upper for token in tokens[at + 2 : min(end, at + 5)]]
    return len(words) > 2 and words[:2] in (["=", "("], [":=", "("]) and words[2] in {"SELECT", "WITH"}


def _changes_view(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Whether ALTER VIEW changes something besides the query: a name, an owner, a setting."""
    index = at + 1
    while index < end and (tokens[index].upper in {"IF", "EXISTS"} or tokens[index].text == "."):
        index += 1
    while index + 2 < end and tokens[index + 1].text == ".":
        index += 2
    return index + 1 < end and tokens[index + 1].upper in _VIEW_CHANGES


def _opens_query(tokens: Sequence[Token], at: int, end: int) -> bool:
    index = at
    while index < end and tokens[index].text == "(":
        index += 1
    return index < end and tokens[index].upper in {"SELECT", "WITH", "VALUES", "FROM"}
