"""Results as Markdown tables, and the place of a document that they go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.measured import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

BEGIN = "<!-- bench:begin -->"
END = "<!-- bench:end -->"


def ratios_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """What was promised and what was measured, a line a ratio."""
    rows = [
        (name, ratio["label"], _spread(ratio), promise(ratio), _kept(ratio))
        for name, result in results.items()
        for ratio in result["ratios"]
    ]
    return table(("comparison", "ratio", "median (min to max)", "promised", "kept"), rows)


def seconds_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Wall and CPU seconds of every way."""
    rows = []
    for name, result in results.items():
        for way, measures in result["ways"].items():
            cells = [_measure(measures, key) for key in ("seconds", "cpu", "prefect_cpu", "neo4j_cpu")]
            rows.append((name, way, *cells, _measure(measures, "memory", 2**-20), str(len(result["rounds"]))))
    head = ("comparison", "way", "seconds", "CPU s", "Prefect server CPU s", "Neo4j CPU s", "peak MiB", "rounds")
    return table(head, rows)


def conditions(results: Mapping[str, Mapping[str, Any]]) -> str:
    """When, where and on how many files each was measured, and what else is to be known."""
    lines = []
    for name, result in results.items():
        machine, options = result["machine"], result["options"]
        load = machine["load_at_start"][0]
        lines.append(
            f"- {name}: {result['title']} {options['files']} files of {options['corpus']}; "
            f"{result['measured_at'][:10]}, commit {machine['commit']}, {machine['cores']} cores of "
            f"{machine['processor']}, {machine['memory_gib']} GiB, load {load} at the start; "
            f"Python {machine['python']}, Neo4j {machine['neo4j_server']}, {_versions(machine['versions'])}."
        )
        lines += [f"  {note}" for note in result["notes"]]
    return "\n".join(lines)


def promise(ratio: Mapping[str, Any]) -> str:
    """What the ratio should be, in words."""
    parts = []
    if ratio["at_least"] is not None:
        parts.append(f"at least {number(ratio['at_least'])}")
    if ratio["at_most"] is not None:
        parts.append(f"at most {number(ratio['at_most'])}")
    if ratio["goal"] is not None:
        parts.append(f"goal {number(ratio['goal'])}")
    return ", ".join(parts)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Three digits that count, at least."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def put_between_markers(document: Path, content: str) -> None:
    """Replace what stands between the markers of a document.

    Raises:
        BenchError: it does not have both, once and in order.
    """
    text = document.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError(f"{document} has no place for results.", hint=f"It needs the lines {BEGIN} and {END}.")
    document.write_text(f"{before}{BEGIN}\n{content.strip()}\n{END}{after}", "utf-8")


def _kept(ratio: Mapping[str, Any]) -> str:
    if not promise(ratio):
        return ""
    return "yes" if ratio["met"] else "**no**"


def _spread(found: Mapping[str, float]) -> str:
    return f"{number(found['median'])} ({number(found['low'])} to {number(found['high'])})"


def _measure(measures: Mapping[str, Mapping[str, float]], name: str, scale: float = 1.0) -> str:
    if name not in measures:
        return ""
    return _spread({key: value * scale for key, value in measures[name].items()})


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(_listed(versions))


def _listed(versions: Mapping[str, str]) -> Iterator[str]:
    for name, version in versions.items():
        if name != "sql-lineage-graph":
            yield f"{name} {version}"
