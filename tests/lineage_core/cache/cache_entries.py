"""Entries of a parse cache, and its database as seen from outside."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from lineage_core.cache.parse_cache import Entry, ParseCache, facts_key
from lineage_core.cache.quarantine import quarantine_dir
from lineage_core.model.facts import FileFacts, ObjectFact, Statement
from lineage_core.model.kinds import ObjectKind

if TYPE_CHECKING:
    from lineage_core.settings import Settings

FACTS = FileFacts(
    dialect="tsql",
    objects=(ObjectFact(kind=ObjectKind.VIEW, name="dbo.v", definition="ü" * 100),),
    statements=(Statement(kind="view", reads=("dbo.t",), owner=0),),
)


def entry(number: int = 0, facts: FileFacts = FACTS) -> Entry:
    return Entry(key=facts_key(f"{number:064x}", "tsql", "1"), encoding="utf-16", facts=facts)


def large_entry(number: int) -> Entry:
    """One that does not fit into the database's row and gets a file of its own."""
    text = os.urandom(40_000).hex()
    return entry(number, FACTS.model_copy(update={"objects": (replace(FACTS.objects[0], definition=text),)}))


def fill(settings: Settings, count: int) -> list[Entry]:
    entries = [entry(number) for number in range(count)]
    with ParseCache(settings) as cache:
        for item in entries:
            cache.put(item)
    return entries


def change_database(settings: Settings, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(settings.parse_cache_dir / "cache.db")) as connection, connection:
        connection.execute(statement, values)


def quarantined(settings: Settings) -> list[str]:
    return sorted(
        file.name for folder in quarantine_dir(settings.parse_cache_dir).glob("*") for file in folder.iterdir()
    )
