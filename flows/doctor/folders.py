"""Checks of folders and files: the data folder's permissions, disk space, prefect.yaml."""

from __future__ import annotations

import shutil
import stat
import tempfile
from typing import TYPE_CHECKING

from flows.doctor.check import failed, ok
from flows.prefect_auth import auth_file
from flows.prefect_file import read_prefect_file
from flows.stack.plan import prefect_file
from lineage_core.errors import LineageError
from lineage_core.graph.server.config import password_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flows.doctor.check import Answer, Setup
    from lineage_core.settings import Settings

_LITTLE = 1 << 30
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def data_folder(setup: Setup) -> Answer:
    """Whether the data folder can be written, and its secrets are read by nobody else."""
    folder = setup.settings.data_dir.absolute()
    existing = nearest_existing(folder)
    hint = "Set LINEAGE_DATA_DIR to a folder of yours, or correct the permissions."
    try:
        with tempfile.NamedTemporaryFile(dir=existing):
            pass
    except OSError as error:
        return failed(f"{existing} cannot be written: {error.strerror}", hint)
    for secret in _secrets(setup.settings):
        try:
            status = secret.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            return failed(f"{secret} cannot be looked at: {error.strerror}", hint)
        if status.st_mode & _OTHERS:
            return failed(f"{secret} can be read by others", f"chmod go= {secret}")
    return ok(f"{folder}{'' if folder.exists() else ', not made yet'}")


def _secrets(settings: Settings) -> Iterator[Path]:
    yield password_file(settings)
    yield auth_file(settings.prefect_dir)
    yield settings.stack_dir


def disk_space(setup: Setup) -> Answer:
    """Whether there is room for the graph, histories and logs."""
    existing = nearest_existing(setup.settings.data_dir.absolute())
    free = shutil.disk_usage(existing).free
    text = f"{free / 2**30:.1f} GB free at {existing}"
    return ok(text) if free >= _LITTLE else failed(text, "Free at least 1 GB, or set LINEAGE_DATA_DIR to another disk.")


def deployments(setup: Setup) -> Answer:  # noqa: ARG001 - every check is asked the same way
    """Whether prefect.yaml is there and says what it has to."""
    file = prefect_file(None)
    try:
        declared = read_prefect_file(file)
    except LineageError as error:
        return failed(error.message, error.hint)
    return ok(f"{len(declared.deployments)} in {file.absolute()}")


def nearest_existing(folder: Path) -> Path:
    """The folder, or the first above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())
