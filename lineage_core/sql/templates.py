"""Templates of tools that write SQL (dbt's Jinja, ${var}, Python's {var}, psql's :var, SQL*Plus's &var) as plain SQL.

What stands for a name becomes a name: `{{ ref('bills') }}` is bills, `{{ source('raw', 'bills') }}` raw.bills and any
other template or variable where a name is written is called as the variable is. What stands for a value becomes NULL,
which has no source either. Blocks and comments are blanked. A variable that a block sets to a relation or a string is
that. Text that a block or macro keeps for later is a statement of its own, or nothing where it is none. Lines
stay where they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineage_core.sql.dialects import Dialect

_BRACES = r"(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*"
"""Anything, with dictionaries in it, two deep."""

_BLOCK = r"\{%(?:[^%{]|%(?!\})|\{(?!%))*%\}"
_COMMENT = r"\{#(?:[^#{]|#(?!\})|\{(?!#))*#\}"
JINJA = re.compile(rf"\{{\{{[-+]?(?P<call>{_BRACES})\}}\}}|{_BLOCK}|{_COMMENT}")
"""Calls, blocks and comments. None is looked for beyond where the next one opens."""

_SET = re.compile(
    r"""\{%[-+]?\s*set\s+(\w+)\s*=\s*((?:ref|source)\s*\([^(){}]*\)|'[^'{}]*'|"[^"{}]*")\s*[-+]?%\}""",
)
_KEEPS = re.compile(r"\{%[-+]?\s*(?:set\s+\w+\s*[-+]?%\}|(?:call|macro|test|data_test|materialization)\b)")
_ENDS = re.compile(r"\{%[-+]?\s*end(set|call|macro|test|data_test|materialization|snapshot)\b")
_STATEMENT = re.compile(
    r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE|COPY|CALL|GRANT)\b", re.IGNORECASE
)
_SHELL = re.compile(r"\$\{(?P<call>[^{}\n]*)\}")
_FORMAT = re.compile(r"(?<![{$%#\w])\{(?P<call>[a-zA-Z_]\w*)\}(?!\})")
"""Python's `{schema}`."""

_PSQL = re.compile(r"""(?<=[\s(,.=]):(?:'(?P<value>\w+)'|"(?P<quoted>\w+)"|(?P<call>[a-zA-Z_]\w*)(?=\.\w))""")
_SQLPLUS = re.compile(r"&&?(?P<call>\w+)\.?")
_PYTHON = re.compile(r"(?<=[\s(,=<>])%(?:\(\w+\))?s\b")

_RELATION = re.compile(r"\s*(?:ref|source)\s*\((?P<arguments>.*)\)", re.DOTALL)
_SILENT = re.compile(r"\s*(?:config|log|print|do)\s*\(")
_STAR = re.compile(r"\s*[\w.]*\bstar\s*\(")
_STRING = re.compile(r"""["']([^"']+)["']""")
_NUMBER = re.compile(r"""\s*["']?(\w+)""")
_WORDS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_NAME_FOLLOWS = re.compile(
    r"(?:\b(?:FROM|JOIN|INTO|TABLE|UPDATE|OVERWRITE|VIEW|EXISTS|USING|AS|DATABASE|SCHEMA|USE)\s+|[\w.}`\"\[])\Z",
    re.IGNORECASE,
)
_NAME_GOES_ON = re.compile(r"[\w.`\"\]]|\$\{|\{\{")
_LAST_WORD = re.compile(r"\w+\Z")
_BEFORE_VALUES = frozenset(
    (
        "SELECT DISTINCT ALL WHERE AND OR NOT IN LIKE ILIKE RLIKE BETWEEN ON BY HAVING QUALIFY CASE WHEN THEN ELSE "
        "LIMIT OFFSET TOP FETCH FIRST IS VALUES VALUE SET DEFAULT RETURN RETURNING INTERVAL ESCAPE WITH FILTER ANY "
        "SOME DATE TIMESTAMP DIV MOD DO CALL EXEC EXECUTE IMMEDIATE IF"
    ).split()
)
"""Words behind which a value stands."""

_CONTEXT = 24
_BLANKS = 200
"""As far back a template is looked at."""


