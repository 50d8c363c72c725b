"""One content to its facts: from the parse cache, or by reading, decoding and parsing the file."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from lineage_core.cache.parse_cache import Entry, facts_key
from lineage_core.errors import SourceError
from lineage_core.ingest.streamed import parse_pieces
from lineage_core.model.files import FileVersion, SourceFile
from lineage_core.source.decode import LARGE, decode, open_text
from lineage_core.source.hashing import hash_file, open_regular
from lineage_core.sql.dialects import detect
from lineage_core.sql.dialects import dialect as dialect_named
from lineage_core.sql.parse import PARSER_VERSION, parse_text
from lineage_core.sql.stream import split_stream

if TYPE_CHECKING:
    from lineage_core.ingest.streamed import Parse
    from lineage_core.model.facts import FileFacts

_ATTEMPTS = 2
_HEAD_CHARACTERS = 65_536
_BLOCK_CHARACTERS = 2**18
_PIECE_CHARACTERS = 2**21
"""Of what is parsed at a time: a worker stays below 250 MB with it, and pieces of 8 MiB take 600 MB."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """Facts, and the content that they are of: it is newer than the version if the file was saved in between."""

    facts: FileFacts
    sha256: str
    size: int
    encoding: str
    lossy: bool = False
    cached: bool = False


class FactsCache(Protocol):
    """The parse cache, or what stands for it."""

    def get(self, key: str) -> Entry | None:
        """The entry of a key, if there is one."""
        ...

    def put(self, entry: Entry) -> None:
        """Keep an entry."""
        ...


def facts_of(
    version: FileVersion,
    cache: FactsCache | None = None,
    parse: Parse = parse_text,
    large: int = LARGE,
    content: bytes | None = None,
) -> Parsed:
    """The facts of a version: from the cache, without looking at the file, else of what is on disk now.

    Args:
        version: as hashed. Its dialect may be empty: found from the content.
        cache: looked at before, and given what was parsed.
        parse: text and dialect to facts.
        large: bytes; larger files are streamed.
        content: the file's, where somebody has read it; the disk is not looked at then.

    Raises:
        SourceError: the file cannot be read, is binary, or keeps changing.
        Exception: whatever the parser raises.
    """
    if version.error:
        raise SourceError(version.error)
    entry = cache.get(facts_key(version.sha256, version.dialect, PARSER_VERSION)) if cache else None
    if entry is not None:
        return Parsed(entry.facts, version.sha256, version.size, entry.encoding, entry.lossy, cached=True)
    try:
        if content is not None or version.size <= large:
            parsed = _parse_whole(version, parse, content)
        else:
            parsed = _parse_large(version, parse)
    except OSError as error:
        raise SourceError(unreadable(error)) from error
    if cache:
        key = facts_key(parsed.sha256, version.dialect, PARSER_VERSION)
        cache.put(Entry(key=key, encoding=parsed.encoding, lossy=parsed.lossy, facts=parsed.facts))
    return parsed


def read_whole(location: str) -> bytes:
    """A file's bytes.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    with os.fdopen(open_regular(location), "rb") as file:
        return file.read()


def unreadable(error: OSError) -> str:
    """What is said of a file that cannot be read."""
    return f"cannot be read: {error.strerror or error}"


def _parse_whole(version: FileVersion, parse: Parse, content: bytes | None) -> Parsed:
    """Hashes again what it parses: the file may have been saved since the version was taken."""
    raw = read_whole(version.location) if content is None else content
    decoded = decode(raw)
    facts = parse(decoded.text, version.dialect)
    return Parsed(facts, hashlib.sha256(raw).hexdigest(), len(raw), decoded.encoding, decoded.lossy)


def _parse_large(version: FileVersion, parse: Parse) -> Parsed:
    """Streams the file and hashes it afterwards: if the hash is another, the text may be of two contents."""
    expected = version.sha256
    for _ in range(_ATTEMPTS):
        encoding, stream, lossy = open_text(version.location)
        with stream:
            traits = dialect_named(version.dialect) if version.dialect else detect(stream.read(_HEAD_CHARACTERS))
            stream.seek(0)
            blocks = iter(partial(stream.read, _BLOCK_CHARACTERS), "")
            facts = parse_pieces(split_stream(blocks, traits, _PIECE_CHARACTERS), traits.name, parse)
        now = hash_file(SourceFile(path=version.path, location=version.location))
        if now.sha256 == expected:
            return Parsed(facts, now.sha256, now.size, encoding, lossy)
        expected = now.sha256
    raise SourceError("is being written to while it is read; run again when it is complete")
