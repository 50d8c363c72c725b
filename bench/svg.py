"""SVG by hand: the few shapes that the charts are made of. Coordinates are pixels from the upper left corner."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

INK = "#1f2933"
QUIET = "#6b7785"
GRID = "#e1e6eb"
GOOD = "#1c7c54"
BAD = "#b42318"
LINE = "#2b5d9c"
_FONT = "font-family='system-ui, sans-serif'"


def page(width: int, height: int, shapes: list[str]) -> str:
    """A whole picture, on white so that it can be read on a dark page too."""
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}'>"
    return "\n".join([head, f"<rect width='{width}' height='{height}' fill='white'/>", *shapes, "</svg>", ""])


def text(x: float, y: float, content: str, *, anchor: str = "start", size: int = 12, colour: str = INK) -> str:
    """A line of text; `y` is its base line."""
    where = f"x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'"
    return f"<text {where} font-size='{size}' fill='{colour}' {_FONT}>{escape(content)}</text>"


def upright(x: float, y: float, content: str) -> str:
    """A centred line of text that is read from below."""
    turned = f"transform='rotate(-90 {x:.1f} {y:.1f})'"
    return text(x, y, content, anchor="middle", colour=QUIET).replace("<text ", f"<text {turned} ")


def line(x1: float, y1: float, x2: float, y2: float, colour: str = GRID, width: float = 1) -> str:
    """A straight line."""
    ends = f"x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}'"
    return f"<line {ends} stroke='{colour}' stroke-width='{width}'/>"


def dot(x: float, y: float, colour: str, radius: float = 4) -> str:
    """A filled circle."""
    return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius}' fill='{colour}'/>"


def path(points: list[tuple[float, float]], colour: str) -> str:
    """A line through points."""
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f"<polyline points='{joined}' fill='none' stroke='{colour}' stroke-width='2'/>"


def log_scale(low: float, high: float, start: float, end: float, value: float) -> float:
    """Where a value stands between `start` and `end`, on a logarithmic axis from `low` to `high`."""
    if high == low:
        return (start + end) / 2
    return start + (end - start) * (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))


def decades(low: float, high: float) -> list[float]:
    """The powers of ten around both, to put marks at."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


def steps(high: float, count: int = 4) -> list[float]:
    """Round numbers from 0 to at least `high`, to put marks at."""
    rough = high / count if high > 0 else 1.0
    unit = 10.0 ** math.floor(math.log10(rough))
    size = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    return [size * number for number in range(math.ceil(high / size) + 1)] if high > 0 else [0.0, 1.0]
