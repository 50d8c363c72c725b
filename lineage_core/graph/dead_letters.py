"""Dead letters: rows that the database refused, kept whole in a file of JSON lines until they can be written."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from pydantic import BaseModel

from lineage_core.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


class DeadLetter(BaseModel):
    """One refused row. `kind` is node or relationship; `row` is everything it held.

    `digest` is that of all rows of its file, `database` the id of the database that it was meant for; `tries` are
    replays in vain.
    """

    timestamp: str
    error: str
    message: str
    file: str
    run_id: str
    project: str
    kind: str
    row: dict[str, Any]
    digest: str = ""
    database: str = ""
    tries: int = 0

    @property
    def identity(self) -> str:
        """Equal for the same row of the same file and run, whatever it was refused for."""
        said = json.dumps([self.project, self.file, self.run_id, self.digest, _plain(self.row)], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    def again(self, error: BaseException | str) -> DeadLetter:
        """The letter of a row that was refused once more."""
        return self.model_copy(update={"error": _kind(error), "message": str(error), "tries": self.tries + 1})


def dead_letter(
    error: BaseException | str,
    *,
    file: str,
    run_id: str,
    project: str,
    row: dict[str, Any],
    digest: str = "",
    database: str = "",
) -> DeadLetter:
    """A letter for a row that was refused now."""
    return DeadLetter(
        timestamp=datetime.now(UTC).isoformat(),
        error=_kind(error),
        message=str(error),
        file=file,
        run_id=run_id,
        project=project,
        kind="relationship" if "start" in row else "node",
        row=row,
        digest=digest,
        database=database,
    )


def append(path: Path, letters: Iterable[DeadLetter]) -> int:
    """Add letters to the file, on disk when this returns; returns how many.

    Raises:
        DatabaseError: the file cannot be written: the rows would be lost, so the batch must fail.
    """
    lines = [_line(letter) for letter in letters]
    if not lines:
        return 0
    with _locked(path, f"{len(lines)} refused rows cannot be kept in"), path.open("ab+") as file:
        if file.tell() and not _ends_in_newline(file):
            file.write(b"\n")  # a line that was cut off must not take the next one with it
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    return len(lines)


def read(path: Path) -> Iterator[DeadLetter]:
    """The letters of a file; a damaged line is skipped."""
    if path.is_file():
        for line in path.read_bytes().split(b"\n"):
            letter = _letter(line)
            if letter is not None:
                yield letter


def rewrite(path: Path, decide: Callable[[DeadLetter], DeadLetter | None]) -> None:
    """Replace or drop letters: all at once, or not at all. Damaged lines and letters added meanwhile are not lost.

    Args:
        path: the file.
        decide: what becomes of a letter that is in the file now: itself, with another error and count of tries, or
            None to drop it.

    Raises:
        DatabaseError: the file cannot be written; it is as it was.
    """
    if not path.is_file():
        return
    with _locked(path, "What became of dead letters cannot be kept in"):
        before = path.read_bytes()
        kept = b"".join(_decided(line, decide) for line in before.split(b"\n") if line)
        if kept == before:
            return
        draft = path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(kept)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, draft)
        draft.replace(path)
        _sync_folder(path.parent)


def _decided(line: bytes, decide: Callable[[DeadLetter], DeadLetter | None]) -> bytes:
    letter = _letter(line)
    if letter is None:
        return line + b"\n"
    then = decide(letter)
    if then is None:
        return b""
    if then == letter:
        return line + b"\n"
    return _dumped({**json.loads(line), **then.model_dump(include={"error", "message", "tries"})})


@contextmanager
def _locked(path: Path, failure: str) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            yield
    except OSError as error:
        raise DatabaseError(
            f"{failure} {path}: {error}",
            hint="Make LINEAGE_DATA_DIR a folder that can be written, and try again.",
        ) from error


def _ends_in_newline(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _kind(error: BaseException | str) -> str:
    return "ValidationError" if isinstance(error, str) else type(error).__name__


def _line(letter: DeadLetter) -> bytes:
    return _dumped(_plain(letter.model_dump()))


def _dumped(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode("ascii") + b"\n"


def _letter(line: bytes) -> DeadLetter | None:
    try:
        return DeadLetter.model_validate(_restored(json.loads(line)))
    except ValueError:
        return None


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
