"""The lexer: nothing of a text is lost, and every quote, comment and GO line of a dialect is told for what it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.sql.dialects import DIALECTS, dialect
from lineage_core.sql.lexer import DOLLAR, GO, NUMBER, QUOTED, STRING, SYMBOL, VARIABLE, WORD, _rules, tokenize

PIECES = (
    *(
        "select",
        "GO",
        "go 5",
        "N'x'",
        "E'\\''",
        "''",
        '"q"',
        "[b]]c]",
        "`t`",
        "$$",
        "$a$",
        "@v",
        "#t",
        "1.5e3",
        ".",
        ";",
    ),
    *("/*", "*/", "--", "#", "\n", "\r\n", " ", "\\", "::", ":=", "é", "\x00", "'", '"', "[", "`", "(", ")", "U&'z'"),
)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=30).map("".join)
NAMES = st.sampled_from(sorted(DIALECTS))


def kinds(text: str, name: str = "tsql") -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokenize(text, dialect(name))]


def texts(text: str, name: str = "tsql") -> list[str]:
    return [token.text for token in tokenize(text, dialect(name))]


@given(TEXTS, NAMES, st.integers(0, 50))
def test_tokens_stand_where_they_say_and_leave_only_space_and_comments(text: str, name: str, offset: int) -> None:
    position = 0
    for token in tokenize(text, dialect(name), offset):
        start = token.start - offset
        assert text[start : start + len(token.text)] == token.text
        assert start >= position
        assert token.text
        assert blank(text[position:start], name)
        assert token.upper in {"", token.text.upper()}
        position = token.end - offset
    assert blank(text[position:], name)


def blank(gap: str, name: str) -> bool:
    """Whether a text is white space and comments only, by a reader that shares nothing with the lexer's rules."""
    traits = dialect(name)
    line_marks = ("--", *("#",) * traits.hash_comments, *("//",) * traits.slash_comments)
    while gap := gap.lstrip():
        if gap.startswith(line_marks):
            gap = re.split(r"[\r\n]", gap, maxsplit=1)[1] if re.search(r"[\r\n]", gap) else ""
        elif gap.startswith("/*"):
            gap = behind_comment(gap, nested=traits.nested_comments)
        else:
            return False
    return True


def behind_comment(gap: str, *, nested: bool) -> str:
    depth, position = 1, 2
    while depth and position < len(gap):
        pair = gap[position : position + 2]
        depth += (pair == "/*" and nested) - (pair == "*/")
        position += 2 if pair == "*/" or (pair == "/*" and nested) else 1
    return gap[position:]


