"""Texts too large to hold: pieces that end where a statement ends and join back to the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.sql.dialects import dialect
from lineage_core.sql.split import split
from lineage_core.sql.stream import LARGEST_STATEMENT, split_stream

LINES = (
    "SELECT 1;\n",
    "GO\n",
    "INSERT INTO t VALUES (1);\n",
    "BEGIN\n",
    "END;\n",
    "-- x; y\n",
    "'a;\n",
    "b';\n",
    "$$ c; $$;\n",
    "(\n",
    ");\n",
)


@given(
    st.lists(st.sampled_from(LINES), max_size=60), st.sampled_from(["tsql", "postgres", "mysql"]), st.integers(1, 80)
)
def test_pieces_join_back_and_know_their_lines(lines: list[str], name: str, target: int) -> None:
    pieces = list(split_stream(lines, dialect(name), target))
    text = "".join(lines)
    assert "".join(piece.text for piece in pieces) == text
    position = 0
    for piece in pieces:
        assert piece.first_line == text.count("\n", 0, position) + 1
        position += len(piece.text)


def test_no_text_is_one_empty_piece() -> None:
    assert [(piece.text, piece.first_line) for piece in split_stream([], dialect("tsql"))] == [("", 1)]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tsql", "INSERT INTO t (a) VALUES (1)\nGO\n"),
        ("postgres", "INSERT INTO t (a) VALUES ('x;y');\n"),
        ("postgres", "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; SELECT 2; $$ LANGUAGE sql;\n"),
        ("mysql", "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END;\n"),
    ],
)
def test_no_statement_is_cut_in_two(name: str, line: str) -> None:
    pieces = list(split_stream([line] * 200, dialect(name), 400))
    whole = [item.kind for item in split(line * 200, dialect(name))]
    assert len(pieces) > 10
    assert [item.kind for piece in pieces for item in split(piece.text, dialect(name))] == whole


def test_pieces_stay_near_the_wanted_size() -> None:
    pieces = list(split_stream(["INSERT INTO t VALUES (1);\n"] * 5_000, dialect("postgres"), 1_000))
    assert max(len(piece.text) for piece in pieces) <= 2_000


def test_a_transaction_is_no_block() -> None:
    lines = ["BEGIN;\n", *["INSERT INTO t VALUES (1);\n"] * 500, "COMMIT;\n"]
    pieces = list(split_stream(lines, dialect("postgres"), 1_000))
    assert max(len(piece.text) for piece in pieces) <= 2_000


def test_a_statement_of_endless_rows_is_cut_behind_a_row() -> None:
    rows = ["INSERT INTO t (a, b) VALUES\n", *["(1, 'some text that fills the line'),\n"] * 1_000]
    pieces = list(split_stream(rows, dialect("postgres"), 2_000))
    assert len(pieces) > 1
    assert pieces[0].text.endswith(")")
    assert max(len(piece.text) for piece in pieces) < (LARGEST_STATEMENT + 1) * 2_000
    assert "".join(piece.text for piece in pieces) == "".join(rows)
