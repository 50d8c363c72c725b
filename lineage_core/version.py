"""Versions of what the code does, made from the code itself, so that nobody has to remember to raise a number."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

_PACKAGE = Path(__file__).parent


def code_version(*parts: str, packages: tuple[str, ...] = ()) -> str:
    """Twelve hex digits over the sources of some of our modules and the versions of packages they rely on.

    Args:
        parts: folders or files below lineage_core.
        packages: names of installed distributions.
    """
    digest = hashlib.sha256()
    for part in parts:
        path = _PACKAGE / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0" + file.read_bytes())
    for package in packages:
        digest.update(f"{package} {version(package)}".encode())
    return digest.hexdigest()[:12]
