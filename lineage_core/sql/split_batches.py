"""T-SQL: statements that need no semicolon, told apart by the words that can only start one.

Inside a batch the splitter asks at each word: can a statement start with it, and can the statement before it end here?
The answers are tables below; the few words with two lives (SET, WITH, UPDATE, IF, ...) have a rule each in `_begins`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.classify import ROUTINE_KINDS, classify
from lineage_core.sql.headers import read_name
from lineage_core.sql.lexer import GO, NUMBER, QUOTED, STRING, SYMBOL, VARIABLE, WORD
from lineage_core.sql.qualified_calls import qualified_calls

if TYPE_CHECKING:
    from lineage_core.sql.cursor import Cursor

_STARTS = frozenset(
    (
        "SELECT INSERT UPDATE DELETE MERGE WITH EXEC EXECUTE DECLARE SET IF WHILE BEGIN RETURN PRINT RAISERROR THROW "
        "TRUNCATE CREATE ALTER DROP GRANT REVOKE DENY USE OPEN FETCH CLOSE DEALLOCATE COMMIT ROLLBACK SAVE GOTO BREAK "
        "CONTINUE WAITFOR BULK DBCC BACKUP RESTORE KILL RECONFIGURE ENABLE DISABLE COPY END ELSE SEND RECEIVE"
    ).split()
)

_CONTINUES_AFTER = frozenset(
    (
        "SELECT FROM WHERE AND OR NOT ON BY AS IN LIKE BETWEEN UNION ANY SOME EXCEPT INTERSECT INTO THEN WHEN "
        "JOIN APPLY FOR OF AFTER BEFORE INSTEAD GRANT REVOKE DENY SET TOP DISTINCT HAVING USING IS EXISTS TO "
        "OVER ESCAPE CASE PIVOT UNPIVOT IF WHILE PERCENT AFTER ADD COLUMN COLLATE BULK"
    ).split()
)
"""Behind one of these the statement goes on, whatever word follows."""

_WEAK = frozenset(
    {"THROW", "ENABLE", "DISABLE", "COPY", "USE", "SAVE", "KILL", "BULK", "CONTINUE", "BREAK", "SEND", "RECEIVE"}
)
"""Start words that are allowed as names as well: they count at the start of a line only."""

_TABLE_CHANGES = frozenset({"COLUMN", "CONSTRAINT", "PERIOD", "INDEX", "TRIGGER"})

_OBJECT_WORDS = frozenset(
    {"TABLE", "VIEW", "PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "SYNONYM", "TYPE", "SCHEMA", "USER"}
)

_SET_OPERATIONS = frozenset({"UNION", "EXCEPT", "INTERSECT"})

_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})

_TRANSACTION = frozenset({"TRAN", "TRANSACTION", "TRY", "CATCH", "DISTRIBUTED"})


class BatchSplitter:
    """Cuts a T-SQL script into statements; a routine's or trigger's body runs to the end of its batch."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def run(self) -> None:
        """Cut everything."""
        cursor = self._cursor
        while cursor.more():
            token = cursor.tokens[cursor.at]
            if token.kind is GO:
                cursor.owner = None
                cursor.cut("go", until=cursor.at + 1)
                cursor.batch += 1
            elif token.text == ";" or not cursor.starts_statement():
                cursor.cut("control", until=cursor.at + 1)
            else:
                self._statement()

    def _statement(self) -> None:
        cursor = self._cursor
        word = cursor.upper()
        kind = classify(cursor.tokens, cursor.at, cursor.end)
        if kind == "unknown" and self._is_call():
            kind = "exec"
        if kind in ROUTINE_KINDS:
            cursor.owner = cursor.cut(kind, until=self._header_end())
        elif word in {"BEGIN", "END", "ELSE"}:
            cursor.cut("control", until=cursor.at + self._block_words())
        elif word in {"IF", "WHILE"}:
            self._condition()
        elif word == "DECLARE":
            self._declare()
        elif word == "RETURN":
            self._return()
        elif cursor.text(1) == ":" and cursor.text(2) != ":":
            cursor.cut("control", until=cursor.at + 2)  # a label
        elif word == "SET":
            self._with_query("control", self._end("set"))
        else:
            end = self._end(kind)
            executes = kind == "insert" and self._first(end, {"EXEC", "EXECUTE"}) is not None
            cursor.cut("exec" if executes else kind, until=end)

    def _block_words(self) -> int:
        """How many words BEGIN, END or ELSE is: `BEGIN TRY`, `BEGIN TRANSACTION name`."""
        cursor = self._cursor
        if cursor.peek_upper(1) == "ATOMIC":
            return cursor.closing(cursor.at + 3) + 1 - cursor.at  # BEGIN ATOMIC WITH (...)
        words = next(ahead for ahead in range(1, 4) if cursor.peek_upper(ahead) not in _TRANSACTION)
        at = cursor.at + words
        named = words > 1 and cursor.peek_upper(words - 1) in {"TRAN", "TRANSACTION"} and at < cursor.end
        named = named and not cursor.tokens[at].opens_line and cursor.tokens[at].kind in {WORD, VARIABLE, QUOTED}
        words += named and cursor.peek_upper(words) not in _STARTS
        if (cursor.peek_upper(words), cursor.peek_upper(words + 1)) == ("WITH", "MARK"):
            words += 2 + (cursor.at + words + 2 < cursor.end and cursor.tokens[cursor.at + words + 2].kind is STRING)
        return words

    def _is_call(self) -> bool:
        """Whether a batch opens with the name of a procedure: the one place where it needs no EXEC."""
        cursor = self._cursor
        named = read_name(cursor.tokens, cursor.at)
        opens_batch = not cursor.cuts or cursor.cuts[-1].kind == "go"
        if named is None or not opens_batch:
            return False
        return named.after >= cursor.end or cursor.tokens[named.after].kind in {STRING, VARIABLE, NUMBER, GO}

    def _is_label(self, index: int) -> bool:
        """`Done:` on a line of its own."""
        tokens = self._cursor.tokens
        if not tokens[index].opens_line or index + 1 >= len(tokens) or tokens[index + 1].text != ":":
            return False
        return index + 2 >= len(tokens) or tokens[index + 2].opens_line or tokens[index + 2].kind is GO

    def _header_end(self) -> int:
        """Behind the AS (or before the BEGIN or RETURN) that opens the body."""
        cursor, depth = self._cursor, 0
        for index in range(cursor.at + 1, cursor.end):
            token, before = cursor.tokens[index], cursor.tokens[index - 1]
            if token.kind is GO:
                return index
            depth += (token.text == "(") - (token.text == ")")
            if depth > 0:
                continue
            if token.upper == "AS" and before.kind is not VARIABLE and before.upper not in {"EXEC", "EXECUTE"}:
                return index + 1
            if token.upper in {"BEGIN", "RETURN"}:
                return index
        return cursor.end

    def _condition(self) -> None:
        """IF or WHILE up to the statement it guards."""
        end = self._end("condition")
        self._with_query("control", end)

    def _with_query(self, kind: str, end: int) -> None:
        """Control flow that may hold a subquery, whose tables are read, or call a function."""
        cursor = self._cursor
        holds = any(cursor.tokens[index].upper == "SELECT" for index in range(cursor.at, end))
        holds = holds or any(True for _ in qualified_calls(cursor.tokens, cursor.at, end))
        cursor.cut("condition" if holds else kind, until=end)

    def _declare(self) -> None:
        """A table variable, a cursor with its query, or variables."""
        cursor = self._cursor
        end = self._end("declare")
        words = [cursor.tokens[index].upper for index in range(cursor.at, min(end, cursor.at + 4))]
        if "TABLE" in words:
            cursor.cut("declare_table", until=end)
            return
        head = {cursor.tokens[index].upper for index in range(cursor.at, min(end, cursor.at + 10))}
        if "CURSOR" in head:
            query = self._first(end, {"SELECT", "WITH"})
            if query is not None:
                cursor.cut("control", until=query)
                cursor.cut("cursor", until=end)
                return
        self._with_query("control", end)

    def _return(self) -> None:
        """RETURN expression, or an inline function's RETURN (SELECT ...)."""
        cursor = self._cursor
        if cursor.peek_upper(1) == "SELECT" or (
            cursor.text(1) == "(" and classify(cursor.tokens, cursor.at + 1, cursor.end) == "select"
        ):
            cursor.cut("control", until=cursor.at + 1)
            cursor.cut("select", until=self._end("select"))
        elif cursor.peek_upper(1) == "WITH":
            cursor.cut("control", until=cursor.at + 1)
        else:
            self._with_query("control", self._end("return"))

    def _first(self, end: int, words: set[str]) -> int | None:
        cursor = self._cursor
        return next((index for index in range(cursor.at, end) if cursor.tokens[index].upper in words), None)

    def _end(self, kind: str) -> int:
        """Index behind the statement that starts at the cursor."""
        cursor = self._cursor
        tokens = cursor.tokens
        state = _State(kind, cursor)
        depth = cases = 0
        for index in range(cursor.at, cursor.end):
            token = tokens[index]
            if token.kind is SYMBOL:
                if token.text == ";":
                    return index + 1
                depth = max(0, depth + (token.text == "(") - (token.text == ")"))
            elif token.kind is GO:
                return index
            elif token.kind is WORD and not depth:
                if token.upper == "CASE":
                    cases += 1
                elif token.upper == "END" and cases:
                    cases -= 1
                elif (
                    index > cursor.at
                    and not cases
                    and ((token.upper in _STARTS and state.ends_before(index)) or self._is_label(index))
                ):
                    return index
                state.saw(index)
        return cursor.end


