"""What travels to a Dask worker and back: files with their contents there, packed facts back.

A parser process imports this module, so it must not import Dask, Prefect or the settings.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_core.cache.entry import pack
from lineage_core.ingest.parse_stage import FileParse, ParseOptions, parse_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.cache.entry import Entry
    from lineage_core.model.files import FileVersion

MOST_BYTES = 8 * 2**20
"""Of a file whose content is sent: the scheduler keeps it until its piece is answered. Larger ones are parsed here."""

_ZLIB_LEVEL = 1


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file on its way; `content` is compressed, None where the worker reads the file itself."""

    version: FileVersion
    content: bytes | None = None

    @classmethod
    def of(cls, version: FileVersion, content: bytes) -> SentFile:
        """With its content."""
        return cls(version, zlib.compress(content, _ZLIB_LEVEL))


@dataclass(frozen=True, slots=True)
class Parcel:
    """Files to parse, and the limits on each, as `ParseOptions` has them; `sender` is the version of who packed it."""

    files: tuple[SentFile, ...]
    seconds: float
    large: int
    sender: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of one file: the result, and its facts as the entry of the parse cache; empty if it failed."""

    result: FileParse
    entry: bytes = b""


def parse_sent(files: Sequence[SentFile], options: ParseOptions) -> list[Returned]:
    """Parse files, in a process of the worker's pool."""
    returned = []
    for file in files:
        kept = _Kept()
        content = None if file.content is None else zlib.decompress(file.content)
        result, _ = parse_file(file.version, options, kept, content=content)
        returned.append(Returned(result, kept.entry))
    return returned


class _Kept:
    """Stands for the parse cache, which is where the run is: knows nothing, and keeps what it is given."""

    entry = b""

    def get(self, _key: str) -> None:
        """Nothing is known."""

    def put(self, entry: Entry) -> None:
        """Keep it for the way back."""
        self.entry = pack(entry)
