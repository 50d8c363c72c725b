"""`lineage replay`: writes dead letters again."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import EXIT_FAILED, options, say

if TYPE_CHECKING:
    from flows.prefect_environment import Chatter
    from lineage_core.graph.replay_result import ReplayResult

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    context: typer.Context,
    *,
    file: Annotated[str | None, typer.Option(help="The dead letter file. Else the data folder's.")] = None,
    project: Annotated[str | None, typer.Option(help="Only the rows of this project.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON, and nothing else on stdout.")
    ] = False,
) -> None:
    """Write rows that the database refused again; those it takes now leave the dead letter file.

    So do rows whose file has been ingested anew since, or is gone. Exit codes:

    - 0: every row was written or dropped, or waits until its file is ingested

    - 1: a row was refused again; each is named, and stays in the file

    - 2: the file or a setting is wrong
    """
    from flows.run_replay import run_replay
    from lineage_core.settings import load_settings

    chatter: Chatter = "verbose" if options(context).verbose else "quiet"
    result = run_replay(load_settings(), file, project, say=say, chatter=chatter)
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
    else:
        _show(result)
    if result.failed:
        raise typer.Exit(EXIT_FAILED)


def _show(result: "ReplayResult") -> None:
    from flows.replay_text import counts

    for name, rows, meaning in counts(result):
        typer.echo(f"{rows:>8,} {name:<11} {meaning}")
    for line in [*result.failures, *result.reasons[:_SHOWN]]:
        say(f"  {line}")
    if len(result.reasons) > _SHOWN:
        say(f"  and {len(result.reasons) - _SHOWN} more; --json has all of them")
    if not (result.failures or any(True for _ in counts(result))):
        typer.echo("There are no dead letters.")