class _State:
    """What has been seen of the statement at hand, as far as it decides whether another word belongs to it."""

    def __init__(self, kind: str, cursor: Cursor) -> None:
        self._kind = kind
        self._tokens = cursor.tokens
        self._end = cursor.end
        self._in_ctes = False
        self._has_source = False
        self._has_set = False

    def saw(self, index: int) -> None:
        """Take note of a word of the statement outside parentheses."""
        word = self._tokens[index].upper
        if word == "WITH" and self._opens_cte(index):
            self._in_ctes = True
        elif word in _VERBS:
            self._in_ctes = False
        if word in {"SELECT", "VALUES", "EXEC", "EXECUTE", "DEFAULT"}:
            self._has_source = True
        elif word == "SET":
            self._has_set = True

    def ends_before(self, index: int) -> bool:
        """Whether the start word at `index` starts the next statement."""
        token, before = self._tokens[index], self._tokens[index - 1]
        switched_on = self._kind == "set" and before.upper == "ON"  # SET NOCOUNT ON ends right there
        if (self._in_ctes and token.upper in _VERBS) or (before.upper in _CONTINUES_AFTER and not switched_on):
            return False
        if before.upper == "ALL" and self._tokens[index - 2].upper in _SET_OPERATIONS:
            return False
        if before.kind is SYMBOL and before.text not in {")", "*"}:
            return False
        if before.text == "*" and token.upper not in {"SELECT", "END", "ELSE"}:
            return False
        if token.upper in _WEAK and not token.opens_line:
            return False
        return self._begins(token.upper, index, before.upper)

    def _begins(self, word: str, index: int, before: str) -> bool:
        following = self._tokens[index + 1].upper if index + 1 < self._end else ""
        if word in {"SELECT", "EXEC", "EXECUTE"}:
            return not (self._kind == "insert" and not self._has_source)
        if word == "SET":
            needs_set = self._kind == "update" and not self._has_set
            return not needs_set and before not in {"UPDATE", "DELETE"} and self._kind != "alter_table"
        if word == "WITH":
            return self._opens_cte(index) and not (self._kind == "insert" and not self._has_source)
        if word == "IF":
            return not (self._kind.startswith(("create", "drop", "alter")) and following in {"EXISTS", "NOT"})
        if word in {"DROP", "ALTER"}:
            return following in _OBJECT_WORDS or following == "INDEX" or self._kind != "alter_table"
        if word == "END" and before == "ROW":  # a column GENERATED ALWAYS AS ROW END
            return False
        if word == "FETCH":
            return before not in {"ROWS", "ROW", "OFFSET"}
        if word in {"UPDATE", "DELETE", "INSERT"} and self._kind == "merge":
            return before != "THEN"
        return True

    def _opens_cte(self, index: int) -> bool:
        """WITH opens a statement if a name, perhaps with columns, and AS ( follow; a hint or option otherwise."""
        tokens, at = self._tokens, index + 1
        if at >= self._end or tokens[at].kind not in {WORD, QUOTED}:
            return False
        if tokens[at].upper == "XMLNAMESPACES":
            return True
        at += 1
        if at < self._end and tokens[at].text == "(":
            while at < self._end and tokens[at].text != ")":
                at += 1
            at += 1
        return at + 1 < self._end and tokens[at].upper == "AS" and tokens[at + 1].text == "("
