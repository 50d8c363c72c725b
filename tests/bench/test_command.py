"""The command line: what is chosen, what is refused, and a place without the benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bench.__main__ import QUICK_FILES, chosen, main, options_of, parser
from bench.comparisons import COMPARISONS
from flows.cli import app, bench

if TYPE_CHECKING:
    from pathlib import Path


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


def test_help_lists_the_comparisons(capfd: pytest.CaptureFixture[str]) -> None:
    assert CliRunner().invoke(app, ["bench", "--help"]).exit_code == 0
    assert "one-percent" in capfd.readouterr().out


def test_without_a_checkout_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    found = CliRunner().invoke(app, ["bench", "--quick"])
    assert found.exit_code == 2
    assert "There are no benchmarks in" in found.output
    assert "Clone the repository" in found.output
