"""What a comparison is: ways that take turns, what is measured of each, and the ratios that are promised."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.session import Session

Measures: TypeAlias = dict[str, float]
"""What one way took in one round: `seconds`, `cpu`, `neo4j_cpu`, `memory` (bytes), and what is the comparison's own."""

Round: TypeAlias = dict[str, Measures]
"""Way -> its measures."""


@dataclass(frozen=True)
class Spread:
    """The middle and both ends of what the rounds gave."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of at least one value."""
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1])


@dataclass(frozen=True)
class Target:
    """A ratio of two ways within a round, and what it should be; without `bottom`, the measure itself.

    `at_least` and `at_most` are what is promised; `goal` is what is hoped for beyond that.
    """

    label: str
    top: str
    bottom: str = ""
    measure: str = "seconds"
    at_least: float | None = None
    at_most: float | None = None
    goal: float | None = None

    def values(self, rounds: Iterable[Round]) -> list[float]:
        """The ratio of each round that has both ways."""
        return [
            found[self.top][self.measure] / (found[self.bottom][self.measure] if self.bottom else 1.0)
            for found in rounds
            if self.top in found and (not self.bottom or self.bottom in found)
        ]

    def met(self, median: float) -> bool:
        """Whether a median is what is promised; with no promise, it is."""
        enough = self.at_least is None or median >= self.at_least
        return enough and (self.at_most is None or median <= self.at_most)


@dataclass(frozen=True)
class Curve:
    """Ways that differ in one number, drawn as a line."""

    title: str
    x_label: str
    y_label: str
    measure: str
    points: tuple[tuple[float, str], ...]
    """(x, way)."""
    scale: float = 1.0
    """What the measure is multiplied with to be in the unit of `y_label`."""


@dataclass(frozen=True)
class Plan:
    """One comparison, ready to be run: who measures a round, and what is made of the rounds."""

    one_round: Callable[[int], Round]
    targets: tuple[Target, ...] = ()
    curves: tuple[Curve, ...] = ()
    finish: Callable[[Sequence[Round]], list[Round]] = list
    """Changes the rounds when all are there, say to add the best of several ways."""
    notes: Callable[[], list[str]] = list
    """Lines for who reads the table, asked for after the last round."""


@dataclass(frozen=True)
class Comparison:
    """A name on the command line. `prepare` makes its plan, with what it needs started and generated."""

    name: str
    title: str
    prepare: Callable[[Session], Plan]
    minutes: float
    """How long the full run takes, about: said before it begins."""
    slow: bool = False
    """Left out of --quick unless it is named."""


def in_turn(ways: Sequence[str], number: int, measure: Callable[[str], Measures]) -> Round:
    """Measure the ways of one round; every other round in reverse, so that a drift of the machine meets all alike."""
    order = ways if number % 2 == 0 else tuple(reversed(ways))
    found = {way: measure(way) for way in order}
    return {way: found[way] for way in ways}