@given(TEXTS, NAMES)
def test_a_token_that_opens_its_line_has_only_space_before_it(text: str, name: str) -> None:
    for token in tokenize(text, dialect(name)):
        line = text[text.rfind("\n", 0, token.start) + 1 : token.start]
        if token.opens_line and "*/" not in line:
            assert not line.strip()


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("'it''s'", "tsql", [(STRING, "'it''s'")]),
        (r"'a\'", "tsql", [(STRING, r"'a\'")]),
        (r"'a\'b'", "mysql", [(STRING, r"'a\'b'")]),
        (r"E'a\'b'", "postgres", [(STRING, r"E'a\'b'")]),
        (r"'a\' b", "postgres", [(STRING, r"'a\'"), (WORD, "b")]),
        ("N'x' n'y'", "tsql", [(STRING, "N'x'"), (STRING, "n'y'")]),
        ("x'ff' b'01' U&'d'", "postgres", [(STRING, "x'ff'"), (STRING, "b'01'"), (STRING, "U&'d'")]),
        ('"a""b"', "tsql", [(QUOTED, '"a""b"')]),
        ('"a"', "mysql", [(STRING, '"a"')]),
        ("[a]]b]", "tsql", [(QUOTED, "[a]]b]")]),
        ("[1]", "postgres", [(SYMBOL, "["), (NUMBER, "1"), (SYMBOL, "]")]),
        ("`a``b`", "mysql", [(QUOTED, "`a``b`")]),
        ("$$a;b$$", "postgres", [(DOLLAR, "$$a;b$$")]),
        ("$x$ $$ $x$", "postgres", [(DOLLAR, "$x$ $$ $x$")]),
        ("$1", "postgres", [(SYMBOL, "$"), (NUMBER, "1")]),
        ("$$a$$", "tsql", [(SYMBOL, "$"), (SYMBOL, "$"), (WORD, "a$$")]),
        ("@v @@ROWCOUNT", "tsql", [(VARIABLE, "@v"), (VARIABLE, "@@ROWCOUNT")]),
        ("#t ##g a#b", "tsql", [(WORD, "#t"), (WORD, "##g"), (WORD, "a#b")]),
        ("a # c", "mysql", [(WORD, "a")]),
        ("0x1F 1. .5 1e-3 12.5E+7", "tsql", [(NUMBER, text) for text in ("0x1F", "1.", ".5", "1e-3", "12.5E+7")]),
        ("a::int", "postgres", [(WORD, "a"), (SYMBOL, "::"), (WORD, "int")]),
        ("a:=b", "postgres", [(WORD, "a"), (SYMBOL, ":="), (WORD, "b")]),
        ("a+=1", "tsql", [(WORD, "a"), (SYMBOL, "+="), (NUMBER, "1")]),
        ("übung é", "postgres", [(WORD, "übung"), (WORD, "é")]),
        ("a--b\nc", "ansi", [(WORD, "a"), (WORD, "c")]),
        ("a--b\rc", "ansi", [(WORD, "a"), (WORD, "c")]),
        ("a/*b*/c", "ansi", [(WORD, "a"), (WORD, "c")]),
        ("a/*b/*c*/d*/e", "tsql", [(WORD, "a"), (WORD, "e")]),
        ("a/*b/*c*/d", "oracle", [(WORD, "a"), (WORD, "d")]),
        ("a//b\nc", "snowflake", [(WORD, "a"), (WORD, "c")]),
        ("a//b", "tsql", [(WORD, "a"), (SYMBOL, "/"), (SYMBOL, "/"), (WORD, "b")]),
        ("q'[it's]' nQ'!x!'", "oracle", [(STRING, "q'[it's]'"), (STRING, "nQ'!x!'")]),
        ("q'x'", "tsql", [(WORD, "q"), (STRING, "'x'")]),
        ("'''a'b''' 1", "bigquery", [(STRING, "'''a'b'''"), (NUMBER, "1")]),
        ('"""c"d""" 1', "bigquery", [(STRING, '"""c"d"""'), (NUMBER, "1")]),
        (r'"a\"b" r"c"', "mysql", [(STRING, r'"a\"b"'), (STRING, 'r"c"')]),
        ("a/*/*/*/*x*/*/*/*/b", "tsql", [(WORD, "a"), (WORD, "b")]),
        ("a/***/b/**/c", "tsql", [(WORD, "a"), (WORD, "b"), (WORD, "c")]),
        ("'--' '/*'", "tsql", [(STRING, "'--'"), (STRING, "'/*'")]),
        ("-- it's\na", "tsql", [(WORD, "a")]),
    ],
)
def test_tokens_of_a_dialect(text: str, name: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text, name) == expected


@pytest.mark.parametrize("opening", ["'", "N'", '"', "[", "`", "$$", "$t$", "E'", "/*", "/* /* */"])
@pytest.mark.parametrize("name", ["tsql", "postgres", "mysql", "sqlite"])
def test_what_is_not_closed_runs_to_the_end(opening: str, name: str) -> None:
    found = texts(f"a {opening} b; c\nGO\nd", name)
    assert found[0] == "a"
    assert found[-1].endswith("d") or opening.startswith("/*")


@pytest.mark.parametrize(
    ("text", "batches"),
    [
        ("GO", ["GO"]),
        ("a\nGO\nb", ["GO"]),
        ("a\r\n  go  \r\nb", ["go  "]),
        ("a\nGO 5\nb", ["GO 5"]),
        ("a\nGO;\nb", ["GO;"]),
        ("a\nGO -- done\nb", ["GO -- done"]),
        ("a GO b", []),
        ("a\nGO b", []),
        ("a AS go", []),
        ("SELECT 1 go\n", []),
        ("'\nGO\n'", []),
        ("/*\nGO\n*/ a", []),
        ("[\nGO\n]", []),
        ("a\rGO\rb", ["GO"]),
    ],
)
def test_go_counts_on_a_line_of_its_own_only(text: str, batches: list[str]) -> None:
    assert [token.text for token in tokenize(text, dialect("tsql")) if token.kind is GO] == batches


def test_go_is_a_word_where_there_are_no_batches() -> None:
    assert kinds("a\nGO\nb", "postgres") == [(WORD, "a"), (WORD, "GO"), (WORD, "b")]


def test_a_long_text_is_no_deep_text() -> None:
    text = "(" * 20_000 + "'" + "''" * 20_000 + "'" + "/*" + "*" * 20_000 + "*/" + " x" * 20_000
    assert len(tokenize(text, dialect("tsql"))) == 40_001


def test_upper_is_for_words_and_symbols_only() -> None:
    found = tokenize("select [select] 'select' @select ;", dialect("tsql"))
    assert [token.upper for token in found] == ["SELECT", "", "", "", ";"]
    assert re.fullmatch(r"\w+", found[0].text)


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_no_rule_has_a_possessive_group(name: str) -> None:
    """Python 3.11.0 to 3.11.4, Debian 12's among them, match `(...)*+` wrongly."""
    assert [rule for rule, _ in _rules(DIALECTS[name]) if re.search(r"[)\]][*+?]\+", rule)] == []
