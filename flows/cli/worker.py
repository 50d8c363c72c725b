"""`lineage worker`: the worker as a service of its own."""

from typing import Annotated

import typer

from flows.cli.console import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker")(worker)


def worker(
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Flow runs that are worked on at the same time. Default: any number.")
    ] = None,
    reconcile: Annotated[
        bool,
        typer.Option("--reconcile", help="First free what a killed worker held; only where no other worker runs."),
    ] = False,
) -> None:
    """Run what the Prefect server has for work pool `lineage`, until Ctrl-C.

    The server is that of PREFECT_API_URL, or the local one that `lineage up` starts. Runs of queue critical come first,
    then normal, then batch. Runs that are under way when it stops are stopped.
    """
    from flows.run_worker import run_worker
    from lineage_core.settings import load_settings

    run_worker(load_settings(), limit=limit, reconcile=reconcile, say=say)
