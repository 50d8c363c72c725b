"""`lineage status`: the parts of the running stack."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import EXIT_FAILED, say, terminal

if TYPE_CHECKING:
    from flows.stack.status import StackStatus


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show each part of what `lineage up` started: state, process, since when, restarts, address.

    Exit code 1 if something is down.
    """
    from flows.stack.status import read_status
    from lineage_core.settings import load_settings

    found = read_status(load_settings())
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _show(found)
    if not found.well:
        raise typer.Exit(EXIT_FAILED)


def _show(found: "StackStatus") -> None:
    from rich.table import Table

    from flows.stack.words import lasted

    if found.parts:
        state = f"up for {lasted(found.seconds)} (process {found.pid})" if found.running else "not running"
        table = Table("Part", "State", "Process", "Since", "Restarts", "Address", "Note")
        table.title = f"Project {found.project}: {state}, watching {', '.join(found.roots)}"
        for part in found.parts:
            style = "" if part.well else "bold red"
            process = str(part.pid or "")
            row = (part.title, part.state, process, lasted(part.seconds), str(part.restarts), part.url, part.note)
            table.add_row(*row, style=style)
        terminal().print(table)
    if found.message:
        say(found.message)