def without_templates(text: str, dialect: Dialect) -> str:
    """The text as plain SQL, with as many lines as before; a text without templates as it is."""
    if "{{" in text or "{%" in text or "{#" in text:
        text = _without_jinja(text)
    if "${" in text:
        text = _replaced(_SHELL, text)
    if "{" in text:
        text = _replaced(_FORMAT, text)
    if ":" in text and dialect.dollar_quotes and dialect.default_schema == "public":
        text = _replaced(_PSQL, text)
    if "&" in text and dialect.name == "oracle":
        text = _replaced(_SQLPLUS, text)
    if "%" in text and dialect.name == "mysql":
        text = _PYTHON.sub("NULL", text)
    return text


def _without_jinja(text: str) -> str:
    names = dict(_SET.findall(text))
    pieces: list[str] = []
    kept: list[tuple[int, bool]] = []
    position, inside = 0, False
    for match in JINJA.finditer(text):
        before = text[position : match.start()]
        inside = inside or bool(before.strip())
        pieces += [before, _plain(match, text, names)]
        position = match.end()
        if _KEEPS.match(match.group()):
            kept.append((len(pieces), inside))
        elif (end := _ENDS.match(match.group())) and end[1] == "snapshot":
            pieces, inside = [*pieces, ";"], False
        elif end and kept:
            first, inside = kept.pop()
            _end_kept(pieces, first, separate=not inside)
    return "".join([*pieces, text[position:]])


def _end_kept(pieces: list[str], first: int, *, separate: bool) -> None:
    """End what a block keeps: a statement where one may stand, or nothing."""
    body = "".join(pieces[first:])
    if not separate or not _STATEMENT.match(body):
        pieces[first:] = ["\n" * body.count("\n")]
    else:
        pieces.append(";")


def _replaced(pattern: re.Pattern[str], text: str) -> str:
    pieces: list[str] = []
    position = 0
    for match in pattern.finditer(text):
        pieces += [text[position : match.start()], _plain(match, text, {})]
        position = match.end()
    return "".join([*pieces, text[position:]])


def _plain(match: re.Match[str], text: str, names: Mapping[str, str]) -> str:
    """What one template stands for, followed by the line ends it held; `names` are variables with their values."""
    found = match.groupdict()
    lines = "\n" * match.group().count("\n")
    if found.get("value"):
        return f"NULL{lines}"
    if found.get("quoted"):
        return f'"{found["quoted"]}"'
    call = found.get("call")
    if call is None or _SILENT.match(call):
        return f" {lines}"
    call = names.get(call.strip(" \t\r\n-+"), call)
    relation = _RELATION.match(call)
    if relation is not None:
        return _relation(call, relation["arguments"]) + lines
    if _STAR.match(call):  # dbt_utils.star(...): all columns
        return f"*{lines}"
    if _is_name(match, text):
        return _named(call) + lines
    return f"{'NULL' if _is_value(match, text) else ' '}{lines}"


def _relation(call: str, arguments: str) -> str:
    """`ref('package', 'model', v=2)` is model_v2; `source('schema', 'table')` has both parts."""
    named, _, version = arguments.partition("=")
    parts = _STRING.findall(named)
    if parts and (number := _NUMBER.match(version)):
        parts[-1] += f"_v{number[1]}"
    return ".".join(parts) if call.lstrip().startswith("source") else parts[-1] if parts else "model"


def _is_name(match: re.Match[str], text: str) -> bool:
    """Whether a template stands where a name does: behind FROM and the like, or as a part of a name."""
    before = text[max(0, match.start() - _CONTEXT) : match.start()]
    return _NAME_FOLLOWS.search(before) is not None or _NAME_GOES_ON.match(text, match.end()) is not None


def _is_value(match: re.Match[str], text: str) -> bool:
    """Whether a template stands where a value can; behind one it is a clause, as in `WHERE a = 1 {{ and_more() }}`."""
    before = text[max(0, match.start() - _BLANKS) : match.start()].rstrip()
    word = _LAST_WORD.search(before[-_CONTEXT:])
    if word is not None:
        return word[0].upper() in _BEFORE_VALUES
    return not before.endswith((")", "]", "}}", "'", '"', "`"))


def _named(call: str) -> str:
    """The variable a template asks for: of `var('x')` x, of `hiveconf:x` x, of `params.x | upper` params.x."""
    asked = _STRING.search(call) if "(" in call else None
    words = _WORDS.findall(asked[1] if asked else call.partition("|")[0])
    return words[-1] if words else "template"
