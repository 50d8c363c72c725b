"""`lineage flush`: closes the running watcher's window now."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("flush")(flush)


def flush(
    *,
    project: Annotated[
        str | None, typer.Option(help="Name of the project that is watched. Else INGEST_PROJECT.")
    ] = None,
) -> None:
    """Have the watcher ingest what it holds now, instead of when its window closes; says what came of it."""
    from flows.watch.requests import ask_to_flush
    from lineage_core.settings import load_settings

    typer.echo(ask_to_flush(load_settings(project=project)))
