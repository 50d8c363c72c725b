"""The command line: what is chosen, what is refused, and a place without the benchmarks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.__main__ import QUICK_FILES, chosen, main, measure, options_of, parser
from bench.comparison import Comparison, Plan
from bench.comparisons import COMPARISONS
from bench.measured import BenchError
from bench.results import read
from bench.session import Options, Session
from flows.cli import app, bench


def test_all_are_run_if_none_is_named() -> None:
    assert [item.name for item in chosen([], quick=False)] == list(COMPARISONS)


def test_the_quick_run_leaves_out_what_is_slow_unless_it_is_named() -> None:
    assert not {"watch", "save"} & {item.name for item in chosen([], quick=True)}
    assert [item.name for item in chosen(["save", "cold"], quick=True)] == ["cold", "save"]


def test_quick_means_few_files_and_one_round_unless_told_otherwise() -> None:
    quick = options_of(parser().parse_args(["--quick"]))
    assert (quick.files, quick.rounds) == (QUICK_FILES, 1)
    told = options_of(parser().parse_args(["--quick", "--files", "7", "--rounds", "2"]))
    assert (told.files, told.rounds) == (7, 2)


def test_an_unknown_comparison_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["colder"])
    assert "there is no comparison colder" in capsys.readouterr().err


def test_help_lists_the_comparisons() -> None:
    command = [Path(sys.executable).with_name("lineage"), "bench", "--help"]
    assert "one-percent" in subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_comparison_that_fails_is_said_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(_: Session) -> Plan:
        raise BenchError("It does not work.")

    def working(_: Session) -> Plan:
        return Plan(lambda _: {"a": {"seconds": 1.0}})

    items = [Comparison("bad", "Fails.", failing, 1), Comparison("good", "Works.", working, 1)]
    assert not measure(items, Options(tmp_path, rounds=2), tmp_path / "out.json")
    assert "Error: bad: It does not work." in capsys.readouterr().err
    assert [len(found["rounds"]) for found in read(tmp_path / "out.json").values()] == [2]


def test_two_runs_cannot_use_one_folder(tmp_path: Path) -> None:
    with Session(Options(tmp_path)), pytest.raises(BenchError, match="Another run uses"), Session(Options(tmp_path)):
        pass


def test_without_a_checkout_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    found = CliRunner().invoke(app, ["bench", "--quick"])
    assert found.exit_code == 2
    assert "There are no benchmarks in" in found.output
    assert "Clone the repository" in found.output
