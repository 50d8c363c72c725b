"""`lineage deploy`: pool, queues and deployments of prefect.yaml on a Prefect server."""

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("deploy")(deploy)


def deploy(
    *,
    file: Annotated[Path, typer.Option("--file", help="The declarations.")] = Path("prefect.yaml"),
) -> None:
    """Make the work pool, its queues and the deployments of prefect.yaml; again changes nothing.

    They go to the Prefect server of PREFECT_API_URL, or into the local server's database. A worker runs them:
    prefect worker start --pool lineage
    """
    from flows.prefect_file import read_prefect_file
    from flows.prefect_session import prefect_session
    from lineage_core.settings import load_settings

    declared = read_prefect_file(file)
    with prefect_session(load_settings()) as server:
        from flows import deploy as deployment  # imports prefect, which reads the session's environment

        deployment.deploy(file, declared)
        pool = declared.definitions.pool
        queues = ", ".join(f"{name} (priority {priority})" for name, priority in pool.queues.items())
        typer.echo(f"Work pool {pool.name} with queues {queues}")
        for item in declared.deployments:
            typer.echo(f"Deployment {item.name}: {item.entrypoint}. {item.description}")
        if server.local:
            say("They are kept by the local server, which stops now. To run them, start one that stays:")
            say(f"  PREFECT_HOME={os.environ['PREFECT_HOME']} prefect server start")
