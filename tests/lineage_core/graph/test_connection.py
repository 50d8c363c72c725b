"""Opening a database: what is wrong is said, with the setting that mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lineage_core.errors import DatabaseError
from lineage_core.graph.connection import Database, locate, open_driver
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable


def test_settings_name_the_database() -> None:
    found = locate(load_settings(neo4j_uri="bolt://db:7687", neo4j_user="u", neo4j_password="geheim"))
    assert (found.uri, found.user, found.password, found.name) == ("bolt://db:7687", "u", "geheim", "neo4j")
    assert "geheim" not in repr(found)


def test_a_good_database_opens(database: Database) -> None:
    with open_driver(database) as driver:
        assert driver.execute_query("RETURN 1 AS one", database_=database.name).records[0]["one"] == 1


WRONG: list[tuple[Callable[[Database], Database], str, str]] = [
    (lambda db: replace(db, password="wrong"), "refuses user 'neo4j'", "NEO4J_PASSWORD"),
    (lambda db: replace(db, name="nowhere"), "cannot use database 'nowhere'", "NEO4J_DATABASE"),
    (lambda db: replace(db, uri="bolt://127.0.0.1:9"), "does not answer", "NEO4J_URI"),
    (lambda db: replace(db, uri="ftp://127.0.0.1:9"), "is not an address", "bolt://"),
]


@pytest.mark.parametrize(("change", "says", "names"), WRONG)
def test_a_wrong_setting_is_named(
    database: Database, change: Callable[[Database], Database], says: str, names: str
) -> None:
    with pytest.raises(DatabaseError, match=says) as caught:
        open_driver(change(database))
    assert names in str(caught.value)
    assert database.password not in str(caught.value)
