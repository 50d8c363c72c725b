"""T-SQL spellings that sqlglot does not read everywhere, as what they stand for; what says nothing is left out."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from lineage_core.sql.headers import read_name
from lineage_core.sql.hints import TABLE_HINTS
from lineage_core.sql.lexer import STRING, Token, tokenize

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineage_core.sql.dialects import Dialect

_COMPOUND = frozenset({"+=", "-=", "*=", "/=", "%=", "&=", "^=", "|="})
_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
_GRAPH_COLUMNS = frozenset({"NODE_ID", "EDGE_ID", "FROM_ID", "TO_ID"})
_MAY_APPLY = re.compile(
    r"\b(?:with\s*\(|top\b|option\b|xmlnamespaces\b|using\s*n?'|delete\b.*\bfrom\b|for\s+(?:update|read|path)\b"
    r"|openrowset\b|(?:change|contains|freetext)table\b|match\s*\(|graph\s+path\b)|[-+*/%&^|]=|\s::|\Acopy\b"
    r"|\$(?:node|edge|from|to)_id\b|#(?:values|glob)\b|\{\s*oj\b|\)\s*\.\s*(?:value|query)\b",
    re.IGNORECASE | re.DOTALL,
)


class _Tokens(list[Token]):
    """A statement's tokens; `pairs` is the index of each parenthesis' other one, found once, however many ask."""

    @cached_property
    def pairs(self) -> dict[int, int]:
        found: dict[int, int] = {}
        opened: list[int] = []
        for index, token in enumerate(self):
            if token.text == "(":
                opened.append(index)
            elif token.text == ")" and opened:
                found[index] = opened.pop()
                found[found[index]] = index
        return found


class _Edit(NamedTuple):
    """Tokens `first` up to (not including) `last`, to be replaced by `text`."""

    first: int
    last: int
    text: str = ""


def rewrite_tsql(text: str, dialect: Dialect) -> str:
    """The statement's text with the edits of the table below."""
    if _MAY_APPLY.search(text) is None:
        return text
    tokens = _Tokens(tokenize(text, dialect))
    pieces: list[str] = []
    position, index = 0, 0
    while index < len(tokens):
        rule = _RULES.get(tokens[index].upper)
        edit = rule(text, tokens, index) if rule is not None else None
        if edit is None:
            index += 1
            continue
        pieces += [text[position : tokens[edit.first].start], edit.text]
        position = tokens[edit.last].start if edit.last < len(tokens) else len(text)
        index = max(edit.last, index + 1)
    return "".join([*pieces, text[position:]])


def _assignment(text: str, tokens: _Tokens, at: int) -> _Edit:
    """`SET a += b` is `SET a = a + b`."""
    start = at - 1
    while start >= 2 and tokens[start - 1].text == ".":
        start -= 2
    target = text[tokens[max(start, 0)].start : tokens[at].start].strip()
    return _Edit(at, at + 1, f"= {target} {tokens[at].text[0]} ")


