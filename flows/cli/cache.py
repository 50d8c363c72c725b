"""`lineage cache`: looks after the parse cache."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import EXIT_FAILED

if TYPE_CHECKING:
    from lineage_core.cache.parse_cache import ParseCache

cache = typer.Typer(no_args_is_help=True, help="Look after the parse cache: facts by content, kept between runs.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(cache, name="cache")


def _open() -> "ParseCache":
    from lineage_core.cache.parse_cache import ParseCache
    from lineage_core.settings import load_settings

    return ParseCache(load_settings())


@cache.command()
def stats(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show how many entries there are, their size and how often they were of use."""
    from dataclasses import asdict

    with _open() as opened:
        found = opened.stats()
    if as_json:
        import json

        typer.echo(json.dumps(asdict(found), default=str, indent=2))
        return
    asked = found.hits + found.misses
    typer.echo(f"{found.entries:,} entries, {found.bytes / 2**20:,.1f} MiB on disk")
    typer.echo(f"{found.hits:,} hits in {asked:,} look-ups" + (f" ({found.hits / asked:.0%})" if asked else ""))
    if found.oldest:
        typer.echo(f"the oldest entry is of {found.oldest:%Y-%m-%d %H:%M} UTC")


@cache.command()
def check() -> None:
    """Look at every entry; damaged ones are moved aside and parsed again. Exit code 1 if there were any."""
    with _open() as opened:
        found = opened.check()
    typer.echo(f"{found.checked:,} entries looked at, {found.damaged:,} damaged")
    if found.damaged:
        raise typer.Exit(EXIT_FAILED)


@cache.command()
def clear() -> None:
    """Delete every entry; the next ingest parses what it needs."""
    with _open() as opened:
        typer.echo(f"{opened.clear():,} entries deleted")
