"""How much of a tree's SQL is understood: statements, degraded ones, unreadable text, by reason.

    .venv/bin/python bench/measure_quality.py FOLDER[=DIALECT] ... [--every 10] [--show 20]

A dialect that is not given is found from each file's text. `degraded` statements have tables from their tokens only;
`unread` counts definitions that could not be read and places where no statement could be told. Both are shares of all
statements that say something. MB per CPU-second is parsing and resolving columns, with what the file itself defines.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lineage_core import analyze
from lineage_core.errors import LineageError
from lineage_core.source.decode import decode

_QUOTED = re.compile(r"(?:near )?'[^']*'|\"[^\"]*\"|\d+")


@dataclass
class Count:
    """What the files of one folder added up to."""

    files: int = 0
    characters: int = 0
    seconds: float = 0.0
    statements: Counter[str] = field(default_factory=Counter)
    degraded: int = 0
    unread: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def take(self, path: Path, dialect: str) -> None:
        """Add one file."""
        try:
            text = decode(path.read_bytes()).text
        except LineageError as error:
            self._reason(str(error), f"{path}")
            return
        begun = time.process_time()
        found = analyze(text, dialect)
        self.seconds += time.process_time() - begun
        self.files += 1
        self.characters += len(text)
        recorded = Counter(problem.line for statement in found.statements for problem in statement.errors)
        for statement in found.statements:
            self.statements[statement.kind] += 1
            self.degraded += statement.degraded
            self.unread += bool(statement.errors) and not statement.degraded
            for problem in statement.errors:
                self._reason(f"{statement.kind}: {problem.message}", f"{path}:{problem.line}")
        for problem in found.errors:
            if recorded[problem.line] == 0:
                self.unread += 1
                self._reason(problem.message, f"{path}:{problem.line}")

    def _reason(self, message: str, where: str) -> None:
        short = _QUOTED.sub("_", message.partition("starts like this:")[0])[:90]
        self.reasons[short] += 1
        self.examples.setdefault(short, f"{where}  {message}")

    def show(self, name: str, limit: int) -> None:
        """Print the folder's lines."""
        total = sum(self.statements.values())
        share = (self.degraded + self.unread) / total if total else 0.0
        speed = self.characters / 1e6 / self.seconds if self.seconds else 0.0
        print(
            f"{name}: {self.files} files, {total} statements, {self.degraded} degraded, {self.unread} unread: "
            f"{share:.2%}; {speed:.2f} MB per CPU-second"
        )
        for reason, times in self.reasons.most_common(limit):
            print(f"  {times:5d}  {reason}")
            print(f"         {self.examples[reason][:240]}")


def main() -> None:
    """Measure the folders of the command line, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER[=DIALECT]")
    parser.add_argument("--every", type=int, default=1, help="take every n-th file only")
    parser.add_argument("--show", type=int, default=20, help="reasons shown")
    options = parser.parse_args()
    for argument in options.folders:
        folder, _, dialect = argument.partition("=")
        count = Count()
        for path in sorted(Path(folder).rglob("*.sql"))[:: options.every]:
            count.take(path, dialect)
        count.show(argument, options.show)


if __name__ == "__main__":
    main()
