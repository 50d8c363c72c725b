"""Ratios of rounds, their spread, and the turns that ways take."""

from __future__ import annotations

import pytest

from bench.comparison import Spread, Target, in_turn

ROUNDS = [
    {"slow": {"seconds": 10.0}, "fast": {"seconds": 2.0}},
    {"slow": {"seconds": 12.0}, "fast": {"seconds": 1.0}},
    {"slow": {"seconds": 9.0}, "fast": {"seconds": 3.0}},
]


def test_a_ratio_is_made_within_each_round() -> None:
    assert Target("slow / fast", "slow", "fast").values(ROUNDS) == [5.0, 12.0, 3.0]


def test_without_a_bottom_it_is_the_measure_itself() -> None:
    assert Target("seconds", "fast").values(ROUNDS) == [2.0, 1.0, 3.0]


def test_a_way_that_is_not_there_gives_nothing() -> None:
    assert Target("other / fast", "other", "fast").values(ROUNDS) == []


@pytest.mark.parametrize(
    ("at_least", "at_most", "met"),
    [(None, None, True), (5.0, None, True), (5.1, None, False), (None, 5.0, True), (None, 4.9, False)],
)
def test_what_is_promised(at_least: float | None, at_most: float | None, *, met: bool) -> None:
    assert Target("", "", at_least=at_least, at_most=at_most).met(5.0) is met


def test_the_spread_is_the_middle_and_both_ends() -> None:
    assert Spread.of([5.0, 12.0, 3.0]) == Spread(median=5.0, low=3.0, high=12.0)


def test_every_other_round_goes_the_other_way_round() -> None:
    asked: list[str] = []

    def measure(way: str) -> dict[str, float]:
        asked.append(way)
        return {"seconds": float(len(asked))}

    assert in_turn(("a", "b"), 0, measure) == {"a": {"seconds": 1.0}, "b": {"seconds": 2.0}}
    assert list(in_turn(("a", "b"), 1, measure)) == ["a", "b"]
    assert asked == ["a", "b", "b", "a"]
