"""`lineage upstream` and `lineage downstream`: questions to the graph, answered as a tree."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lineage_core.graph.queries import Direction
    from lineage_core.settings import Settings

Name = Annotated[str, typer.Argument(help="A table or column: schema.table.column, or its last parts.")]
Project = Annotated[str | None, typer.Option(help="Whose names are meant. Else INGEST_PROJECT.")]
Depth = Annotated[int, typer.Option(min=1, max=100, help="Steps at most.")]
Influences = Annotated[
    bool, typer.Option("--influences", help="Conditions, joins, filters, groups and sorts count too, not only values.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("upstream")(upstream)
    app.command("downstream")(downstream)


def upstream(name: Name, *, project: Project = None, depth: Depth = 20, influences: Influences = False) -> None:
    """Show what feeds a table or column, as a tree."""
    _ask(name, "upstream", project, depth, influences=influences)


def downstream(name: Name, *, project: Project = None, depth: Depth = 20, influences: Influences = False) -> None:
    """Show what a table or column reaches: what breaks if it changes."""
    _ask(name, "downstream", project, depth, influences=influences)


def _ask(name: str, direction: "Direction", project: str | None, depth: int, *, influences: bool) -> None:
    from lineage_core.settings import load_settings

    typer.echo(answer(load_settings(project=project), name, direction, depth, influences=influences))


def answer(
    settings: "Settings", name: str, direction: "Direction", depth: int = 20, *, influences: bool = False
) -> str:
    """The answer as a tree of text.

    Raises:
        DatabaseError: Neo4j cannot be reached, or the name is unknown or means several things.
    """
    from lineage_core.graph.connection import locate, open_driver
    from lineage_core.graph.queries import render_tree, trace

    database = locate(settings)
    with open_driver(database) as driver:
        tree = trace(driver, database.name, settings.project, name, direction, depth=depth, influences=influences)
    return render_tree(tree)
