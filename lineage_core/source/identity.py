r"""A file's identity: its POSIX path relative to the project root, or its absolute path outside of it.

Identities become graph ids, so they are always valid Unicode in form NFC. Bytes of a name that are not UTF-8 are
written as `\xff`. Where two names come out the same, discovery takes the first and reports the other.
"""

from __future__ import annotations

import os
import unicodedata
from pathlib import PurePath


def name_identity(name: str) -> str:
    """A path, or a part of one, as text that Neo4j keeps as it is.

    Args:
        name: as `os` gives it: undecodable bytes are lone surrogates.
    """
    if name.isascii():
        return name
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text)


def absolute(path: str | os.PathLike[str]) -> str:
    """The absolute path, symbolic links kept, unless `..` would have to be taken through one."""
    text = os.fspath(path)
    return os.path.realpath(text) if ".." in PurePath(text).parts else os.path.abspath(text)  # noqa: PTH100 - resolve() would follow links


def inside(path: str, folder: str) -> bool:
    """Whether an absolute path is the folder or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def file_identity(path: str, root: str) -> str:
    """The identity of an absolute path in the project at `root` (absolute); the root's own is "".

    A path that reaches the root by another way, through symbolic links, is inside of it too.
    """
    if not inside(path, root):
        real, real_root = os.path.realpath(path), os.path.realpath(root)
        if not inside(real, real_root):
            return name_identity(path)
        path, root = real, real_root
    return name_identity(path[len(root.rstrip("/")) :].lstrip("/"))
