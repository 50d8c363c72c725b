"""The end of a command's process, where something would hold it up for long."""

from __future__ import annotations

import os
import sys

_given_up: list[str] = []


def give_up(what: str) -> None:
    """Something that the interpreter would wait for at its end need not be waited for any more."""
    _given_up.append(what)


def end(code: object) -> None:
    """End this process, if something was given up; else return.

    Args:
        code: of a SystemExit.
    """
    if _given_up:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))
