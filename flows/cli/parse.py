"""`lineage parse`: what one script says, without any database."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.console import say, terminal
from lineage_core.errors import SourceError

if TYPE_CHECKING:
    from rich.tree import Tree

    from lineage_core.lineage import Lineage, StatementLineage


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("parse")(parse)


def parse(
    file: Annotated[Path, typer.Argument(help="SQL file, or - for standard input.", allow_dash=True)],
    *,
    dialect: Annotated[str, typer.Option(help="tsql, postgres, snowflake, ... Found from the text if empty.")] = "",
    catalog: Annotated[
        Path | None, typer.Option(help='JSON file with the columns of known tables: {"dbo.orders": ["id", "amount"]}.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show the lineage of one script: reads, writes and columns, statement by statement."""
    from lineage_core import analyze

    answer = analyze(_text(file), dialect=dialect, catalog=_catalog(catalog))
    if as_json:
        typer.echo(answer.model_dump_json(indent=2))
    else:
        terminal().print(_tree(str(file), answer))
    for problem in answer.errors:
        say(f"{file}:{problem.line}: {problem.message}")


def _text(file: Path) -> str:
    from lineage_core.source.decode import decode

    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}", hint="Give a file, or - for input.") from error
    return decode(content).text


def _catalog(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        known = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SourceError(f"The catalog {file} cannot be read: {error}", hint=_CATALOG_HINT) from error
    if not isinstance(known, dict) or not all(isinstance(columns, list) for columns in known.values()):
        raise SourceError(f"The catalog {file} is not an object of lists.", hint=_CATALOG_HINT)
    return known


_CATALOG_HINT = 'It is a JSON object of table names and their columns: {"dbo.orders": ["id", "amount"]}.'


def _tree(title: str, answer: "Lineage") -> "Tree":
    from rich.tree import Tree

    tree = Tree(f"[bold]{title}[/bold] ({answer.dialect})")
    for definition in answer.defines:
        tree.add(f"defines {definition.kind} [bold]{definition.name}[/bold], line {definition.line}")
    for statement in answer.statements:
        _add_statement(tree, statement)
    whole = tree.add("[bold]the whole script[/bold]")
    for word, names in (("reads", answer.reads), ("writes", answer.writes), ("calls", answer.calls)):
        if names:
            whole.add(f"{word} {', '.join(names)}")
    for flow in answer.columns:
        whole.add(_flow(flow))
    return tree


def _add_statement(tree: "Tree", statement: "StatementLineage") -> None:
    degraded = " [yellow]degraded: tables only[/yellow]" if statement.degraded else ""
    branch = tree.add(f"lines {statement.line}-{statement.end_line}: {statement.kind}{degraded}")
    for word in ("reads", "writes", "drops", "calls"):
        if names := getattr(statement, word):
            branch.add(f"{word} {', '.join(names)}")
    for flow in statement.columns:
        branch.add(_flow(flow))


def _flow(flow: Any) -> str:
    source = f"{flow.source_asset or '?'}.{flow.source_column}"
    target = f"{flow.target_asset}.{flow.target_column}" if flow.target_asset else flow.target_column
    return f"{source} -> {target} [dim]{flow.kind}[/dim]"
