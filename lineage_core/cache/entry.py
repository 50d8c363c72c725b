"""An entry of the parse cache as bytes: JSON that pydantic checks on the way in, zlib at level 1. Never pickle."""

from __future__ import annotations

import zlib

from pydantic import BaseModel, ConfigDict, ValidationError

from lineage_core.model.facts import SCHEMA_VERSION, FileFacts

_ZLIB_LEVEL = 1
AUTO_DIALECT = "auto"


class DamagedEntryError(Exception):
    """Bytes in the cache that are no entry. `raw` are those bytes, where there are any."""

    def __init__(self, message: str, raw: bytes = b"") -> None:
        super().__init__(message)
        self.raw = raw


class Entry(BaseModel):
    """What parsing one content gave. `key` is inside, so that an entry cannot pass for another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    encoding: str
    """As `Decoded.encoding`: kept here, so that a hit need not look at the file again."""
    lossy: bool = False
    facts: FileFacts


def facts_key(sha256: str, dialect: str, parser_version: str) -> str:
    """The key of a content's facts.

    Args:
        sha256: of the file's bytes, hex.
        dialect: as asked for, not as found: empty if it is to be found from the content, which always gives the same.
        parser_version: `lineage_core.sql.parse.PARSER_VERSION`. The version of the facts' schema is added here.
    """
    return f"{sha256}.{dialect or AUTO_DIALECT}.p{parser_version}.s{SCHEMA_VERSION}"


def pack(entry: Entry) -> bytes:
    """The entry as bytes. zlib adds a checksum of its own."""
    return zlib.compress(entry.model_dump_json(exclude_defaults=True).encode(), _ZLIB_LEVEL)


def unpack(raw: object, key: str) -> Entry:
    """The entry of `key` from what the cache holds.

    Raises:
        DamagedEntryError: not bytes, not zlib, not this schema, or the entry of another key.
    """
    if not isinstance(raw, bytes):
        raise DamagedEntryError(f"it is {type(raw).__name__} instead of bytes")
    try:
        entry = Entry.model_validate_json(zlib.decompress(raw))
    except (zlib.error, ValidationError) as error:
        raise DamagedEntryError(str(error).splitlines()[0], raw) from error
    if entry.key != key:
        raise DamagedEntryError(f"it belongs to {entry.key}", raw)
    return entry
