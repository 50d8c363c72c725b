"""Values of the command lines here."""

from __future__ import annotations

import argparse


def positive(text: str) -> int:
    """A number of files, rounds and the like."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)
