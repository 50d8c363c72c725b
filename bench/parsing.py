"""The comparison `parse`: text to linked tables and columns on one core, against sqllineage and bare sqlglot."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.comparison import Plan, Target, in_turn
from bench.machine import ROOT
from bench.measured import BenchError, measured
from bench.services import own_environment
from bench.texts import save, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.comparison import Measures, Round
    from bench.session import Session

SQLLINEAGE = "sqllineage==1.5.9"
"""MIT. In an environment of its own: it wants another sqlparse than ours."""

MAX_FILES = {False: 200, True: 20}
"""Quick or not -> texts: sqllineage takes up to some seconds for one."""

MAX_CHARACTERS = 50_000
OTHERS = ("sqllineage", "sqlglot")
_REASON_LENGTH = 100
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""sqlglot underlines what it does not know, as terminals do."""


def parse(session: Session) -> Plan:
    """Every way reads the same texts in a process of its own; the interpreter's start does not count."""
    work, files = session.options.work, min(session.options.files, MAX_FILES[session.options.quick])
    texts = [text for text in texts_of(session.tree(files)) if len(text.text) <= MAX_CHARACTERS]
    file = work / "texts.json"
    save(texts, file)
    commands = _commands(sqllineage_python(work / "sqllineage"), file)
    each: dict[str, list[tuple[float, str]]] = {}

    def measure(way: str) -> Measures:
        found = json.loads(measured(commands[way], own_environment(work), work).output)
        each[way] = found["each"]
        return {"seconds": sum(seconds for seconds, _ in each[way]), "cpu": found["cpu"]}

    def one_round(number: int) -> Round:
        found = in_turn(tuple(commands), number, measure)
        return found | {name: both for other in OTHERS for name, both in on_what_was_read(each, other).items()}

    size = sum(len(text.text) for text in texts) / 1e6
    given = sum(len(statement) for text in texts for statement in text.statements) / 1e6
    return Plan(
        one_round,
        (
            _target("sqllineage", "sqllineage / lineage", at_least=10),
            _target("sqlglot", "sqlglot's parse alone / lineage", at_least=0.5),
            Target("sqlglot's parse alone / facts alone", "sqlglot", "facts"),
        ),
        notes=lambda: [
            f"{len(texts)} texts, {size:.2f} million characters, {given:.2f} as statements to sqlglot. {SQLLINEAGE}.",
            *_refusals(each),
        ],
    )


def _commands(python: Path, file: Path) -> dict[str, list[object]]:
    ours = [sys.executable, "-m", "bench.parse_child"]
    return {
        "lineage": [*ours, "lineage", file],
        "facts": [*ours, "facts", file],
        "sqlglot": [*ours, "sqlglot", file],
        "sqllineage": [python, Path(__file__).with_name("sqllineage_child.py"), file],
    }


def _target(other: str, label: str, at_least: float) -> Target:
    return Target(label, f"{other}, on what it read", f"lineage, on what {other} read", at_least=at_least)


def on_what_was_read(each: Mapping[str, list[tuple[float, str]]], other: str) -> Round:
    """Both over the texts that the other one did not refuse: giving up early is no speed. Empty if it read none."""
    read = [index for index, (_, why) in enumerate(each[other]) if not why]
    if not read:
        return {}
    return {
        f"{other}, on what it read": {"seconds": sum(each[other][index][0] for index in read)},
        f"lineage, on what {other} read": {"seconds": sum(each["lineage"][index][0] for index in read)},
    }


def _refusals(each: Mapping[str, list[tuple[float, str]]]) -> Iterator[str]:
    for other in OTHERS:
        reasons = [_COLOURS.sub("", why) for _, why in each[other] if why]
        example = f", the first: {' '.join(reasons[0].split())[:_REASON_LENGTH]}" if reasons else ""
        yield f"{other} refused {len(reasons)} texts{example}."


def sqllineage_python(folder: Path) -> Path:
    """The Python of an environment with sqllineage, made if it is not there.

    Raises:
        BenchError: uv is not there, or the package cannot be had.
    """
    python = folder / "bin" / "python"
    done = folder / "installed"
    if done.is_file() and done.read_text() == SQLLINEAGE:
        return python
    uv = shutil.which("uv", path=f"{os.environ.get('PATH', '')}{os.pathsep}{ROOT / '.tools'}")
    if uv is None:
        raise BenchError("uv is not there to make an environment for sqllineage.", hint="`make setup` brings it.")
    _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
    _run([uv, "pip", "install", "--quiet", "--python", str(python), SQLLINEAGE])
    done.write_text(SQLLINEAGE)
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed: {done.stderr.strip()}")
