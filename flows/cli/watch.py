"""`lineage watch`: the watcher as a service of its own."""

import logging
import sys
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("watch")(watch)


def watch(
    roots: Annotated[
        list[str] | None, typer.Argument(help="Folders in the project's root. None: the root itself, INGEST_ROOT.")
    ] = None,
    *,
    project: Annotated[str | None, typer.Option(help="Name of the project in the graph. Else INGEST_PROJECT.")] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Ingest each change at once, as WATCH_DEBOUNCE_SECONDS=0 does.")
    ] = False,
    debounce: Annotated[
        float | None, typer.Option(help="Seconds of quiet that close a window. Else WATCH_DEBOUNCE_SECONDS.")
    ] = None,
    force_polling: Annotated[
        bool | None, typer.Option("--force-polling", help="For network drives. Else WATCH_FORCE_POLLING.")
    ] = None,
) -> None:
    """Watch folders and have changed files ingested, seconds after they were saved, until Ctrl-C.

    Runs go to the deployment incremental/watch of the Prefect server that PREFECT_API_URL names, or of the local one
    that `lineage up` starts. While it cannot be reached, and while no watcher runs, nothing is lost: changes are kept,
    and what happened meanwhile is found by comparing the tree with the graph.
    """
    from flows.watch.run_watch import run_watch
    from lineage_core.settings import load_settings

    settings = load_settings(
        project=project, watch_debounce_seconds=0.0 if realtime else debounce, watch_force_polling=force_polling
    )
    _log_to_standard_error()
    run_watch(settings, roots or [])


def _log_to_standard_error() -> None:
    """The watcher's own log, and warnings of the parts behind it. Prefect, imported later, leaves these alone."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    for name, level in (("flows.watch", logging.INFO), ("lineage_core", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
