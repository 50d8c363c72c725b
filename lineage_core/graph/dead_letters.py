"""Dead letters: rows that the database refused, kept whole in a file of JSON lines until they can be written."""

from __future__ import annotations

import json
import math
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from pydantic import BaseModel

from lineage_core.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class DeadLetter(BaseModel):
    """One refused row. `kind` is node or relationship; `row` is everything it held."""

    timestamp: str
    error: str
    message: str
    file: str
    run_id: str
    project: str
    kind: str
    row: dict[str, Any]


def dead_letter(error: BaseException | str, *, file: str, run_id: str, project: str, row: dict[str, Any]) -> DeadLetter:
    """A letter for a row that was refused now."""
    return DeadLetter(
        timestamp=datetime.now(UTC).isoformat(),
        error="ValidationError" if isinstance(error, str) else type(error).__name__,
        message=str(error),
        file=file,
        run_id=run_id,
        project=project,
        kind="relationship" if "start" in row else "node",
        row=row,
    )


def append(path: Path, letters: Iterable[DeadLetter]) -> int:
    """Add letters to the file, on disk when this returns; returns how many.

    Raises:
        DatabaseError: the file cannot be written: the rows would be lost, so the batch must fail.
    """
    lines = [json.dumps(_plain(letter.model_dump()), ensure_ascii=True) + "\n" for letter in letters]
    if not lines:
        return 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")), path.open("a", encoding="ascii") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DatabaseError(
            f"{len(lines)} refused rows cannot be kept in {path}: {error}",
            hint="Make LINEAGE_DATA_DIR a folder that can be written, and run the ingest again.",
        ) from error
    return len(lines)


def read(path: Path) -> Iterator[DeadLetter]:
    """The letters of a file; a damaged line is skipped."""
    if not path.is_file():
        return
    with path.open(encoding="ascii", errors="replace") as file:
        for line in file:
            try:
                yield DeadLetter.model_validate(_restored(json.loads(line)))
            except ValueError:
                continue


def _plain(value: Any) -> Any:
    """JSON that says everything: what JSON has no form for becomes {"$type": text}."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return {"$text": str(value)}


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$float"}:
        return float(value["$float"])
    if value.keys() == {"$bytes"}:
        return bytes.fromhex(value["$bytes"])
    if value.keys() == {"$text"}:
        return value["$text"]
    return {key: _restored(item) for key, item in value.items()}
