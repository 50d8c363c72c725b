"""The `lineage` command. Each sub-module is one group of commands and imports what is heavy only when it runs."""

from importlib.metadata import version
from typing import Annotated

import typer

from flows import process_end
from flows.cli import (
    ask,
    bench,
    cache,
    db,
    demo,
    deploy,
    doctor,
    flush,
    ingest,
    parse,
    replay,
    settings,
    status,
    up,
    watch,
    worker,
)
from flows.cli.console import Commands, Options
from flows.cli.interrupt import catch_signals

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Turns folders of SQL files into a column-level lineage graph in Neo4j, and answers questions about it.",
    epilog="Exit codes: 0 fine, 1 something failed (it is named), 2 wrong use, 130 interrupted, 143 terminated.",
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the value alone
    if wanted:
        typer.echo(f"lineage {version('sql-lineage-graph')}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", envvar="LINEAGE_DEBUG", help="Show tracebacks and Prefect's log.")
    ] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    context.obj = Options(verbose=verbose)


MODULES = (
    ingest,
    demo,
    ask,
    parse,
    cache,
    db,
    settings,
    deploy,
    replay,
    watch,
    flush,
    up,
    status,
    doctor,
    worker,
    bench,
)

for module in MODULES:
    module.register(app)


def main() -> None:
    """Entry point of the installed `lineage` command."""
    catch_signals()
    try:
        app()
    except SystemExit as ended:
        process_end.end(ended.code)
        raise
