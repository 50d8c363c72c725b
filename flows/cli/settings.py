"""`lineage settings`: every setting with its environment name, default, current value and meaning."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from flows.cli.console import terminal

_SECRET = "********"  # noqa: S105 - what is shown instead of one
_COMPUTED = "computed"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings")(show_settings)


def show_settings(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/settings.md.")] = False,
) -> None:
    """Show every setting: environment name, default, current value, meaning.

    A setting comes from the command line, else the environment, else lineage.toml in the current folder, where its name
    is the environment's in small letters or the one in the second column.
    """
    rows = list(_rows())
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    elif as_markdown:
        typer.echo(_markdown(rows))
    else:
        _table(rows)


def _rows() -> Iterator[dict[str, str]]:
    from pydantic import SecretStr

    from lineage_core.settings import Settings, load_settings

    current = load_settings()
    for name, field in Settings.model_fields.items():
        value = getattr(current, name)
        secret = isinstance(value, SecretStr)
        yield {
            "environment": str(getattr(field.validation_alias, "choices", [name])[0]),
            "name": name,
            "default": "" if secret else _text(_default(field)),
            "value": (_SECRET if value.get_secret_value() else "") if secret else _text(value),
            "meaning": field.description or "",
        }


def _default(field: Any) -> Any:
    """A default that is computed on this machine is told by the meaning."""
    computed = field.default_factory is not None and field.default_factory is not dict
    return _COMPUTED if computed else field.get_default(call_default_factory=True)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | tuple):
        return json.dumps(value) if value else ""
    return str(value)


def _table(rows: list[dict[str, str]]) -> None:
    from rich.table import Table

    table = Table("Environment", "lineage.toml", "Value", "Default", "Meaning", show_lines=False)
    for row in rows:
        changed = row["value"] != row["default"] and row["default"] != _COMPUTED
        value = f"[bold]{row['value']}[/bold]" if changed else row["value"]
        table.add_row(row["environment"], row["name"], value, row["default"], row["meaning"])
    terminal().print(table)


def _markdown(rows: list[dict[str, str]]) -> str:
    lines = ["| Environment | lineage.toml | Default | Meaning |", "|---|---|---|---|"]
    for row in rows:
        default = f"`{row['default']}`" if row["default"] else ""
        lines.append(f"| `{row['environment']}` | `{row['name']}` | {default} | {row['meaning']} |")
    return "\n".join(lines)
