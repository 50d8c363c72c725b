"""SQL text to tokens: sqlparse's Lexer driven by rules of our own.

sqlparse's grouping parser is far too slow for whole trees of files and refuses long ones; its Lexer alone runs at
several megabytes a second. White space and comments are not kept as tokens: offsets into the text say where they are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sqlparse import tokens as kinds
from sqlparse.lexer import Lexer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineage_core.sql.dialects import Dialect

WORD, QUOTED, STRING, DOLLAR, VARIABLE, NUMBER, SYMBOL, GO = (
    "word",
    "quoted",
    "string",
    "dollar",
    "variable",
    "number",
    "symbol",
    "go",
)


class Token(NamedTuple):
    """A significant token.

    `upper` is the text in upper case for words and symbols, empty for all others; `opens_line` tells that it is the
    first on its line.
    """

    kind: str
    text: str
    start: int
    upper: str
    opens_line: bool = False

    @property
    def end(self) -> int:
        """Offset behind the token."""
        return self.start + len(self.text)


_SKIPPED = kinds.Whitespace
_KINDS = {
    kinds.Name: WORD,
    kinds.Name.Builtin: QUOTED,
    kinds.String: STRING,
    kinds.Literal: DOLLAR,
    kinds.Name.Placeholder: VARIABLE,
    kinds.Number: NUMBER,
}

_COMMENT_DEPTH = 4


def _block_comment(dialect: Dialect) -> str:
    """A block comment; an open one runs to the end. T-SQL and Postgres nest them: known to a depth of four."""
    if not dialect.nested_comments:
        return r"/\*(?s:.*?)(?:\*/|\Z)"
    pattern = r"/\*[^/*]*(?:(?:\*(?!/)|/(?!\*))[^/*]*)*\*/"
    for _ in range(_COMMENT_DEPTH):
        pattern = rf"/\*[^/*]*(?:(?:\*(?!/)|/(?!\*)|{pattern})[^/*]*)*\*/"
    return rf"{pattern}|/\*(?s:.*)"


def _rules(dialect: Dialect) -> list[tuple[str, object]]:
    """The rules, first match wins. None has a possessive group: Python before 3.11.5 matches those wrongly.

    They are unrolled instead, `"[^"]*(?:""[^"]*)*`, so that there is one way only to match and none to backtrack into.
    """
    escape = r"|\\(?s:.)?" if dialect.backslash_escapes else ""
    plain = r"[^'\\]" if dialect.backslash_escapes else "[^']"
    rules: list[tuple[str, object]] = [
        (r"\s+", _SKIPPED),
        # most tokens are words: tried early, unless a quote follows, as behind the N of N'...'
        (r"[^\W\d][\w$#@]*(?![\w$#@'\"]|&')", kinds.Name),
        # no other rule's matches start with these: they need not wait for the last one
        (r"[(),;]|\.(?!\d)", kinds.Punctuation),
        (r"--[^\r\n]*", _SKIPPED),
        (_block_comment(dialect), _SKIPPED),
        *_special_strings(dialect),
        (r"[Ee]'[^'\\]*(?:(?:''|\\(?s:.)?)[^'\\]*)*(?:'|\Z)", kinds.String),
        (rf"(?:[NnBbXxRr]|[Uu]&)?'{plain}*(?:(?:''{escape}){plain}*)*(?:'|\Z)", kinds.String),
    ]
    if dialect.hash_comments:
        rules.append((r"#[^\r\n]*", _SKIPPED))
    if dialect.slash_comments:
        rules.append((r"//[^\r\n]*", _SKIPPED))
    if dialect.dollar_quotes:
        rules.append((r"\$(?P<tag>[A-Za-z_]\w*|)\$(?s:.*?)(?:\$(?P=tag)\$|\Z)", kinds.Literal))
    if dialect.double_quoted_strings:
        rules.append((r'[BbRr]?"[^"\\]*(?:(?:""|\\(?s:.)?)[^"\\]*)*(?:"|\Z)', kinds.String))
    else:
        rules.append((r'"[^"]*(?:""[^"]*)*(?:"|\Z)', kinds.Name.Builtin))
    if dialect.brackets:
        rules.append((r"\[[^\]]*(?:\]\][^\]]*)*(?:\]|\Z)", kinds.Name.Builtin))
    if dialect.backticks:
        rules.append((r"`[^`]*(?:``[^`]*)*(?:`|\Z)", kinds.Name.Builtin))
    rules += [
        (r"@@?[\w@#$]+", kinds.Name.Placeholder),
        (r"[^\W\d][\w$#@]*|##?[\w@#$]+", kinds.Name),
        (r"0[xX][0-9a-fA-F]*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", kinds.Number),
        (r"::|:=|<=|>=|<>|!=|\|\||=>|->>?|[-+*/%&|^]=", kinds.Operator),
        (r"(?s:.)", kinds.Punctuation),
    ]
    return rules


def _special_strings(dialect: Dialect) -> Iterator[tuple[str, object]]:
    """Strings whose quotes would be taken for usual ones."""
    if dialect.triple_quotes:
        for quote in ("'''", '"""'):
            yield rf"[RrBb]{{0,2}}{quote}(?:[^\\]|\\(?s:.))*?(?:{quote}|\Z)", kinds.String
    if dialect.q_quotes:
        for opening, closing in ("[]", "()", "{}", "<>"):
            yield rf"[Nn]?[Qq]'\{opening}(?s:.*?)(?:\{closing}'|\Z)", kinds.String
        yield r"[Nn]?[Qq]'(?P<quote>[^\s\[({<])(?s:.*?)(?:(?P=quote)'|\Z)", kinds.String


