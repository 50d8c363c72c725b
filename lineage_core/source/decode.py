"""Bytes to text: byte order mark, then NULs as UTF-16 leaves them, then strict UTF-8, then cp1252."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TextIO

from lineage_core.errors import SourceError
from lineage_core.source.hashing import open_regular

if TYPE_CHECKING:
    from pathlib import Path

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order mark -> a codec of Python that takes it off."""

MAGIC = (
    (b"PGDMP", "a pg_dump archive", "Turn it into SQL with: pg_restore -f FILE.sql ARCHIVE"),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"PK\x03\x04", "a zip archive or an Office document", "Unpack it, or export its SQL as text."),
    (b"BZh", "a bzip2 archive", "Unpack it first."),
    (b"\xfd7zXZ", "an xz archive", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "Unpack it first."),
    (b"%PDF-", "a PDF document", "Export its SQL as text."),
    (b"SQLite format 3", "a SQLite database", "Export its schema with: sqlite3 FILE .schema"),
)
"""First bytes -> what a file named .sql turned out to be, and what to do about it."""

UNANNOUNCED = ("utf-8", "cp1252")
"""Tried in this order, strictly, on bytes that announce nothing."""

LAST_RESORT = "latin-1"
"""For bytes that have no meaning in cp1252: 81, 8D, 8F, 90, 9D. It knows every byte."""

LARGE = 100 * 2**20
"""Bytes; larger files are streamed, never held whole."""

_HEAD = 65_536
_BLOCK = 2**20
_PAIRS = 4_096
_NUL_SHARE = 0.2
"""Share of NULs at every second byte that makes text UTF-16: SQL's own words and blanks are ASCII in any language."""
_CONTROL_SHARE = 0.05
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, newlines as they were.

    `encoding` is the name of a Python codec; `raw.decode(encoding)` gives the text again, unless `lossy`: a file with a
    byte order mark held bytes that its encoding does not know, and they became U+FFFD.
    """

    text: str
    encoding: str
    lossy: bool = False


def decode(raw: bytes) -> Decoded:
    """The text of a file's bytes.

    Raises:
        SourceError: the content is binary: it has NULs where no text has them, too many control characters, or begins
            as an archive does. The message says what it looks like, the hint what to do.
    """
    announced = _announced(raw[:_HEAD])
    if announced:
        return _decode_announced(raw, announced)
    _refuse_binary(raw)
    for encoding in UNANNOUNCED:
        try:
            return Decoded(raw.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    return Decoded(raw.decode(LAST_RESORT), LAST_RESORT)


class OpenedText(NamedTuple):
    """A file's text as a stream; the fields otherwise as `Decoded`'s."""

    encoding: str
    stream: TextIO
    lossy: bool


def open_text(path: str | Path) -> OpenedText:
    """A file's encoding and its text as a stream, newlines as they are; the file is never held whole.

    It is read up to three times: whether it is UTF-8 shows only at its end.

    Raises:
        OSError: it cannot be opened, or is no regular file.
        SourceError: the first 64 KiB are binary.
    """
    location = str(path)
    with os.fdopen(open_regular(location), "rb") as stream:
        head = stream.read(_HEAD)
    encoding = _announced(head)
    lossy = bool(encoding) and not _decodes(location, encoding)
    if not encoding:
        _refuse_binary(head)
        encoding = next((name for name in UNANNOUNCED if _decodes(location, name)), LAST_RESORT)
    text = os.fdopen(open_regular(location), encoding=encoding, errors="replace", newline="")
    return OpenedText(encoding, text, lossy)


def _decode_announced(raw: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(raw.decode(encoding), encoding)
    except UnicodeDecodeError:
        return Decoded(raw.decode(encoding, "replace"), encoding, lossy=True)


def _announced(head: bytes) -> str:
    """The encoding that the first bytes tell; empty if they do not."""
    return next((encoding for bom, encoding in BOMS if head.startswith(bom)), "") or _utf16(head[: 2 * _PAIRS])


def _utf16(head: bytes) -> str:
    """UTF-16 without byte order mark, as SSMS can save it: NULs at every second byte, and hardly any between them."""
    pairs = len(head) // 2
    low, high = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    for encoding, nuls, others in (("utf-16-le", high, low), ("utf-16-be", low, high)):
        if nuls and nuls >= _NUL_SHARE * pairs and others <= nuls // 20:
            return encoding
    return ""


def _decodes(location: str, encoding: str) -> bool:
    """Whether a whole file is valid in an encoding; reads it block by block."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with os.fdopen(open_regular(location), "rb", buffering=0) as stream:
        try:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _refuse_binary(raw: bytes) -> None:
    for magic, what, todo in MAGIC:
        if raw.startswith(magic):
            raise SourceError(f"looks binary: it begins as {what} does.", hint=todo)
    hint = "Export it as text, or name it in .lineageignore."
    nul = raw.find(0)
    if nul >= 0:
        raise SourceError(f"looks binary: it has a NUL at byte {nul:,}.", hint=hint)
    head = raw[:_HEAD]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > _CONTROL_SHARE * len(head):
        raise SourceError(
            f"looks binary: {controls / len(head):.0%} of its first bytes are control characters.", hint=hint
        )
