"""`lineage up`: the whole local stack in one command."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import say, terminal

if TYPE_CHECKING:
    from flows.stack.state import StackState
    from lineage_core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    roots: Annotated[
        list[str] | None, typer.Argument(help="Folders to watch, in the project's root. None: the root itself.")
    ] = None,
    *,
    project: Annotated[str | None, typer.Option(help="Name of the project in the graph. Else INGEST_PROJECT.")] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Ingest each change at once, as WATCH_DEBOUNCE_SECONDS=0 does.")
    ] = False,
    force_polling: Annotated[
        bool | None, typer.Option("--force-polling", help="For network drives. Else WATCH_FORCE_POLLING.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Flow runs that are worked on at the same time. Default: any number.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Where the Prefect server listens; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    secure: Annotated[
        bool | None,
        typer.Option(
            "--secure/--no-secure",
            help="Have the Prefect server ask for an auth string. Default: if other machines can reach it.",
        ),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="The deployments. Default: prefect.yaml.")] = None,
) -> None:
    """Start everything that keeps the graph current, and look after it until Ctrl-C: then all of it stops.

    Neo4j (unless NEO4J_URI names one), a Prefect server (unless PREFECT_API_URL does), its deployments, a worker that
    runs them, the watcher that triggers them, and metrics for Prometheus. What ends by itself is started again.
    `lineage status`, in another terminal, shows how it is; `lineage ingest` and the others use the same servers.
    """
    from flows.stack.plan import Wanted
    from flows.stack.run_stack import run_stack
    from lineage_core.settings import load_settings

    settings = load_settings(
        project=project, watch_debounce_seconds=0.0 if realtime else None, watch_force_polling=force_polling
    )
    wanted = Wanted(tuple(roots or ()), file, host, secured=secure, limit=limit)
    run_stack(settings, wanted, say=say, ready=lambda state: _show(state, settings))
    say("Everything is stopped.")


def _show(state: "StackState", settings: "Settings") -> None:
    from rich.table import Table

    from flows.stack.urls import urls

    table = Table("", "Address", "Login", title=f"Project {state.project}, watching {', '.join(state.roots)}")
    for row in urls(state, settings):
        table.add_row(*row)
    terminal().print(table)
    say(f"Logs are in {settings.stack_dir.absolute()}. Ctrl-C stops everything.")
