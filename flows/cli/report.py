"""An ingest report on the terminal: tables on standard output, what went wrong on standard error."""

from typing import TYPE_CHECKING

from flows.cli.console import say, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.ingest.report import Report

_SHOWN = 20


def show(report: "Report", *, dead_letters: str) -> None:
    """Print the tables, then what was not understood, then what failed. `dead_letters` is the file of refused rows."""
    from rich.table import Table

    from flows import report_text

    console = terminal()
    table = Table("", report.project, title=report.outcome if not report.failed else "failed", title_justify="left")
    for name, value in report_text.summary(report):
        table.add_row(name, value)
    console.print(table)
    if report.content.labels:
        console.print("In the graph: " + ", ".join(f"{count} {name}" for name, count in report_text.content(report)))
    _warn(
        "Statements not understood (the rest of their files is in the graph):", [str(item) for item in report.problems]
    )
    _warn("Notes:", report.notes)
    _warn("Failed:", report_text.failures(report))
    if report.dead_letters:
        say(f"{report.dead_letters} rows could not be written; they are in {dead_letters}, with the reason.")


def _warn(title: str, lines: "Sequence[str]") -> None:
    if not lines:
        return
    say(title)
    for line in lines[:_SHOWN]:
        say(f"  {line}")
    if len(lines) > _SHOWN:
        say(f"  and {len(lines) - _SHOWN} more; --json has all of them")
