"""The spool: what stages hand to each other through a run's folder, as compressed JSON lines, by batch.

A batch has a folder, so that finding its files takes as long in a large run as in a small one. A file in it is
`<kind>[.<part>].jsonl.z`, such as `00003/facts.5f2c9a10.jsonl.z`; a line is {"path": ..., "data": ...}.
Files appear whole or not at all. They are not synced to the disk: after a crash of the machine the run starts again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import threading
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from lineage_core.errors import DataFolderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BLOCK = 2**18
_ZLIB_LEVEL = 1
_NAME = re.compile(r"(?P<kind>[a-z]+)(?:\.(?P<part>[\w-]+))?\.jsonl\.z")

M = TypeVar("M", bound=BaseModel)


class _Line(BaseModel, Generic[M]):
    path: str
    data: M


class Spool:
    """The spool of one run. Safe to use from several processes at once: each writes files of its own.

    Raises:
        DataFolderError: of every method, if the folder cannot be written (full, read-only, a file in its place) or what
            is in it cannot be read back.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def write(self, kind: str, batch: int, records: Iterable[tuple[str, BaseModel]], part: str = "") -> Path:
        """Write one file in place of any earlier one of that name.

        Args:
            kind: facts, rows, catalog: lower-case letters.
            batch: number of the batch.
            records: (path of the source file, what there is of it), taken one by one. What its iterator raises passes.
            part: of a batch that is written in several parts.

        Returns:
            The file.
        """
        target = self._folder(batch) / f"{kind}{f'.{part}' if part else ''}.jsonl.z"
        with _whole_file(target) as file:
            compress = zlib.compressobj(_ZLIB_LEVEL)
            for path, model in records:
                _write(file, compress.compress(_line(path, model)))
            _write(file, compress.flush())
        return target

    def read(self, kind: str, batch: int, model: type[M]) -> Iterator[tuple[str, M]]:
        """The records of a batch; of a path that is there twice, after a retry, the one written last."""
        seen: set[str] = set()
        for file in self._files(kind, batch):
            for path, record in _records(file, model):
                if path not in seen:
                    seen.add(path)
                    yield path, record

    def read_all(self, kind: str, model: type[M]) -> Iterator[tuple[str, M]]:
        """The records of every batch, batches in order."""
        for batch in self.batches(kind):
            yield from self.read(kind, batch, model)

    def batches(self, kind: str) -> list[int]:
        """The numbers of the batches there are, in order."""
        numbers = [int(entry.name) for entry in _entries(self.folder) if entry.name.isdigit()]
        return sorted(number for number in numbers if self._files(kind, number))

    def stamp(self, kind: str, batch: int) -> tuple[tuple[int, int], ...]:
        """What tells a batch's files from those that take their place later; the newest first."""
        return tuple((found.st_mtime_ns, found.st_ino) for found in map(Path.stat, self._files(kind, batch)))

    def digest(self, kind: str, batch: int) -> str:
        """Of a batch's files, hex: equal digest, equal records."""
        digest = hashlib.sha256()
        for file in sorted(self._files(kind, batch)):
            digest.update(file.read_bytes())
        return digest.hexdigest()

    def find(self, kind: str, paths: Iterable[str], model: type[M]) -> dict[str, M]:
        """The records of some paths, whichever batch they are in; a path that is not there is not in the answer."""
        wanted = set(paths)
        return {path: record for path, record in self.read_all(kind, model) if path in wanted}

    def discard(self) -> None:
        """Delete the run's folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _folder(self, batch: int) -> Path:
        return self.folder / f"{batch:05d}"

    def _files(self, kind: str, batch: int) -> list[Path]:
        """A batch's files, the newest first."""
        files = [
            (file.stat().st_mtime_ns, file)
            for file in _entries(self._folder(batch))
            if (match := _NAME.fullmatch(file.name)) and match["kind"] == kind
        ]
        return [file for _, file in sorted(files, reverse=True)]


def _entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing if it is not there."""
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unusable("read", folder, error) from error


@contextmanager
def _whole_file(target: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `target` when the body is through, and leaves nothing behind when it is not."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = unfinished.open("wb", buffering=0)
    except OSError as error:
        raise _unusable("written", target, error) from error
    try:
        with file:
            yield file
        _rename(unfinished, target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _write(file: IO[bytes], content: bytes) -> None:
    left = memoryview(content)
    try:
        while left:
            left = left[file.write(left) :]  # a raw file may take a part only
    except OSError as error:
        raise _unusable("written", Path(file.name).parent, error) from error


def _rename(unfinished: Path, target: Path) -> None:
    try:
        unfinished.replace(target)
    except OSError as error:
        raise _unusable("written", target, error) from error


def _line(path: str, model: BaseModel) -> bytes:
    return f'{{"path":{json.dumps(path)},"data":{model.model_dump_json(exclude_defaults=True)}}}\n'.encode()


def _records(file: Path, model: type[M]) -> Iterator[tuple[str, M]]:
    line_model = _Line[model]  # type: ignore[valid-type]  # a generic model is made at run time
    try:
        for line in _lines(file):
            record = line_model.model_validate_json(line)
            yield record.path, record.data
    except (OSError, EOFError, zlib.error, ValidationError) as error:
        raise _unusable("read", file, error) from error


def _lines(file: Path) -> Iterator[bytes]:
    """The lines of a file, with as little of it in memory as a line takes."""
    expand = zlib.decompressobj()
    rest = b""
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            *lines, rest = (rest + expand.decompress(block)).split(b"\n")
            yield from lines
    if not expand.eof or rest:
        raise EOFError("it ends too early")


def _unusable(what: str, path: Path, error: Exception) -> DataFolderError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
    return DataFolderError(
        f"{path} cannot be {what}: {reason}.",
        hint="LINEAGE_DATA_DIR must name a folder that can be written and has space; then run again.",
    )
