"""`lineage doctor`: whether the set-up can carry the stack."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import EXIT_FAILED, say, terminal

if TYPE_CHECKING:
    from flows.doctor.checks import Finding

_MARKS = {"ok": ("ok", "green"), "skipped": ("-", "dim"), "failed": ("FAILED", "bold red")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    roots: Annotated[
        list[str] | None, typer.Argument(help="Folders to be watched. None: the project's root, INGEST_ROOT.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the set-up, and say what to do about what is wrong. Exit code 1 if something is.

    Nothing is started or changed. Servers that do not run yet are not looked at.
    """
    from flows.doctor.checks import examine
    from lineage_core.settings import load_settings
    from lineage_core.source.identity import absolute

    settings = load_settings()
    tops = [absolute(root) for root in roots or [str(settings.root)]]
    findings = []
    for finding in examine(settings, tops):
        findings.append(finding)
        if not as_json:
            _show(finding)
    wrong = sum(finding.verdict == "failed" for finding in findings)
    if as_json:
        typer.echo(_json(findings))
    elif wrong:
        say(f"{wrong} of {len(findings)} checks failed.")
    if wrong:
        raise typer.Exit(EXIT_FAILED)


def _show(finding: "Finding") -> None:
    """As soon as it is known: some take seconds."""
    from rich.text import Text

    word, style = _MARKS[finding.verdict]
    console = terminal()
    console.print(Text(f"{finding.about:<22}"), Text(f"{word:<7}", style), Text(finding.message))
    if finding.hint:
        console.print(Text(f"{'':<30} -> {finding.hint}"))


def _json(findings: Iterable["Finding"]) -> str:
    import json

    return json.dumps([finding.model_dump() for finding in findings], indent=2)
