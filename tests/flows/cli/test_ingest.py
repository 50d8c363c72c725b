"""`lineage ingest`, `upstream`, `downstream` and `demo` as a user meets them, the mishaps included."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Lineage, Start

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A table and a view on it."""
    folder = tmp_path / "sql"
    folder.mkdir()
    (folder / "orders.sql").write_text("CREATE TABLE dbo.Orders (Id int, Amount money);")
    (folder / "v.sql").write_text("CREATE VIEW dbo.Big AS SELECT o.Amount * 2 AS Twice FROM dbo.Orders AS o;")
    return folder


@pytest.mark.usefixtures("sql")
def test_ingest_shows_a_table_and_plain_lines_of_progress_and_the_graph_answers(
    lineage: Lineage, environment: dict[str, str]
) -> None:
    done = lineage("ingest", "sql", environment=environment)
    assert done.returncode == 0, done.stderr
    assert "2 ok" in done.stdout
    assert "2 DataAsset" in done.stdout
    assert "parse: 2 files in" in done.stderr
    assert "prefect" not in done.stderr.lower(), "its log does not drown ours"
    up = lineage("upstream", "big.twice", environment=environment)
    assert up.stdout.splitlines()[0].lower() == "dbo.big.twice"
    assert "orders.amount" in up.stdout.lower()
    assert "sql/v.sql:1" in up.stdout
    down = lineage("downstream", "dbo.orders", environment=environment)
    assert "big" in down.stdout.lower()
    unknown = lineage("upstream", "dbo.orderz", environment=environment)
    assert unknown.returncode == 1
    assert "orders" in unknown.stderr


def test_json_is_all_there_is_on_standard_output_and_failures_are_named_with_exit_code_1(
    lineage: Lineage, environment: dict[str, str], sql: Path
) -> None:
    (sql / "binary.sql").write_bytes(b"\x00\x01")
    (sql / "broken.sql").write_text("SELECT FROM WHERE (;")
    done = lineage("ingest", "sql", "--json", environment=environment)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["files"] == {"ok": 2, "partial": 1, "failed": 1, "relinked": 0, "unchanged": 0, "deleted": 0}
    assert [problem["path"] for problem in report["failed_files"]] == ["sql/binary.sql"]
    assert [(problem["path"], problem["line"]) for problem in report["problems"]] == [("sql/broken.sql", 1)]
    table = lineage("ingest", "sql", environment=environment)
    assert table.returncode == 1
    assert "Failed:\n  sql/binary.sql: " in table.stderr


def test_a_partly_understood_file_is_named_and_no_failure(
    lineage: Lineage, environment: dict[str, str], sql: Path
) -> None:
    (sql / "broken.sql").write_text("SELECT 1 AS One;\nGO\nSELECT FROM WHERE (;")
    done = lineage("ingest", "sql", environment=environment)
    assert done.returncode == 0
    assert "sql/broken.sql:3: " in done.stderr


@pytest.mark.usefixtures("sql")
@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"NEO4J_URI": "bolt://127.0.0.1:9"}, "NEO4J_URI"),
        ({"NEO4J_PASSWORD": "wrong"}, "wrong password"),
        ({"NEO4J_DATABASE": "nosuch"}, "NEO4J_DATABASE"),
        ({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, "PREFECT_API_URL"),
        ({"LINEAGE_DATA_DIR": "sql/v.sql"}, "LINEAGE_DATA_DIR"),
    ],
)
def test_what_is_not_there_is_named_with_the_setting_to_look_at(
    lineage: Lineage, environment: dict[str, str], variables: dict[str, str], says: str
) -> None:
    done = lineage("ingest", "sql", environment={**environment, **variables})
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_ends_at_once_and_clean(
    start: Start, environment: dict[str, str], sql: Path, number: int, code: int
) -> None:
    for count in range(150):
        (sql / f"t{count}.sql").write_text(f"CREATE TABLE dbo.T{count} (Id int);" * 20)
    running = start("ingest", "sql", environment=environment)
    assert running.stderr is not None
    assert "hash" in running.stderr.readline(), "in the middle of it"
    os.killpg(running.pid, number)  # as a terminal does: the parsers get it as well
    output, errors = running.communicate(timeout=30)
    assert running.returncode == code, output + errors
    assert output == ""
    assert "Traceback" not in errors


def test_without_prefect_api_url_a_server_is_started_for_the_run_and_keeps_its_history(
    lineage: Lineage, environment: dict[str, str], sql: Path, tmp_path: Path
) -> None:
    variables = {**environment, "PREFECT_API_URL": "", "PREFECT_HOME": str(tmp_path / "own")}
    done = lineage("ingest", str(sql), environment=variables)
    assert done.returncode == 0, done.stderr
    assert "Prefect UI, while this runs: http://127.0.0.1:" in done.stderr
    assert (tmp_path / "own" / "prefect.db").exists()
    assert not (tmp_path / "own" / "server.json").exists(), "stopped"


def test_the_demo_answers_its_question_and_writes_nothing_the_second_time(
    lineage: Lineage, environment: dict[str, str]
) -> None:
    first = lineage("demo", str(EXAMPLES), environment=environment)
    assert first.returncode == 0, first.stderr
    answer = first.stdout.split("What feeds reporting.DailyPnl.RealisedPnl?")[1].lower()
    assert "trading.executions" in answer
    assert "examples/tsql/" in answer
    assert "lineage upstream" in first.stdout
    second = lineage("demo", str(EXAMPLES), environment=environment)
    assert "nothing changed, nothing was written" in second.stdout
