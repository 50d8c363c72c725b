"""The auth string of the local Prefect server: made once, and kept for its owner only.

It is a user name and a password with a colon between, as Prefect wants it; the UI asks for the whole of it.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SERVER_VARIABLE = "PREFECT_SERVER_API_AUTH_STRING"
CLIENT_VARIABLE = "PREFECT_API_AUTH_STRING"


def auth_file(home: Path) -> Path:
    """Where the auth string of the server with this folder is kept."""
    return home / "auth"


def read_auth(home: Path) -> str:
    """The auth string; empty if there is none.

    Raises:
        OSError: there is one that cannot be read.
    """
    try:
        return auth_file(home).read_text().strip()
    except FileNotFoundError:
        return ""


def make_auth(home: Path) -> str:
    """The auth string, made now if there is none: random, and readable by its owner from its first byte on.

    Raises:
        OSError: the folder cannot be written.
    """
    known = read_auth(home)
    if known:
        return known
    auth = f"admin:{secrets.token_urlsafe(18)}"
    draft = auth_file(home).with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(auth + "\n")
    draft.replace(auth_file(home))
    return auth
