"""Names: what is written in quotes and dots comes back as parts, and folds where the dialect folds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.sql.dialects import DIALECTS, dialect
from lineage_core.sql.names import display, fold, join_parts, normalise, split_name, split_normalised

PART = st.text(min_size=1, max_size=8)
PARTS = st.lists(PART, min_size=1, max_size=4)
ODD = st.text(alphabet='ab."[]`$ \t', min_size=1, max_size=6)


@given(st.lists(st.one_of(PART, ODD), min_size=1, max_size=4))
def test_joined_parts_split_into_the_same_parts(parts: list[str]) -> None:
    assert split_normalised(join_parts(parts)) == tuple(parts)


@given(PARTS)
def test_bracketed_parts_are_read_back(parts: list[str]) -> None:
    written = ".".join("[" + part.replace("]", "]]") + "]" for part in parts)
    assert split_name(written, dialect("tsql")) == tuple((part, True) for part in parts)


@given(PARTS)
def test_double_quoted_parts_are_read_back(parts: list[str]) -> None:
    written = " . ".join('"' + part.replace('"', '""') + '"' for part in parts)
    assert split_name(written, dialect("postgres")) == tuple((part, True) for part in parts)


@given(st.text(max_size=20), st.sampled_from(sorted(DIALECTS)))
def test_any_text_has_a_normal_form_that_splits_and_joins_to_itself(text: str, name: str) -> None:
    normal = normalise(text, dialect(name))
    assert not normal or join_parts(split_normalised(normal)) == normal


@pytest.mark.parametrize(
    ("written", "name", "expected"),
    [
        ("dbo.Orders", "tsql", "dbo.orders"),
        ("[dbo].[Order Lines]", "tsql", "dbo.order lines"),
        ('"Dbo"."T"', "tsql", "dbo.t"),
        ("[a]]b]", "tsql", "a]b"),
        ("[a.b].c", "tsql", '"a.b".c'),
        ('[a"b]', "tsql", '"a""b"'),
        ("db..t", "tsql", "db.dbo.t"),
        ("srv.db.dbo.t", "tsql", "srv.db.dbo.t"),
        ("[dbo] . [t]", "tsql", "dbo.t"),
        ("[dbo]\n.\t[t]", "tsql", "dbo.t"),
        ("#Temp", "tsql", "#temp"),
        ("@Var", "tsql", "@var"),
        ("Orders", "postgres", "orders"),
        ('"Orders"', "postgres", "Orders"),
        ('public."Orders"', "postgres", "public.Orders"),
        ('"a""b"', "postgres", '"a""b"'),
        ("ORDERS", "snowflake", "orders"),
        ('"ORDERS"', "snowflake", "orders"),
        ('"Orders"', "snowflake", "Orders"),
        ('"HR"."EMP"', "oracle", "hr.emp"),
        ("`Sales`.`Orders`", "mysql", "sales.orders"),
        ("`a.b`", "mysql", '"a.b"'),
        ("`proj.set.Table`", "bigquery", "proj.set.table"),
        ("`my-proj`.set.t", "bigquery", "my-proj.set.t"),
        ('"Orders"', "duckdb", "orders"),
        ("", "tsql", ""),
        ("t alias", "tsql", "t"),
        ("t -- comment", "tsql", "t"),
    ],
)
def test_normal_form(written: str, name: str, expected: str) -> None:
    assert normalise(written, dialect(name)) == expected


@pytest.mark.parametrize(
    ("written", "shown"),
    [("dbo.Orders", "Orders"), ("[dbo].[Order Lines]", "Order Lines"), ("[A.b]", "A.b"), ("[x]]y]", "x]y"), ("", "")],
)
def test_shown_name_keeps_its_case(written: str, shown: str) -> None:
    assert display(written, dialect("tsql")) == shown


@pytest.mark.parametrize(
    ("part", "quoted", "name", "folded"),
    [
        ("A", False, "postgres", "a"),
        ("A", True, "postgres", "A"),
        ("A", True, "tsql", "a"),
        ("A", True, "oracle", "a"),
        ("Ab", True, "oracle", "Ab"),
        ("Ä", False, "postgres", "ä"),
    ],
)
def test_a_part_folds_as_the_dialect_does(part: str, quoted: bool, name: str, folded: str) -> None:  # noqa: FBT001
    assert fold(part, quoted=quoted, dialect=dialect(name)) == folded
