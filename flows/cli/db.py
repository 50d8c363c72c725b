"""`lineage db`: the embedded Neo4j."""

import shutil
import subprocess
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import say

if TYPE_CHECKING:
    from lineage_core.graph.server.process import EmbeddedServer, ServerStatus

app = typer.Typer(
    no_args_is_help=True,
    help="The embedded Neo4j: a real server on this machine, used where NEO4J_URI is not set.",
)


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="db")


@app.command()
def start() -> None:
    """Start the server; it stays until `lineage db stop`. The first time its jars are fetched."""
    server = _server()
    _show(server.start(say))


@app.command()
def stop() -> None:
    """Stop the server."""
    typer.echo("Neo4j is stopped." if _server().stop() else "Neo4j was not running.")


@app.command()
def status() -> None:
    """Show whether the server runs, where, and how large its store is. Exit code 1 if it does not run."""
    found = _server().status()
    _show(found)
    if not found.running:
        raise typer.Exit(1)


@app.command()
def reset(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop the server and delete everything in it. The jars stay, the next start is quick."""
    server = _server()
    if not yes:
        typer.confirm(f"Delete the graph in {server.status().home}?", abort=True)
    server.reset()
    typer.echo("The graph is deleted. `lineage ingest` makes it anew.")


@app.command()
def browser() -> None:
    """Say where Neo4j Browser is, and open it where there is a desktop."""
    server = _server()
    if not server.status().running:
        server.start(say)
    typer.echo(f"Neo4j Browser: {server.browser_url}\nUser:          neo4j\nPassword:      in {_password_file()}")
    opener = shutil.which("xdg-open")
    if opener:
        subprocess.Popen([opener, server.browser_url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _server() -> "EmbeddedServer":
    from lineage_core.errors import SettingsError
    from lineage_core.graph.server.process import EmbeddedServer
    from lineage_core.settings import load_settings

    settings = load_settings()
    if settings.neo4j_uri:
        raise SettingsError(
            f"NEO4J_URI={settings.neo4j_uri} is set, so the embedded Neo4j is not used.",
            hint="Unset it to use the embedded server.",
        )
    return EmbeddedServer(settings)


def _password_file() -> str:
    from lineage_core.graph.server.config import password_file
    from lineage_core.settings import load_settings

    return str(password_file(load_settings()).resolve())


def _show(found: "ServerStatus") -> None:
    rows = {
        "Neo4j": f"{found.version}, {'running' if found.running else 'not running'}",
        "Process": f"{found.pid}, up {found.uptime:.0f} s, {found.memory_bytes / 2**20:.0f} MB"
        if found.running
        else "",
        "Bolt": found.bolt_uri,
        "Browser": found.browser_url,
        "Store": f"{found.home} ({found.store_bytes / 2**20:.1f} MB)",
    }
    for name, value in rows.items():
        if value:
            typer.echo(f"{name + ':':<9} {value}")
