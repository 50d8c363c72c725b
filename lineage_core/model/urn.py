"""URNs, the ids of nodes: `urn:li:<kind>:<project>:<path>`.

A path's parts are joined with dots; a dot, colon, percent sign or space inside a part is percent-encoded, so that an id
can be split again. Text is NFC, as Neo4j would keep NFC and NFD forms of one name apart. Neo4j refuses index entries of
about 8 kB ("too large to index"), so a longer id is cut and ends in a digest of the whole.
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import lru_cache

MAX_URN_BYTES = 4_000

_REMEMBERED = 20_000
"""Ids that are not made again: a file names the same columns over and over."""

_ESCAPES = str.maketrans({"%": "%25", ".": "%2E", ":": "%3A", " ": "%20", "\x00": "%00"})


@lru_cache(maxsize=_REMEMBERED)
def urn(kind: str, project: str, parts: tuple[str, ...]) -> str:
    """The id of an object. `parts` are the name's parts, outermost first, empty ones left out."""
    path = ".".join(part.translate(_ESCAPES) for part in parts if part)
    return _bounded(f"urn:li:{kind}:{project.translate(_ESCAPES)}:{path}")


def file_urn(project: str, path: str) -> str:
    """The id of a File node: the path as it is, since its dots and slashes are its own."""
    return _bounded(f"urn:li:file:{project.translate(_ESCAPES)}:{path}")


def _bounded(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    raw = text.encode("utf-8", "backslashreplace")
    if len(raw) <= MAX_URN_BYTES:
        return raw.decode("utf-8")
    digest = hashlib.sha256(raw).hexdigest()
    return f"{raw[: MAX_URN_BYTES - 65].decode('utf-8', 'ignore')}~{digest}"
