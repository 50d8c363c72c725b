"""The splitter: whatever the text, its slices join back to it; each knows its lines and the routine around it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.sql.classify import ROUTINE_KINDS
from lineage_core.sql.dialects import DIALECTS, dialect
from lineage_core.sql.split import Slice, split

WORDS = (
    "SELECT INSERT INTO UPDATE DELETE FROM MERGE USING WHEN MATCHED THEN WITH AS BEGIN END IF ELSE WHILE LOOP FOR IN "
    "CASE DECLARE SET RETURN RETURNS CREATE ALTER DROP PROCEDURE FUNCTION TRIGGER VIEW TABLE ON EXEC CALL VALUES UNION "
    "OPEN FETCH CURSOR COPY stdin DELIMITER // $$ LANGUAGE sql plpgsql TRY CATCH GO TRAN USE EXCEPTION DO ROW EACH a b"
).split()
PIECES = (
    *WORDS,
    "\n",
    "\nGO\n",
    ";",
    "(",
    ")",
    ",",
    ".",
    "'",
    "''",
    '"',
    "[",
    "]",
    "--",
    "/*",
    "*/",
    "$b$",
    "<<",
    ">>",
)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=40).map(" ".join)


@given(TEXTS, st.sampled_from(sorted(DIALECTS)))
@settings(max_examples=400)
def test_slices_join_back_to_the_text(text: str, name: str) -> None:
    found = split(text, dialect(name))
    assert "".join(text[item.start : item.end] for item in found) == text
    for before, item in zip([None, *found], found, strict=False):
        assert item.start == (before.end if before else 0)
        assert item.start <= item.first <= item.last <= item.end
        check_place(text, item, found)


def check_place(text: str, item: Slice, found: list[Slice]) -> None:
    assert item.line == text.count("\n", 0, item.first) + 1 or not text.strip()
    assert item.end_line == text.count("\n", 0, item.last) + 1 or item.last == item.first
    if item.owner is not None:
        assert found[item.owner].kind in ROUTINE_KINDS
        assert found[item.owner].start <= item.start


@given(TEXTS)
def test_a_batch_never_reaches_over_go(text: str) -> None:
    for item in split(text, dialect("tsql")):
        code = text[item.first : item.last]
        if item.kind != "go" and not re.search(r"['\"\[/-]", code):
            assert not re.search(r"^\s*GO\s*$", code, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("name", sorted(DIALECTS))
@pytest.mark.parametrize("text", ["", " \n ", "-- only\n", "/* only */", "/* open"])
def test_a_text_without_statements_is_one_slice(text: str, name: str) -> None:
    assert [(item.start, item.end) for item in split(text, dialect(name))] == [(0, len(text))]


def test_a_very_long_script_is_split_in_one_pass() -> None:
    text = "INSERT INTO t (a) SELECT a FROM s\n" * 20_000
    assert len(split(text, dialect("tsql"))) == 20_000
