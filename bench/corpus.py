"""A tree of SQL files that look like exports of real databases, made from a seed: equal seed, equal files.

Files come in blocks of 20 with the same mix of objects; three of four blocks are T-SQL as SSMS exports it, one is
Postgres. A block's views and routines read its own tables and views and those of a few blocks before it. So the first
1,000 files of 30,000 are those of 1,000, and every thousand has the same statistics.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bench import corpus_postgres, corpus_tsql
from bench.corpus_objects import Relation, columns, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

BLOCK = 20
_TABLES, _VIEWS, _PROCEDURES, _FUNCTIONS = 7, 6, 4, 2
"""Of each block; the file that is left is a script."""

_REACH = 4
"""Blocks before its own that a block reads from."""


def write_corpus(folder: Path, files: int, seed: int = 1) -> None:
    """Write so many files into a folder that is not there yet; about a third of the T-SQL ones in UTF-16."""
    for path, content in corpus(files, seed):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def corpus(files: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """(path, content) of so many files."""
    shared: list[list[Relation]] = []
    written = 0
    for number in range(-(-files // BLOCK)):
        chance = random.Random(f"{seed}/{number}")
        dialect = corpus_postgres if number % 4 == 3 else corpus_tsql
        near = [relation for block in shared[-_REACH:] for relation in block if relation.dialect == dialect.NAME]
        relations, texts = _block(dialect, number, near, chance)
        shared.append(relations)
        for name, text in texts[: files - written]:
            encoding = "utf-16" if dialect.UTF16 and chance.random() < 1 / 3 else "utf-8"
            yield f"{dialect.NAME}/block{number:04d}/{name}.sql", text.encode(encoding)
        written += len(texts)


def _block(
    dialect: ModuleType, number: int, near: list[Relation], chance: random.Random
) -> tuple[list[Relation], list[tuple[str, str]]]:
    """The tables and views of a block, and its files as (name, text)."""
    relations: list[Relation] = []
    texts: list[tuple[str, str]] = []
    schema = words(chance, 1) + str(number)
    for index in range(_TABLES):
        table = Relation(dialect.NAME, schema, f"{words(chance, 2)}{index}", columns(chance))
        parent = chance.choice(relations) if relations else None
        texts.append((f"{schema}.{table.name}.Table", dialect.table(table, parent, chance)))
        relations.append(table)
    for index in range(_VIEWS):
        sources = _some(relations, near, chance, 2)
        name = f"v{words(chance, 2)}{index}"
        view, text = dialect.view(schema, name, sources, star=index == _VIEWS - 1, chance=chance)
        texts.append((f"{schema}.{name}.View", text))
        relations.append(view)
    routines: list[str] = []
    for index in range(_FUNCTIONS):
        name = f"fn{words(chance, 2)}{index}"
        texts.append((f"{schema}.{name}.Function", dialect.function(schema, name, relations[0], chance)))
    for index in range(_PROCEDURES):
        name = f"Load{words(chance, 2)}{index}"
        sources = _some(relations, near, chance, 3)
        target = chance.choice(relations[:_TABLES])
        text = dialect.procedure(schema, name, [*sources, target], routines, chance)
        texts.append((f"{schema}.{name}.Procedure", text))
        routines.append(name)
    script = dialect.script(schema, relations[:_TABLES], routines, chance)
    return relations, [*texts, (f"{schema}.Deploy", script)]


def _some(own: list[Relation], near: list[Relation], chance: random.Random, count: int) -> list[Relation]:
    """Different relations, mostly of the block itself."""
    found: list[Relation] = []
    while len(found) < count:
        relation = chance.choice(near if near and chance.random() < 0.3 else own)
        if relation not in found:
            found.append(relation)
    return found
