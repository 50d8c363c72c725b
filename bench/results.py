"""Results: one JSON file for all comparisons. One that is measured again takes the place of its earlier result."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bench.comparison import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.comparison import Comparison, Curve, Measures, Plan, Round, Target


def result(
    comparison: Comparison,
    plan: Plan,
    rounds: Sequence[Round],
    machine: Mapping[str, object],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything about one comparison, ready for JSON: the rounds as measured, and what follows from them."""
    rounds = plan.finish(rounds)
    return {
        "title": comparison.title,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dict(machine),
        "options": dict(options),
        "ways": {way: _medians([found[way] for found in rounds if way in found]) for way in _ways(rounds)},
        "ratios": [_ratio(target, rounds) for target in plan.targets if target.values(rounds)],
        "curves": [_curve(curve, rounds) for curve in plan.curves],
        "notes": plan.notes(),
        "rounds": rounds,
    }


def _ways(rounds: Sequence[Round]) -> list[str]:
    return list(dict.fromkeys(way for found in rounds for way in found))


def _medians(measures: Sequence[Measures]) -> dict[str, dict[str, float]]:
    """Measure -> its spread, for the measures that every round has."""
    names = [name for name in measures[0] if all(name in found for found in measures)]
    return {name: asdict(Spread.of(found[name] for found in measures)) for name in names}


def _ratio(target: Target, rounds: Sequence[Round]) -> dict[str, Any]:
    spread = Spread.of(target.values(rounds))
    return {**asdict(target), **asdict(spread), "met": target.met(spread.median)}


def _curve(curve: Curve, rounds: Sequence[Round]) -> dict[str, Any]:
    points = []
    for x, way in curve.points:
        spread = Spread.of(found[way][curve.measure] * curve.scale for found in rounds)
        points.append({"x": x, **asdict(spread)})
    return {"title": curve.title, "x_label": curve.x_label, "y_label": curve.y_label, "points": points}


def read(file: Path) -> dict[str, Any]:
    """Comparison -> its result; empty if there is no such file yet."""
    return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}


def keep(file: Path, name: str, found: Mapping[str, Any]) -> None:
    """Put one comparison's result into the file, beside the others'."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    draft.write_text(json.dumps({**read(file), name: found}, indent=2) + "\n", "utf-8")
    draft.replace(file)
