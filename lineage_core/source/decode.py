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

UNMARKED = ("utf-8", "cp1252", "latin-1")
"""What text without mark is tried as. 81, 8D, 8F, 90 and 9D mean nothing in cp1252; latin-1 knows every byte."""

LARGE = 100 * 2**20
"""Bytes; larger files are streamed, never held whole."""

_HEAD = 65_536
_BLOCK = 2**20
_PAIRS = 4_096
_NUL_SHARE = 0.2
"""Share of NULs at every second byte that makes text UTF-16: SQL's own words and blanks are ASCII in any language."""
_CONTROL_SHARE = 0.05
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1a\x1b"))


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
    marked = _marked(raw)
    for encoding in (marked,) if marked else _candidates(raw):
        try:
            return Decoded(raw.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    if marked:
        return Decoded(raw.decode(marked, "replace"), marked, lossy=True)
    raise _binary("it is no text in UTF-16, although every second byte is NUL")


class OpenedText(NamedTuple):
    """A file's text as a stream; the fields otherwise as `Decoded`'s."""

    encoding: str
    stream: TextIO
    lossy: bool


def open_text(path: str | Path) -> OpenedText:
    """A file's encoding and its text as a stream, newlines as they are; the file is never held whole.

    It is read up to four times: whether it is UTF-8 shows only at its end.

    Raises:
        OSError: it cannot be opened, or is no regular file.
        SourceError: the first 64 KiB are binary.
    """
    location = str(path)
    with os.fdopen(open_regular(location), "rb") as stream:
        head = stream.read(_HEAD)
    marked = _marked(head)
    candidates = (marked,) if marked else _candidates(head)
    encoding = next((name for name in candidates if _decodes(location, name)), "")
    if not (encoding or marked):
        raise _binary("it is no text in UTF-16, although every second byte is NUL")
    text = os.fdopen(open_regular(location), encoding=encoding or marked, errors="replace", newline="")
    return OpenedText(encoding or marked, text, lossy=not encoding)


def _marked(head: bytes) -> str:
    """The encoding that a byte order mark tells; empty without one."""
    return next((encoding for bom, encoding in BOMS if head.startswith(bom)), "")


def _candidates(raw: bytes) -> tuple[str, ...]:
    """What text without a byte order mark may be in, to be tried strictly in this order."""
    for magic, what, todo in MAGIC:
        if raw.startswith(magic):
            raise _binary(f"it begins as {what} does", todo)
    head = raw[:_HEAD]
    encoding = _utf16(head[: 2 * _PAIRS])
    _refuse_controls(head.decode(encoding, "replace").encode() if encoding else head)
    if encoding:
        return (encoding,)
    nul = raw.find(0)
    if nul >= 0:
        raise _binary(f"it has a NUL at byte {nul:,}")
    return UNMARKED


def _utf16(head: bytes) -> str:
    """UTF-16 without byte order mark, as SSMS can save it: NULs at every second byte, and hardly any between them."""
    pairs = len(head) // 2
    low, high = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    for encoding, nuls, others in (("utf-16-le", high, low), ("utf-16-be", low, high)):
        if nuls and nuls >= _NUL_SHARE * pairs and others <= nuls // 4:
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


def _refuse_controls(head: bytes) -> None:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > _CONTROL_SHARE * len(head):
        raise _binary(f"{controls / len(head):.0%} of its first bytes are control characters")


def _binary(why: str, todo: str = "Export it as text, or name it in .lineageignore.") -> SourceError:
    return SourceError(f"looks binary: {why}.", hint=todo)
