"""Which dialect the settings give to a file."""

from __future__ import annotations

import pytest

from lineage_core.errors import SettingsError
from lineage_core.settings import load_settings
from lineage_core.source.dialects import DialectPatterns


def test_the_last_pattern_that_matches_wins() -> None:
    patterns = DialectPatterns(load_settings(dialects={"pg/": "postgres", "*.tsql.sql": "tsql", "pg/old/**": "mysql"}))
    assert patterns.of("pg/a.sql") == "postgres"
    assert patterns.of("sub/pg/a.sql") == "postgres"
    assert patterns.of("pg/a.tsql.sql") == "tsql"
    assert patterns.of("pg/old/a.tsql.sql") == "mysql"
    assert patterns.of("/outside/pg/a.sql") == "postgres"


def test_what_no_pattern_matches_has_the_default() -> None:
    assert DialectPatterns(load_settings(dialects={"pg/": "postgres"}, dialect="snowflake")).of("x.sql") == "snowflake"


def test_without_a_default_it_is_found_from_the_content() -> None:
    assert DialectPatterns(load_settings()).of("x.sql") == ""


def test_another_name_of_a_dialect_is_the_same_dialect() -> None:
    assert DialectPatterns(load_settings(dialect="MSSQL")).of("x.sql") == "tsql"


@pytest.mark.parametrize(
    ("overrides", "setting"),
    [({"dialect": "klingon"}, "INGEST_DIALECT"), ({"dialects": {"a/": "tsql", "b/": "klingon"}}, "INGEST_DIALECTS")],
)
def test_an_unknown_dialect_stops_the_run_and_lists_the_known(overrides: dict[str, object], setting: str) -> None:
    with pytest.raises(SettingsError, match=f"{setting}.*klingon") as error:
        DialectPatterns(load_settings(**overrides))
    assert "tsql" in error.value.hint


@pytest.mark.parametrize("pattern", ["", "# pg", "!pg/", "!"])
def test_a_pattern_that_matches_nothing_stops_the_run(pattern: str) -> None:
    with pytest.raises(SettingsError, match="INGEST_DIALECTS"):
        DialectPatterns(load_settings(dialects={pattern: "tsql"}))
