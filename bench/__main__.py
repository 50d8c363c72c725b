"""The command line of the benchmarks: `lineage bench`, or python -m bench."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench import results
from bench.arguments import positive
from bench.comparisons import COMPARISONS
from bench.document import document
from bench.machine import ROOT, machine
from bench.session import Options, Session
from bench.table import ratios_table, seconds_table
from lineage_core.errors import LineageError

if TYPE_CHECKING:
    from types import FrameType

    from bench.comparison import Comparison, Round

QUICK_FILES = 40
_ABOUT = "Measures; ways take turns in every round. Minutes: 5 rounds, 1,000 files, 2 cores."


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for, keep it, show it. Returns the exit code: 1 if something could not be measured."""
    asked = parser().parse_args(arguments)
    unknown = sorted(set(asked.names) - COMPARISONS.keys())
    if unknown:
        parser().error(f"there is no comparison {', '.join(unknown)}; there are {', '.join(COMPARISONS)}")
    out, failed = asked.json.absolute(), False
    try:
        if not asked.render:
            failed = not measure(chosen(asked.names, quick=asked.quick), options_of(asked), out)
        found = results.read(out)
        print(f"{ratios_table(found)}\n\n{seconds_table(found)}\n\nResults: {out}")
        if asked.docs or asked.render:
            document(found, ROOT / "docs")
            print("docs/benchmarks.md and docs/images are written.")
    except LineageError as error:
        failed = True
        print(f"Error: {error}", file=sys.stderr)
    return int(failed)


def parser() -> argparse.ArgumentParser:
    """The options."""
    known = "\n".join(f"  {item.name:<12} {item.title} {item.minutes:g} min" for item in COMPARISONS.values())
    made = argparse.ArgumentParser(
        prog="lineage bench",
        description=f"{_ABOUT}\n\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("names", nargs="*", metavar="COMPARISON", help="default: all")
    made.add_argument("--corpus", type=Path, metavar="FOLDER", help="SQL files to take; else they are generated")
    made.add_argument("--files", type=positive, help=f"default 1000; {QUICK_FILES} with --quick")
    made.add_argument("--rounds", type=positive, help="default 5; 1 with --quick")
    made.add_argument("--seed", type=int, default=1, help="of the generated files")
    made.add_argument("--quick", action="store_true", help="2 to 3 minutes: few files, one round, no watch and save")
    made.add_argument("--long", action="store_true", help="growth up to 30,000 files")
    made.add_argument("--work", type=Path, default=Path("data/bench"), help="folder for trees and servers")
    made.add_argument(
        "--json", type=Path, default=Path("data/bench/results.json"), help="results, added to what is there"
    )
    made.add_argument("--docs", action="store_true", help="write tables and charts into docs/ afterwards")
    made.add_argument(
        "--render", action="store_true", help="measure nothing: write docs/ from the results that are there"
    )
    return made


def chosen(names: list[str], *, quick: bool) -> list[Comparison]:
    """The comparisons to run, in their order."""
    wanted = names or [name for name, item in COMPARISONS.items() if not (quick and item.slow)]
    return [item for name, item in COMPARISONS.items() if name in wanted]


def options_of(asked: argparse.Namespace) -> Options:
    """With what follows from --quick."""
    return Options(
        work=asked.work.absolute(),
        corpus=asked.corpus.absolute() if asked.corpus else None,
        files=asked.files or (QUICK_FILES if asked.quick else 1000),
        rounds=asked.rounds or (1 if asked.quick else 5),
        seed=asked.seed,
        quick=asked.quick,
        long=asked.long,
    )


def measure(comparisons: list[Comparison], options: Options, out: Path) -> bool:
    """One after the other; each round's result is in the file as soon as it is there.

    Returns:
        Whether all went well: one that does not work is said, and the others go on.
    """
    about, well = machine(), True
    if not options.quick:
        print(
            f"About {sum(item.minutes for item in comparisons):g} minutes for 5 rounds of 1,000 files.", file=sys.stderr
        )
    with Session(options) as session:
        for item in comparisons:
            print(f"{item.name}: {item.title}", file=sys.stderr)
            try:
                compare(item, session, about, out)
            except LineageError as error:
                well = False
                print(f"Error: {item.name}: {error}", file=sys.stderr)
    return well


def compare(item: Comparison, session: Session, about: dict[str, object], out: Path) -> None:
    """Measure the rounds of one comparison.

    Raises:
        LineageError: a way does not work; the rounds before are kept.
    """
    options = session.options
    noted = {"files": options.files, "corpus": options.corpus_name}
    plan = item.prepare(session)
    rounds: list[Round] = []
    for number in range(options.rounds):
        rounds.append(plan.one_round(number))
        told = ", ".join(f"{way} {found.get('seconds', found.get('cpu', 0)):.2f}" for way, found in rounds[-1].items())
        print(f"  round {number + 1} of {options.rounds}: {told} s", file=sys.stderr)
        results.keep(out, item.name, results.result(item, plan, rounds, about, noted))


def _terminated(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)  # the servers are stopped on the way out
    sys.exit(main())
