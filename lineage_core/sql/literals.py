"""String literals as written to the text they stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lineage_core.sql.lexer import DOLLAR, STRING, Token

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_QUOTES = re.compile(r"""[A-Za-z&]*?(?P<quote>'''|\"\"\"|'|")""")
_Q_QUOTE = re.compile(r"N?Q'(?P<body>.*)", re.IGNORECASE | re.DOTALL)


def text_of(token: Token, dialect: Dialect) -> str | None:
    """The text of a string or dollar-quoted token; None for any other."""
    if token.kind is STRING:
        return unquoted(token.text, dialect)
    if token.kind is DOLLAR:
        tag = token.text.index("$", 1) + 1
        return token.text[tag : max(tag, len(token.text) - tag)]
    return None


def unquoted(literal: str, dialect: Dialect) -> str:
    """The value of a string literal: prefix and quotes taken off, a doubled or escaped quote single."""
    if dialect.q_quotes and (alternative := _Q_QUOTE.match(literal)) is not None:
        return alternative["body"][1:].removesuffix("'")[:-1]
    opened = _QUOTES.match(literal)
    if opened is None:
        return literal
    quote = opened["quote"]
    body = literal[opened.end() :].removesuffix(quote)
    if len(quote) == 1:
        body = body.replace(quote * 2, quote)
    return body.replace(f"\\{quote[0]}", quote[0]) if dialect.backslash_escapes else body
