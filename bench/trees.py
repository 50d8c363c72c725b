"""The trees that are ingested: a sample of a given folder, or generated; and changes to some of their files."""

from __future__ import annotations

import random
import re
import shutil
from typing import TYPE_CHECKING

from bench.corpus import write_corpus
from bench.measured import BenchError
from lineage_core.source.decode import decode

if TYPE_CHECKING:
    from pathlib import Path

_TABLE = re.compile(r"(CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[^\s(]+\s*\()", re.IGNORECASE)


def sql_files(folder: Path) -> list[Path]:
    """Its SQL files, in order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".sql" and path.is_file())


def make_tree(target: Path, corpus: Path | None, files: int, seed: int) -> Path:
    """A tree of so many files, made once: taken evenly from a folder, or generated.

    Raises:
        BenchError: the folder has fewer.
    """
    if target.is_dir():
        return target
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    if corpus is None:
        write_corpus(draft, files, seed)
    else:
        _sample(corpus, draft, files)
    return draft.rename(target)


def _sample(folder: Path, target: Path, files: int) -> None:
    found = sql_files(folder)
    if len(found) < files:
        raise BenchError(
            f"{folder} has {len(found)} SQL files, {files} are wanted.", hint="Give --files, or no --corpus."
        )
    for index in range(files):
        path = found[index * len(found) // files]
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def change(tree: Path, share: float, version: int) -> int:
    """Change a share of the files: a table gets another column, other files another statement.

    Args:
        tree: the folder.
        share: of its files, at least one; drawn, so that kinds of objects are changed as often as they are there.
        version: decides which, and what they say then.

    Returns:
        How many were changed.
    """
    found = sql_files(tree)
    count = max(1, round(len(found) * share))
    for path in random.Random(version).sample(found, count):
        text = decode(path.read_bytes()).text
        path.write_text(changed(text, version), "utf-8", newline="")
    return count


def changed(text: str, version: int) -> str:
    """Another text that says something else."""
    with_column, done = _TABLE.subn(rf"\1\n    Added{version} int,", text, count=1)
    if done:
        return with_column
    return f"{text}\n\nINSERT INTO bench_log (version) SELECT b.version{version} FROM bench_versions b;\n"
