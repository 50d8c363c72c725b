"""Results as pictures: the ratios beside what was promised, and the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench import svg
from bench.table import number, promise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDTH = 920
_LABELS = 330
_RIGHT = 200
_ROW = 26
_TOP = 52
_PANEL = (300, 240)
"""Width and height of one curve with its labels."""

_MARGIN = (62, 34, 14, 50)
"""Left, top, right and bottom of a panel's plot."""


def ratios_chart(results: Mapping[str, Mapping[str, Any]]) -> str:
    """A row a ratio: median as a dot, smallest and largest round as a bar, the promise as an upright mark."""
    rows = [(name, ratio) for name, result in results.items() for ratio in result["ratios"] if ratio["bottom"]]
    ends = [value for _, ratio in rows for value in _numbers(ratio) if value > 0] or [1.0]
    marks = svg.decades(min(ends), max(ends))
    bottom = _TOP + _ROW * len(rows)
    shapes = [
        svg.text(16, 24, "Ratios: median, smallest to largest round, and what is promised (upright mark)", size=15)
    ]
    for mark in marks:
        x = _ratio_x(marks, mark)
        shapes += [svg.line(x, _TOP - 8, x, bottom), _mark_text(x, bottom + 16, mark)]
    for index, (name, ratio) in enumerate(rows):
        shapes += _ratio_row(marks, _TOP + _ROW * index + _ROW / 2, name, ratio)
    middle = (_LABELS + _WIDTH - _RIGHT) / 2
    shapes.append(svg.text(middle, bottom + 36, "ratio (no unit; logarithmic)", anchor="middle", colour=svg.QUIET))
    return svg.page(_WIDTH, bottom + 50, shapes)


def _numbers(ratio: Mapping[str, Any]) -> list[float]:
    found = (ratio[name] for name in ("low", "high", "at_least", "at_most", "goal"))
    return [value for value in found if value is not None]


def _ratio_x(marks: Sequence[float], value: float) -> float:
    return svg.log_scale(marks[0], marks[-1], _LABELS, _WIDTH - _RIGHT, max(value, marks[0]))


def _mark_text(x: float, y: float, value: float) -> str:
    return svg.text(x, y, f"{value:g}", anchor="middle", size=11, colour=svg.QUIET)


def _ratio_row(marks: Sequence[float], y: float, name: str, ratio: Mapping[str, Any]) -> list[str]:
    colour = _colour(ratio)
    low, middle, high = (_ratio_x(marks, ratio[key]) for key in ("low", "median", "high"))
    shapes = [svg.text(_LABELS - 14, y + 4, f"{name}: {ratio['label']}", anchor="end")]
    for key in ("at_least", "at_most"):
        if ratio[key] is not None:
            x = _ratio_x(marks, ratio[key])
            shapes.append(svg.line(x, y - 9, x, y + 9, svg.INK, 2))
    said = f"{number(ratio['median'])}  ({promise(ratio)})" if promise(ratio) else number(ratio["median"])
    shapes += [svg.line(low, y, high, y, colour, 3), svg.dot(middle, y, colour)]
    return [*shapes, svg.text(_WIDTH - _RIGHT + 14, y + 4, said, colour=colour)]


def _colour(ratio: Mapping[str, Any]) -> str:
    if not promise(ratio):
        return svg.LINE
    return svg.GOOD if ratio["met"] else svg.BAD


def curves_chart(title: str, curves: Sequence[Mapping[str, Any]]) -> str:
    """Panels side by side, three in a row: medians joined by a line, smallest to largest round as upright bars."""
    across = min(3, len(curves))
    width, height = _PANEL
    shapes = [svg.text(16, 24, title, size=15)]
    for index, curve in enumerate(curves):
        shapes += _panel(curve, 10 + width * (index % across), 36 + height * (index // across))
    rows = -(-len(curves) // across)
    return svg.page(max(20 + width * across, 460), 46 + height * rows, shapes)


def _panel(curve: Mapping[str, Any], left: float, top: float) -> list[str]:
    x_start, y_end = left + _MARGIN[0], top + _MARGIN[1]
    x_end, y_start = left + _PANEL[0] - _MARGIN[2], top + _PANEL[1] - _MARGIN[3]
    points = curve["points"]
    heights = svg.steps(max(point["high"] for point in points))
    lowest, highest = points[0]["x"], points[-1]["x"]

    def across(value: float) -> float:
        return svg.log_scale(lowest, highest, x_start + 12, x_end - 12, value)

    def up(value: float) -> float:
        return y_start + (y_end - y_start) * value / heights[-1]

    shapes = [svg.text((x_start + x_end) / 2, top + 20, curve["title"], anchor="middle", size=13)]
    for value in heights:
        shapes += [svg.line(x_start, up(value), x_end, up(value))]
        shapes += [svg.text(x_start - 6, up(value) + 4, f"{value:g}", anchor="end", size=11, colour=svg.QUIET)]
    for point in points:
        x = across(point["x"])
        shapes += [_mark_text(x, y_start + 16, point["x"])]
        shapes += [svg.line(x, up(point["low"]), x, up(point["high"]), svg.LINE, 2)]
        shapes += [svg.dot(x, up(point["median"]), svg.LINE)]
    shapes.append(svg.path([(across(point["x"]), up(point["median"])) for point in points], svg.LINE))
    below = svg.text((x_start + x_end) / 2, y_start + 36, curve["x_label"], anchor="middle", colour=svg.QUIET)
    return [*shapes, below, svg.upright(left + 14, (y_start + y_end) / 2, curve["y_label"])]
