"""Constraints and indexes: made where they are missing, and asked for once where they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineage_core.graph.writer import prepare
from lineage_core.model.schema import NODES, RELS

if TYPE_CHECKING:
    import pytest
    from neo4j import Driver

    from lineage_core.graph.connection import Database


def _names(driver: Driver, database: Database, kind: str) -> set[str]:
    records, _, _ = driver.execute_query(f"SHOW {kind} YIELD name", database_=database.name)
    return {record["name"] for record in records}


def test_every_label_has_its_constraint_and_every_type_its_index(driver: Driver, database: Database) -> None:
    assert {f"{label.value.lower()}_id" for label in NODES} <= _names(driver, database, "CONSTRAINTS")
    assert {f"{kind.value.lower()}_source_file" for kind in RELS} <= _names(driver, database, "INDEXES")


def test_an_index_that_is_missing_is_made_again(driver: Driver, database: Database) -> None:
    name = f"{min(RELS).value.lower()}_source_file"
    driver.execute_query(f"DROP INDEX {name}", database_=database.name)

    prepare(driver, database.name)

    assert name in _names(driver, database, "INDEXES")


def test_a_database_that_is_prepared_is_asked_once(
    driver: Driver, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    with driver.session(database=database.name) as session:
        run = type(session).run

        def counted(own: Any, statement: Any, *rest: Any, **named: Any) -> Any:
            sent.append(statement)
            return run(own, statement, *rest, **named)

        monkeypatch.setattr(type(session), "run", counted)
        prepare(driver, database.name)

    assert len(sent) == 1
