"""`lineage demo`: the whole way from SQL files to an answer, on the examples."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli import ask, ingest
from flows.cli.console import options
from lineage_core.errors import SourceError

PROJECT = "demo"
QUESTION = "reporting.DailyPnl.RealisedPnl"

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_NEXT = f"""
What to run next:
  lineage upstream {QUESTION} --project {PROJECT} --influences
  lineage downstream ... --project {PROJECT}     what breaks if a table or column changes
  lineage db browser                             the graph in Neo4j Browser
  lineage ingest your/sql/folder                 your own files
  lineage --help                                 everything else"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The examples.", show_default=False)] = _EXAMPLES,
) -> None:
    """Ingest the examples into the embedded Neo4j and answer a question about them; a second time writes nothing."""
    from lineage_core.settings import load_settings

    if not folder.is_dir():
        raise SourceError(
            f"There are no examples in {folder}.", hint="They come with the source; give their folder, or use `ingest`."
        )
    given = {"project": PROJECT, "root": str(folder.resolve().parent)}
    settings = load_settings(**given)
    report = ingest.run(settings, [str(folder)], verbose=options(context).verbose, **given)
    ingest.finish(report, settings)
    typer.echo(f"\nWhat feeds {QUESTION}?")
    typer.echo(ask.answer(settings, QUESTION, "upstream"))
    typer.echo(_NEXT)
