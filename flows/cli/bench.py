"""`lineage bench`: the benchmarks of a checkout take the place of this process."""

import os
import sys
from pathlib import Path

import typer

from lineage_core.errors import SourceError

ROOT = Path(__file__).resolve().parents[2]


def register(app: typer.Typer) -> None:
    """Add the command. Options, --help included, are the benchmarks' own."""
    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    app.command("bench", context_settings=settings)(bench)


def bench(context: typer.Context) -> None:
    """Measure how fast it is, against other ways; needs a checkout. `lineage bench --help` lists the comparisons."""
    if not (ROOT / "bench" / "__main__.py").is_file():
        raise SourceError(
            f"There are no benchmarks in {ROOT}: they come with the source, not with the installed package.",
            hint="Clone the repository, run `make setup` there, then `.venv/bin/lineage bench --quick`.",
        )
    os.execv(sys.executable, [sys.executable, "-m", "bench", *context.args])
