"""The results in docs/: tables between the markers of benchmarks.md, pictures in images/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.chart import curves_chart, ratios_chart
from bench.table import conditions, put_between_markers, ratios_table, seconds_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def document(results: Mapping[str, Mapping[str, Any]], docs: Path) -> None:
    """Write both.

    Raises:
        BenchError: docs/benchmarks.md has no markers.
    """
    images = docs / "images"
    images.mkdir(exist_ok=True)
    (images / "bench-ratios.svg").write_text(ratios_chart(results), "utf-8")
    parts = [ratios_table(results), "![Ratios measured and promised](images/bench-ratios.svg)"]
    for name, result in results.items():
        if result["curves"]:
            (images / f"bench-{name}.svg").write_text(curves_chart(result["title"], result["curves"]), "utf-8")
            parts.append(f"![{result['title']}](images/bench-{name}.svg)")
    parts += [seconds_table(results), conditions(results)]
    put_between_markers(docs / "benchmarks.md", "\n\n".join(parts))
