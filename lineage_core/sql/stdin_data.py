"""psql's `COPY ... FROM stdin;` is followed by data, not SQL: it is blanked out before the lexer sees its quotes."""

from __future__ import annotations

import re

_COPY_DATA = re.compile(
    r"^COPY\s[^;]*?\bFROM\s+stdin\b[^;]*;[^\n]*\n(?P<data>(?:.*\n)*?\\\.)", re.IGNORECASE | re.MULTILINE
)


def blank_copy_data(text: str) -> str:
    """The text with such data replaced by spaces, every offset and line as before."""
    if "stdin" not in text and "STDIN" not in text:
        return text
    pieces, position = [], 0
    for match in _COPY_DATA.finditer(text):
        pieces += [text[position : match.start("data")], re.sub(r"[^\n]", " ", match["data"])]
        position = match.end("data")
    return "".join([*pieces, text[position:]])
