"""A tree of SQL files that is edited, and remembers which paths a watcher would tell."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENCODINGS = ("utf-8", "utf-16-le", "cp1252")
BROKEN_BYTES = b"PGDMP\x01\x0e\x00\x00"
"""A dump in pg_dump's own format: no SQL file at all."""


@dataclass(frozen=True)
class SqlFile:
    """A file's statements and how they are written down; `dump`: it is no SQL at present."""

    statements: tuple[str, ...]
    encoding: str = "utf-8"
    dump: bool = False

    @property
    def content(self) -> bytes:
        """As it is on disk; the first line is not ASCII, so that each encoding gives other bytes."""
        if self.dump:
            return BROKEN_BYTES
        text = "-- für alle\n" + "".join(f"{statement}\nGO\n" for statement in self.statements)
        mark = codecs.BOM_UTF16_LE if self.encoding == "utf-16-le" else b""
        return mark + text.encode(self.encoding)


@dataclass
class SqlTree:
    """Files below a folder. `untold` are the absolute paths that changed and that no run has been told of yet."""

    root: Path
    files: dict[str, SqlFile] = field(default_factory=dict)
    untold: dict[str, None] = field(default_factory=dict)

    def write(self, path: str, file: SqlFile) -> None:
        """Create a file, or save it with another content."""
        self.files[path] = file
        location = self.root / path
        location.parent.mkdir(parents=True, exist_ok=True)
        location.write_bytes(file.content)
        self.untold[str(location)] = None

    def delete(self, path: str) -> None:
        """Delete a file, and its folder with the last one in it."""
        del self.files[path]
        location = self.root / path
        location.unlink()
        self.untold[str(location)] = None
        if location.parent != self.root and not any(location.parent.iterdir()):
            location.parent.rmdir()

    def rename(self, path: str, target: str) -> None:
        """Rename a file, over another one if there is one."""
        file = self.files[path]
        self.delete(path)
        self.write(target, file)

    def rename_folder(self, folder: str, target: str) -> None:
        """Rename a folder; the watcher names the folders only."""
        moved = [path for path in self.files if path.startswith(f"{folder}/")]
        told = dict(self.untold)
        for path in moved:
            self.rename(path, f"{target}/{path.partition('/')[2]}")
        if moved:
            self.untold = {**told, str(self.root / folder): None, str(self.root / target): None}

    def swap(self, path: str, other: str) -> None:
        """Give each of two files the other's content."""
        first, second = self.files[path], self.files[other]
        self.write(path, second)
        self.write(other, first)

    def change(self, path: str, **changes: object) -> None:
        """Save a file with other statements, in another encoding, or as a dump."""
        self.write(path, replace(self.files[path], **changes))  # type: ignore[arg-type]

    def told(self, paths: list[str]) -> None:
        """A run was told of these."""
        for path in paths:
            self.untold.pop(path, None)

    @property
    def content(self) -> frozenset[tuple[str, bytes]]:
        """The whole tree as a value."""
        return frozenset((path, file.content) for path, file in self.files.items())

    def __str__(self) -> str:
        """The tree as it can be read."""
        return "\n".join(f"--- {path} ({_kind(file)})\n{_shown(file)}" for path, file in sorted(self.files.items()))


def tree_of(root: Path, texts: Mapping[str, str]) -> SqlTree:
    """A tree written out: path -> statements, one a line."""
    tree = SqlTree(root)
    for path, text in texts.items():
        tree.write(path, SqlFile(tuple(filter(None, map(str.strip, text.splitlines())))))
    return tree


def _kind(file: SqlFile) -> str:
    return "a dump" if file.dump else file.encoding


def _shown(file: SqlFile) -> str:
    return "" if file.dump else "\n".join(file.statements)
