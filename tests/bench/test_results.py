"""From rounds to JSON, tables and charts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from bench import results
from bench.chart import curves_chart, ratios_chart
from bench.comparison import Comparison, Curve, Plan, Target
from bench.document import document
from bench.machine import machine
from bench.measured import BenchError
from bench.table import BEGIN, END, put_between_markers, ratios_table, seconds_table

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = [
    {"plain": {"seconds": 10.0, "cpu": 9.0}, "ours": {"seconds": 2.0, "cpu": 3.0}},
    {"plain": {"seconds": 30.0, "cpu": 9.5}, "ours": {"seconds": 3.0, "cpu": 3.0}},
]
PLAN = Plan(
    one_round=lambda number: ROUNDS[number],
    targets=(
        Target("plain / ours", "plain", "ours", at_least=5, goal=20),
        Target("ours / plain", "ours", "plain", at_most=0.05),
    ),
    curves=(Curve("Time & more", "size", "milliseconds", "seconds", ((10.0, "ours"), (1000.0, "plain")), 1000),),
    notes=lambda: ["Noted."],
)


@pytest.fixture
def found() -> dict[str, Any]:
    comparison = Comparison("cold", "A first ingest.", lambda _: PLAN, 1)
    made = results.result(comparison, PLAN, ROUNDS, machine(), {"files": 40, "rounds": 2, "corpus": "generated"})
    return {"cold": json.loads(json.dumps(made))}


def test_a_result_holds_ratios_with_their_spread(found: dict[str, Any]) -> None:
    first, second = found["cold"]["ratios"]
    assert (first["median"], first["low"], first["high"], first["met"]) == (7.5, 5.0, 10.0, True)
    assert second["met"] is False


def test_a_result_holds_every_way_and_round(found: dict[str, Any]) -> None:
    assert found["cold"]["ways"]["plain"]["seconds"] == {"median": 20.0, "low": 10.0, "high": 30.0}
    assert found["cold"]["rounds"] == ROUNDS


def test_a_curve_is_in_the_unit_of_its_axis(found: dict[str, Any]) -> None:
    (curve,) = found["cold"]["curves"]
    assert curve["points"][0] == {"x": 10.0, "median": 2500.0, "low": 2000.0, "high": 3000.0}


def test_a_comparison_takes_the_place_of_its_earlier_result_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "results.json"
    for name, value in (("cold", 1), ("warm", 2), ("cold", 3)):
        results.keep(file, name, {"value": value})
    assert results.read(file) == {"cold": {"value": 3}, "warm": {"value": 2}}


def test_tables(found: dict[str, Any]) -> None:
    assert "| cold | plain / ours | 7.5 (5 to 10) | at least 5, goal 20 | yes |" in ratios_table(found)
    assert "| cold | ours / plain | 0.15 (0.1 to 0.2) | at most 0.05 | **no** |" in ratios_table(found)
    assert "| cold | plain | 20 (10 to 30) | 9.25 (9 to 9.5) |  |  |  | 2 |" in seconds_table(found)


def test_charts_are_svg_that_says_units(found: dict[str, Any]) -> None:
    ratios = ET.fromstring(ratios_chart(found))  # noqa: S314 - our own
    curves = ET.fromstring(curves_chart("Growth", found["cold"]["curves"]))  # noqa: S314
    assert "cold: plain / ours" in "".join(ratios.itertext())
    assert {"Time & more", "size", "milliseconds"} <= {text.strip() for text in curves.itertext()}


def test_a_chart_of_a_single_point_and_of_zero() -> None:
    point = {"x": 5.0, "median": 0.0, "low": 0.0, "high": 0.0}
    ET.fromstring(curves_chart("", [{"title": "", "x_label": "", "y_label": "", "points": [point]}]))  # noqa: S314
    ratio = {"label": "a", "median": 0.0, "low": 0.0, "high": 0.0, "at_least": None, "at_most": 0.0, "goal": None}
    ET.fromstring(ratios_chart({"warm": {"ratios": [{**ratio, "bottom": "x", "met": True}]}}))  # noqa: S314


def test_the_document_gets_tables_and_pictures(found: dict[str, Any], tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"Before.\n{BEGIN}\nwhat was there\n{END}\nAfter.\n")
    document(found, tmp_path)
    text = page.read_text()
    assert text.startswith(f"Before.\n{BEGIN}\n")
    assert text.endswith(f"\n{END}\nAfter.\n")
    assert "what was there" not in text
    assert "Noted." in text
    assert sorted(file.name for file in (tmp_path / "images").iterdir()) == ["bench-cold.svg", "bench-ratios.svg"]


def test_a_document_without_markers_is_left(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Nothing here.")
    with pytest.raises(BenchError, match="no place for results"):
        put_between_markers(page, "x")
    assert page.read_text() == "Nothing here."
