"""`lineage ingest`: runs the bulk flow in this process, on the Prefect server of PREFECT_API_URL or a local one."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.console import EXIT_FAILED, options, say

if TYPE_CHECKING:
    from lineage_core.ingest.report import Report
    from lineage_core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ingest")(ingest)


def ingest(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(help="Files, folders or globs of one tree.")],
    *,
    project: Annotated[str | None, typer.Option(help="Name of the project in the graph. Else INGEST_PROJECT.")] = None,
    dialect: Annotated[
        str | None, typer.Option(help="Dialect of files without a pattern. Else INGEST_DIALECT.")
    ] = None,
    enable_cache: Annotated[
        bool | None,
        typer.Option("--enable-cache/--disable-cache", help="Parse each content once. Else ENABLE_PARSE_CACHE."),
    ] = None,
    enable_batching: Annotated[
        bool | None,
        typer.Option(
            "--enable-batching/--disable-batching",
            help="Parse in parallel, write in batches; or file by file, row by row. Else ENABLE_BATCHING.",
        ),
    ] = None,
    clear_cache: Annotated[bool, typer.Option("--clear-cache", help="Forget what was parsed before.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Compare all files, not only if one changed; after a change of settings.")
    ] = False,
    confirm_deletions: Annotated[
        bool,
        typer.Option(
            "--confirm-deletions", help="Delete what is gone, be it more than INGEST_MAX_DELETE_SHARE allows."
        ),
    ] = False,
    submitted: Annotated[
        bool,
        typer.Option("--submit", help="Have the worker of `lineage up` do it, before all that waits; return at once."),
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="With --submit: return when the run has ended.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON, and nothing else on stdout.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show tracebacks and Prefect's log.")] = False,
) -> None:
    """Bring the graph up to date with SQL files; what did not change is not written again.

    Files that are gone go from the graph; a file that cannot be parsed keeps what it said before. Exit codes:

    - 0: everything is in the graph, but for statements that were not understood, which are named

    - 1: a file, a batch or a row is not in the graph; each is named, and rows are in the dead letter file

    - 2: a path, a setting or a dialect is wrong

    - 130 or 143: interrupted, by Ctrl-C or by SIGTERM
    """
    from lineage_core.settings import load_settings

    shared = options(context)
    shared.verbose |= verbose
    given = {"project": project, "dialect": dialect, "enable_cache": enable_cache, "enable_batching": enable_batching}
    settings = load_settings(**given)
    chosen = {**given, "clear_cache": clear_cache, "force": force, "confirm_deletions": confirm_deletions}
    if submitted or wait:
        _submit(settings, paths, chosen, wait=wait)
    else:
        finish(run(settings, paths, verbose=shared.verbose, **chosen), settings, as_json=as_json)


def _submit(settings: "Settings", paths: list[str], chosen: dict[str, Any], *, wait: bool) -> None:
    """Say where the run can be watched and, if asked for, how it ended; exit with 1 if it failed."""
    from flows import submit

    made = submit.submit(settings, paths, **chosen)
    typer.echo(f"Run {made.name}: {made.url}")
    if wait:
        ended = submit.wait(made, say)
        typer.echo(ended.message)
        if not ended.well:
            raise typer.Exit(EXIT_FAILED)


def run(settings: "Settings", paths: list[str], *, verbose: bool = False, **parameters: object) -> "Report":
    """Run the flow with progress, and warnings of the parts behind it, on standard error."""
    from flows.cli.progress import shown
    from flows.run_bulk import run_bulk

    with shown() as progress, nullcontext() if verbose else _warnings_shown():
        return run_bulk(
            settings, paths, progress=progress, say=say, chatter="verbose" if verbose else "quiet", **parameters
        )


class _Said(logging.Handler):
    """Log records as lines for people."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        say(record.getMessage())


@contextmanager
def _warnings_shown() -> Iterator[None]:
    """Prefect's console is quiet, so warnings are shown past it."""
    handler = _Said(logging.WARNING)
    logger = logging.getLogger("lineage_core")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def finish(report: "Report", settings: "Settings", *, as_json: bool = False) -> None:
    """Print the report; exit with 1 if something failed."""
    from flows.cli.report import show

    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        show(report, dead_letters=str(settings.dead_letters))
    if report.failed:
        raise typer.Exit(EXIT_FAILED)