class _Lexer(Lexer):
    """sqlparse's Lexer with all rules in one pattern, and without its fixed treatment of comments and dollar quotes.

    Since 0.6 that comes before the rules, ends a nested comment too early and opens dollar quotes in every dialect.
    """

    def set_SQL_REGEX(self, SQL_REGEX: Sequence[tuple[str, object]]) -> None:  # noqa: N802, N803 - sqlparse's names
        """Take the rules, which the regular expression engine tries in order; blanks go with what they follow."""
        self.kinds: list[object] = [None]
        for rule, kind in SQL_REGEX:
            self.kinds += [kind, *[None] * re.compile(rule).groups]
        self.names = ["" if kind is _SKIPPED else _KINDS.get(kind, SYMBOL) for kind in self.kinds]
        self.matches = re.compile(f"(?:{'|'.join(f'({rule})' for rule, _ in SQL_REGEX)})[ \\t]*").finditer

    def get_tokens(self, text: str, encoding: str | None = None) -> Iterator[tuple[object, str]]:
        """Every character of the text but the blanks behind tokens, in tokens: the first rule that matches decides."""
        del encoding
        for match in self.matches(text):
            yield self.kinds[match.lastindex or 0], match[match.lastindex or 0]


@lru_cache(maxsize=64)
def _lexer(dialect: Dialect) -> _Lexer:
    lexer = _Lexer()
    lexer.set_SQL_REGEX(_rules(dialect))
    return lexer


def tokenize(text: str, dialect: Dialect, offset: int = 0) -> list[Token]:
    """The significant tokens of a text, in order.

    Args:
        text: any text; an open string, comment or name runs to its end.
        dialect: decides which quotes there are.
        offset: added to every token's start, for a text that is a part of another.
    """
    found: list[Token] = []
    opens_line = True
    lexer = _lexer(dialect)
    names, new = lexer.names, tuple.__new__
    for match in lexer.matches(text):
        rule = match.lastindex or 0
        name = names[rule]
        value = match[rule]
        if name:
            upper = value.upper() if name is WORD else value if name is SYMBOL else ""
            found.append(new(Token, (name, value, match.start() + offset, upper, opens_line)))
            opens_line = False
        elif not opens_line:
            opens_line = "\n" in value
    return _mark_batches(found, text, offset) if dialect.batches and _GO_WORD.search(text) else found


_GO_WORD = re.compile(r"(?:^|[\r\n \t])[Gg][Oo]\b")
_GO_LINE = re.compile(r"[ \t]*GO(?:[ \t]+\d+)?[ \t]*;?[ \t]*(?:--[^\r\n]*)?(?=[\r\n]|\Z)", re.IGNORECASE)


def _mark_batches(tokens: list[Token], text: str, offset: int) -> list[Token]:
    """GO counts only on a line of its own; its count and semicolon become part of the token."""
    marked: list[Token] = []
    until = -1
    for token in tokens:
        if token.start < until:
            continue
        if token.upper == "GO":
            line = max(text.rfind("\n", 0, token.start - offset), text.rfind("\r", 0, token.start - offset)) + 1
            match = _GO_LINE.match(text, line)
            if match is not None and not text[line : token.start - offset].strip():
                until = match.end() + offset
                marked.append(Token(GO, text[token.start - offset : match.end()], token.start, ""))
                continue
        marked.append(token)
    return marked


def closing_of(tokens: Sequence[Token], at: int) -> int:
    """Index of the parenthesis that closes the one at `at`; 0 where there is none."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += (tokens[index].text == "(") - (tokens[index].text == ")")
        if depth == 0:
            return index
    return 0
