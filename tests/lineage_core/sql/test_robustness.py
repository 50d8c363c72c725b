"""Damaged, huge and deeply nested texts: never a crash or a hang, never quadratic, and slices that join to the text."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lineage_core import analyze
from lineage_core.source.decode import decode
from lineage_core.sql.dialects import dialect
from lineage_core.sql.split import split

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
DIALECTS = ("tsql", "postgres", "mysql", "oracle", "snowflake", "redshift", "bigquery", "ansi")
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

GROWTH = 4.0
"""Sixteen times the text may take so many times longer per byte, as the clock is rough; quadratic would be sixteen."""


def _texts() -> list[str]:
    examples = [decode(path.read_bytes()).text for path in sorted((ROOT / "examples").rglob("*.sql"))]
    cases: list[dict[str, Any]] = []
    for path in sorted((ROOT / "tests" / "cases").glob("*.yaml")):
        cases += YAML(typ="safe").load(path)
    return [*(text[:4_000] for text in examples), *(case["sql"] for case in cases)]


TEXTS = _texts()
NOISE = (*"'\"[]`();\\\n\x00", "/*", "*/", "--", "\nGO\n", "$$", "$a$", "BEGIN", "END ")


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A text of the project, cut, with parts doubled, moved or put in."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        first, last = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        part = text[first:last]
        text = draw(
            st.sampled_from(
                (
                    text[:first] + text[last:],
                    text[:last] + part + text[last:],
                    text[last:] + part + text[:first],
                    text[:first] + draw(st.sampled_from(NOISE)) + text[first:],
                    text[:first] + part[::-1] + text[last:],
                )
            )
        )
    return text[:8_000]


@given(damaged(), st.sampled_from(DIALECTS))
@settings(max_examples=600, suppress_health_check=SLOW)
def test_a_damaged_text_has_an_answer(text: str, name: str) -> None:
    found = analyze(text, dialect=name)
    assert all("the extractor failed" not in problem.message for problem in found.errors)


@given(damaged(), st.sampled_from(DIALECTS))
@settings(max_examples=600, suppress_health_check=SLOW)
def test_the_slices_of_a_damaged_text_join_to_it(text: str, name: str) -> None:
    assert "".join(text[item.start : item.end] for item in split(text, dialect(name))) == text


@pytest.mark.parametrize("name", DIALECTS)
@given(text=st.text(max_size=200))
@settings(max_examples=40)
def test_the_slices_of_any_text_join_to_it(name: str, text: str) -> None:
    assert "".join(text[item.start : item.end] for item in split(text, dialect(name))) == text


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 5_000 + "a" + ")" * 5_000 + " FROM t",
        "SELECT a FROM " + "(SELECT a FROM " * 500 + "t" + ") x" * 500,
        "BEGIN " * 3_000 + "DELETE FROM t " + "END " * 3_000,
        "SELECT " + "CASE WHEN a = 1 THEN " * 1_000 + "b" + " END" * 1_000 + " FROM t",
        "SELECT a FROM t WHERE " + " AND ".join(["a = 1"] * 5_000),
        "SELECT " + "+".join(["a"] * 5_000) + " AS b FROM t",
        "SELECT a FROM t" + " UNION ALL SELECT a FROM t" * 1_000,
        "/*" * 20_000,
        "'" * 20_001,
        "[" * 20_000,
        "$a$" * 9_999,
        "IF 1 = 1 " * 3_000 + "DELETE FROM t",
        "WITH " + ", ".join(f"c{n} AS (SELECT a FROM c{n - 1 if n else 't'})" for n in range(300)) + " SELECT a FROM c299",
    ],
    ids=lambda text: text[:20].strip(),
)  # fmt: skip
@pytest.mark.parametrize("name", ["tsql", "postgres"])
def test_deep_nesting_has_an_answer(text: str, name: str) -> None:
    analyze(text, dialect=name)


def _seconds(text: str, name: str) -> float:
    begun = time.process_time()
    analyze(text, dialect=name)
    return time.process_time() - begun


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "INSERT INTO t (a, b) VALUES " + ",".join(f"({i}, 'x{i}')" for i in range(n)),
        lambda n: "\n".join(f"UPDATE dbo.t{i} SET a = 1 WHERE b = 2" for i in range(n // 10)),
        lambda n: "SELECT a FROM t WHERE b IN (" + ",".join(map(str, range(n))) + ")",
        lambda n: "EXEC p;\nGO\n" * (n // 2),
        lambda n: "CREATE TABLE t (" + ",\n".join(f"c{i} int NOT NULL" for i in range(n // 20)) + ")",
        lambda n: "/* x */ " * n + "DELETE FROM t",
        lambda n: "PRINT '" + "x''" * n + "'",
        lambda n: "IF 1 = 1 " * (n // 20) + "DELETE FROM t",
        lambda n: "SELECT a INTO #x FROM s\n" + "INSERT INTO #x (a) SELECT a FROM #x\n" * (n // 500),
    ],
    ids=["rows", "statements", "a list", "batches", "columns", "comments", "a string", "conditions", "a temp table"],
)
def test_time_grows_with_the_length(make: Callable[[int], str]) -> None:
    small, large = make(2_500), make(40_000)
    _seconds(small, "tsql")  # what is built on first use
    base = min(_seconds(small, "tsql") for _ in range(3)) + 0.005
    per_byte = (_seconds(large, "tsql") / len(large)) / (base / len(small))
    assert per_byte < GROWTH


def test_fifty_thousand_rows_of_values() -> None:
    text = "INSERT INTO dbo.t (a, b, c) VALUES " + ",\n".join(f"({i}, N'name {i}', NULL)" for i in range(50_000))
    found = analyze(text, dialect="tsql")
    assert found.writes == ("dbo.t",)
    assert not found.errors


def test_a_statement_of_five_megabytes() -> None:
    text = "SELECT a FROM t WHERE b IN ('" + "x" * 5_000_000 + "') OR c = 1"
    found = analyze(text, dialect="tsql")
    assert found.reads == ("t",)