def _copied(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`COPY INTO t (a DEFAULT 'x' 1, b 2) FROM ...`: the columns with their places in the file."""
    del text
    named = read_name(tokens, at + 2) if at == 0 and _text(tokens, 1).upper() == "INTO" else None
    if named is None or _text(tokens, named.after) != "(":
        return None
    return _Edit(named.after, _behind(tokens, named.after), " ")


def _top(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`DELETE TOP (5) PERCENT FROM t` is `DELETE FROM t`."""
    del text
    if at == 0 or tokens[at - 1].upper not in _CHANGES:
        return None
    end = _behind(tokens, at + 1)
    return _Edit(at, end + (end < len(tokens) and tokens[end].upper == "PERCENT"))


def _first_from(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`DELETE FROM t FROM t JOIN u` is `DELETE t FROM t JOIN u`."""
    del text
    named = read_name(tokens, at + 1)
    doubled = named is not None and named.after < len(tokens) and tokens[named.after].upper == "FROM"
    return _Edit(at, at + 1) if doubled else None


def _option(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`OPTION (RECOMPILE)`."""
    del text
    return _Edit(at, _behind(tokens, at + 1)) if _text(tokens, at + 1) == "(" else None


def _namespaces(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`WITH XMLNAMESPACES ('u' AS n), c AS (...)` is `WITH c AS (...)`."""
    del text
    if at == 0 or tokens[at - 1].upper != "WITH":
        return None
    end = _behind(tokens, at + 1)
    return _Edit(at, end + 1) if _text(tokens, end) == "," else _Edit(at - 1, end)


def _culture(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`PARSE(a AS date USING 'en-US')`."""
    del text
    return _Edit(at, at + 2) if at + 1 < len(tokens) and tokens[at + 1].kind is STRING else None


def _updatable(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """A cursor's `FOR UPDATE OF a` and `FOR READ ONLY`; a graph's `FOR PATH`."""
    del text
    if _text(tokens, at + 1).upper() == "PATH":
        return _Edit(at, at + 2)
    ends = _text(tokens, at + 1).upper() == "UPDATE" or _text(tokens, at + 2).upper() == "ONLY"
    return _Edit(at, len(tokens)) if ends else None


def _hints(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`INSERT INTO t WITH (TABLOCK) (a)`, and the columns of `OPENXML(...) WITH (a int)`."""
    del text
    if _text(tokens, at + 1) == "(" and _text(tokens, _opening(tokens, at - 1) - 1).upper() == "OPENXML":
        return _Edit(at, _behind(tokens, at + 1), " ")
    hinted = _text(tokens, at + 1) == "(" and _text(tokens, at + 2).upper() in TABLE_HINTS
    return _Edit(at, _behind(tokens, at + 1), " ") if hinted else None


def _file(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`OPENROWSET(BULK 'file', ...) WITH (a int)` is a table read from the file, as by Databricks' read_files."""
    del text
    opened = at + 3 + (_text(tokens, at + 3) == "(")
    if _text(tokens, at + 2).upper() != "BULK" or opened >= len(tokens) or tokens[opened].kind is not STRING:
        return None
    end = _behind(tokens, at + 1)
    if _text(tokens, end).upper() == "WITH" and _text(tokens, end + 1) == "(":
        end = _behind(tokens, end + 1)
    name = tokens[opened].text.lstrip("nN")
    return _Edit(at, end, f"read_files({name}) ")


def _table_inside(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`CHANGETABLE(CHANGES t, 5)`, `CONTAINSTABLE(t, a, 'x')`: rows of t."""
    del text
    named = read_name(tokens, at + 2 + (_text(tokens, at + 2).upper() in {"CHANGES", "VERSION"}))
    return _Edit(at, _behind(tokens, at + 1), f"{named.text} ") if _text(tokens, at + 1) == "(" and named else None


def _match(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`MATCH(a-(e)->b)`: edges join nodes by columns that nobody writes."""
    del text
    return _Edit(at, _behind(tokens, at + 1), "1 = 1 ") if _text(tokens, at + 1) == "(" else None


def _of_query(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`(SELECT ... FOR XML PATH(''), TYPE).value('.', 'varchar(9)')` is what the query gives."""
    del text
    opened = _opening(tokens, at - 2) if _text(tokens, at - 1) == "." and _text(tokens, at - 2) == ")" else -1
    return _Edit(at - 1, _behind(tokens, at + 1)) if _text(tokens, opened + 1).upper() == "SELECT" else None


def _graph_order(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`WITHIN GROUP (GRAPH PATH)`."""
    del text
    return _Edit(at, _behind(tokens, at + 2)) if _text(tokens, at + 3).upper() == "GRAPH" else None


def _quoted(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`$node_id` and `#values` in brackets, where they can be nothing but names."""
    del text
    if tokens[at].text != "$":
        return _Edit(at, at + 1, f"[{tokens[at].text}] ")
    column = _text(tokens, at + 1)
    return _Edit(at, at + 2, f"[${column}] ") if column.upper() in _GRAPH_COLUMNS else None


def _outer_join(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """ODBC's `{oj t LEFT JOIN u ON ...}`."""
    if _text(tokens, at + 1).upper() != "OJ":
        return None
    closing = next((index for index in range(at, len(tokens)) if tokens[index].text == "}"), len(tokens) - 1)
    return _Edit(at, closing + 1, f"{text[tokens[at + 1].end : tokens[closing].start]} ")


def _text(tokens: _Tokens, at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def _system_function(text: str, tokens: _Tokens, at: int) -> _Edit | None:
    """`FROM ::fn_helpcollations()`."""
    del text
    return _Edit(at, at + 1) if at and tokens[at - 1].upper in {"FROM", "JOIN", "APPLY"} else None


def _opening(tokens: _Tokens, at: int) -> int:
    """Index of the parenthesis that the one at `at` closes; -1 where there is none."""
    return tokens.pairs.get(at, -1) if at >= 0 and tokens[at].text == ")" else -1


def _behind(tokens: _Tokens, at: int) -> int:
    """Index behind the token at `at`, or behind the parenthesis it opens."""
    if at < len(tokens) and tokens[at].text == "(":
        return tokens.pairs.get(at, len(tokens)) + 1
    return at + 1


_RULES: dict[str, Callable[[str, _Tokens, int], _Edit | None]] = {
    **dict.fromkeys(_COMPOUND, _assignment),
    "TOP": _top,
    "COPY": _copied,
    "FROM": _first_from,
    "FOR": _updatable,
    "OPENROWSET": _file,
    **dict.fromkeys(("CHANGETABLE", "CONTAINSTABLE", "FREETEXTTABLE"), _table_inside),
    "MATCH": _match,
    "WITHIN": _graph_order,
    **dict.fromkeys(("VALUE", "QUERY"), _of_query),
    **dict.fromkeys(("$", "#VALUES", "##VALUES", "#GLOB", "##GLOB"), _quoted),
    "{": _outer_join,
    "::": _system_function,
    "OPTION": _option,
    "XMLNAMESPACES": _namespaces,
    "USING": _culture,
    "WITH": _hints,
}
"""By the word or symbol that an edit starts at."""
