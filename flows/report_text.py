"""A report as rows of text: the one source of the terminal's tables and of the artifact in the Prefect UI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.ingest.report import FileProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lineage_core.ingest.report import Report

_MEBIBYTE = 2**20
_WORST_FIRST = ("failed", "partial", "ok", "relinked", "deleted")


def summary(report: Report) -> Iterator[tuple[str, str]]:
    """What happened, as (name, value)."""
    files, changes = report.files, report.changes
    yield "Files", counted(files.model_dump())
    if report.dialects:
        yield "Dialects", counted(dict(sorted(report.dialects.items(), key=lambda item: -item[1])))
    yield "Nodes", counted(_of("nodes_", changes.model_dump()))
    yield "Relationships", counted(_of("relationships_", changes.model_dump()))
    yield "Parse cache", f"{report.cache_hits:,} hits, {report.cache_misses:,} parsed"
    yield "Dead letters", f"{report.dead_letters:,} rows"
    yield "Seconds", ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in report.seconds.items())
    yield "Total", f"{report.total_seconds:.1f} s, peak memory {report.peak_memory / _MEBIBYTE:,.0f} MiB"


def content(report: Report) -> Iterator[tuple[str, str]]:
    """What the project has in the graph, as (label or type, count), the most frequent first."""
    for counts in (report.content.labels, report.content.types):
        for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            yield name, f"{count:,}"


def failures(report: Report) -> list[str]:
    """What makes the run a failed one, a line each."""
    return [*report.failures, *map(str, report.failed_files)]


def file_rows(report: Report) -> Iterator[dict[str, object]]:
    """What became of each file that the run had to do with, the worst first; a row for each wrong line of it."""
    problems: dict[str, list[FileProblem]] = {}
    for problem in (*report.failed_files, *report.problems):
        problems.setdefault(problem.path, []).append(problem)
    statuses = {**dict.fromkeys(problems, "failed"), **report.statuses}
    for path in sorted(statuses, key=lambda path: (_WORST_FIRST.index(statuses[path]), path)):
        for problem in problems.get(path, [FileProblem(path=path, message="")]):
            yield {"status": statuses[path], "file": path, "line": problem.line or None, "message": problem.message}


def markdown(report: Report) -> str:
    """The report as the Markdown of a Prefect artifact; the artifact's description is the outcome in one line."""
    sections = [f"# Project {report.project}: {'failed' if report.failed else 'up to date'}"]
    sections.append(_table(("This run", ""), summary(report)))
    sections += _listed("Failed", failures(report)) + _listed("Notes", report.notes)
    sections += _listed("Statements not understood", map(str, report.problems))
    if report.content.labels:
        sections += ["## In the graph", _table(("Label or type", "Count"), content(report))]
    return "\n\n".join(sections)


def _of(prefix: str, counts: dict[str, int]) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}


def counted(counts: dict[str, int]) -> str:
    """Counts in words, without those that are zero."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none"


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join(lines)


def _listed(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"- `{line.replace('`', chr(39))}`" for line in lines]
    return [f"## {title}", "\n".join(found[:_LISTED] + _more(found))] if found else []


def _more(found: list[str]) -> list[str]:
    return [f"- and {len(found) - _LISTED:,} more"] if len(found) > _LISTED else []


_LISTED = 200
"""Lines of one section: an artifact is read by people, and Prefect keeps it in one database row."""
