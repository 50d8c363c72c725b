"""Commands that need neither Neo4j nor Prefect, and what every command has in common."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineage_core.settings import Settings

if TYPE_CHECKING:
    from conftest import Lineage

CHECKOUT = Path(__file__).resolve().parents[3]

COMMANDS = (
    *("ingest", "demo", "upstream", "downstream", "parse", "cache", "db", "settings", "deploy"),
    *("replay", "watch", "flush", "up", "status", "doctor", "worker"),
)


def test_help_lists_every_command_and_imports_nothing_heavy(lineage: Lineage, bare_environment: dict[str, str]) -> None:
    shown = lineage("--help")
    assert shown.returncode == 0
    assert all(f" {command} " in shown.stdout for command in COMMANDS)
    script = "import sys, flows.cli; print({'prefect', 'neo4j', 'sqlglot', 'sqlparse', 'psutil'} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], env=bare_environment, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "set()"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(lineage: Lineage, command: str) -> None:
    assert lineage(command, "--help").returncode == 0


def test_the_version_is_the_package_s(lineage: Lineage) -> None:
    assert lineage("--version").stdout.startswith("lineage 0.")


def test_an_unknown_command_is_wrong_use(lineage: Lineage) -> None:
    assert lineage("ingset").returncode == 2


def test_the_documented_settings_are_all_that_there_are(lineage: Lineage) -> None:
    documented = (CHECKOUT / "docs" / "settings.md").read_text()
    assert documented.endswith(lineage("settings", "--markdown").stdout)


def test_settings_show_names_values_defaults_and_no_secret(lineage: Lineage) -> None:
    environment = {"NEO4J_PASSWORD": "hush-hush", "INGEST_BATCH_SIZE": "500"}
    rows = {
        row["environment"]: row for row in json.loads(lineage("settings", "--json", environment=environment).stdout)
    }
    assert len(rows) == len(Settings.model_fields)
    assert all(row["meaning"] for row in rows.values())
    assert (rows["INGEST_BATCH_SIZE"]["value"], rows["INGEST_BATCH_SIZE"]["default"]) == ("500", "5000")
    for form in ((), ("--json",), ("--markdown",)):
        shown = lineage("settings", *form, environment=environment).stdout
        assert "NEO4J_PASSWORD" in shown
        assert "hush" not in shown


def test_a_wrong_setting_is_wrong_use_and_names_the_variable(lineage: Lineage) -> None:
    done = lineage("settings", environment={"INGEST_WORKERS": "many"})
    assert done.returncode == 2
    assert "INGEST_WORKERS" in done.stderr
    assert "Traceback" not in done.stderr


def test_parse_shows_the_lineage_of_a_script(lineage: Lineage) -> None:
    done = lineage("parse", "-", "--dialect", "tsql", given="INSERT INTO dbo.B (Y) SELECT X FROM dbo.A;")
    assert done.returncode == 0
    assert "reads dbo.a" in done.stdout
    assert "writes dbo.b" in done.stdout
    assert "dbo.a.x -> dbo.b.y" in done.stdout


def test_parse_takes_a_catalog_and_answers_as_json(lineage: Lineage, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("CREATE VIEW v AS SELECT * FROM t;", encoding="utf-16")
    (tmp_path / "c.json").write_text('{"t": ["a", "b"]}')
    done = lineage("parse", "q.sql", "--dialect", "postgres", "--catalog", "c.json", "--json")
    answer = json.loads(done.stdout)
    assert [flow["target_column"] for flow in answer["columns"]] == ["a", "b"]


def test_parse_names_what_it_did_not_understand_by_line(lineage: Lineage, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("SELECT 1;\nSELECT FROM WHERE (;\n")
    done = lineage("parse", "q.sql", "--dialect", "tsql")
    assert done.returncode == 0
    assert done.stderr.startswith("q.sql:2: ")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("parse", "nosuch.sql"), "nosuch.sql"),
        (("parse", "-", "--dialect", "klingon"), "postgres"),
        (("parse", "-", "--catalog", "nosuch.json"), "nosuch.json"),
        (("deploy",), "prefect.yaml"),
        (("demo", "nosuch"), "nosuch"),
        (("ingest", "nosuch"), "nosuch"),
        (("ingest", ".", "--dialect", "klingon"), "postgres"),
        (("ingest",), "paths"),
    ],
)
def test_wrong_use_is_told_at_once_without_a_traceback(
    lineage: Lineage, arguments: tuple[str, ...], names: str
) -> None:
    done = lineage(*arguments)
    assert done.returncode == 2
    assert names in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_verbose_shows_where_an_error_comes_from(lineage: Lineage) -> None:
    assert "Traceback" in lineage("--verbose", "parse", "nosuch.sql").stderr
    assert "Traceback" in lineage("parse", "nosuch.sql", environment={"LINEAGE_DEBUG": "1"}).stderr


def test_the_cache_is_counted_checked_and_cleared(lineage: Lineage, tmp_path: Path) -> None:
    assert lineage("cache", "stats").stdout.startswith("0 entries")
    assert json.loads(lineage("cache", "stats", "--json").stdout)["entries"] == 0
    assert lineage("cache", "check").stdout == "0 entries looked at, 0 damaged\n"
    assert lineage("cache", "clear").stdout == "0 entries deleted\n"
    (tmp_path / "file").write_text("in the way")
    refused = lineage("cache", "stats", environment={"LINEAGE_DATA_DIR": "file"})
    assert refused.returncode == 1
    assert "LINEAGE_DATA_DIR" in refused.stderr
