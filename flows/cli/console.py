"""What every command shares: where it prints, and how an error becomes a message and an exit code."""

import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from flows import process_end
from flows.cli.interrupt import signal_behind
from lineage_core.errors import LineageError, SettingsError, SourceError, UnknownDialectError

if TYPE_CHECKING:
    from rich.console import Console

EXIT_FAILED = 1
EXIT_WRONG_USE = 2

_WRONG_USE = (SettingsError, SourceError, UnknownDialectError)


@dataclass
class Options:
    """Options given before the command. `verbose` shows tracebacks, and the logs of the parts that work behind."""

    verbose: bool = False


def options(context: typer.Context) -> Options:
    """The options given before the command."""
    return context.ensure_object(Options)


def terminal() -> "Console":
    """Standard output for people: tables and trees, as wide as the terminal or, into a file, as wide as they need."""
    from rich.console import Console

    plain = not sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=plain, width=160 if plain else None)


def say(message: str) -> None:
    """One line for people on standard error, so that standard output stays the answer."""
    typer.echo(message, err=True)


class Commands(TyperGroup):
    """The command group that turns errors into messages.

    Exit codes: 1 something failed, 2 wrong use (a path, a setting, a dialect), 130 or 143 ended by a signal.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command; the one place where an error of ours, or an interruption, ends."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, Exception) as error:  # of a signal any error can come; all others go on below
            number = signal_behind(error)
            if number is None and not isinstance(error, LineageError):
                raise
            if options(ctx).verbose:
                traceback.print_exception(error)
            raise typer.Exit(_told(error) if number is None else _interrupted(number)) from error


def _told(error: BaseException) -> int:
    say(f"Error: {error}")
    return EXIT_WRONG_USE if isinstance(error, _WRONG_USE) else EXIT_FAILED


def _interrupted(number: int) -> int:
    say("Interrupted. Files that were written stay; the next run does the rest.")
    process_end.end_within(process_end.INTERRUPTED_SECONDS)
    return 128 + number
