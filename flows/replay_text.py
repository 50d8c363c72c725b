"""A replay's result as text: the one source of the terminal's lines and of the artifact in the Prefect UI."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.graph.replay_result import ReplayResult

MAX_REASONS = 100
"""Refused rows named in the artifact; the dead letter file has all."""

_MEANINGS = {
    "written": "in the graph now",
    "superseded": "dropped: their file has been ingested anew since, or is gone",
    "waiting": "left for later: their file is not ingested yet, or they are for another database",
    "kept": "refused again",
}


def counts(result: ReplayResult) -> Iterator[tuple[str, int, str]]:
    """(name, rows, what it means) of everything that happened to a row."""
    for name, meaning in _MEANINGS.items():
        if getattr(result, name):
            yield name, getattr(result, name), meaning


def markdown(result: ReplayResult) -> str:
    """The result as the Markdown of a Prefect artifact."""
    sections = ["# Dead letters, written again"]
    table = [f"| {name} | {rows:,} | {meaning} |" for name, rows, meaning in counts(result)]
    if table:
        sections.append("\n".join(["| | Rows | |", "|---|---|---|", *table]))
    for title, lines in (("Failed", result.failures), ("Refused again", result.reasons[:MAX_REASONS])):
        if lines:
            sections.append("\n".join([f"## {title}", "", *(f"- {line}" for line in lines)]))
    if len(result.reasons) > MAX_REASONS:
        sections.append(f"and {len(result.reasons) - MAX_REASONS:,} more, all in the dead letter file")
    return "\n\n".join(sections)
