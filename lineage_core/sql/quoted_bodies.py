"""Bodies of routines in plain quotes, as Postgres had them before dollar quotes: what is in quotes there is doubled."""

from __future__ import annotations

import re

_DOUBLED = re.compile(r"''''|''")


def single_quotes(body: str) -> str:
    """The body with `''x''` as `'x'`, at the same length: blanks take the place of what falls away.

    Four quotes in a row are one inside a string.
    """
    inside = False
    pieces: list[str] = []
    position = 0
    for match in _DOUBLED.finditer(body):
        pieces.append(body[position : match.start()])
        position = match.end()
        if match[0] == "''":
            pieces.append("' " if inside else " '")
            inside = not inside
        else:
            pieces.append("''  " if inside else " ''" + " ")
    return "".join([*pieces, body[position:]])
