"""One parser over all texts of a file, on one core; prints CPU seconds a text as JSON. Imports do not count.

    python -m bench.parse_child lineage|facts|sqlglot TEXTS.json

`lineage` reads whole texts, makes the catalog and links; `facts` only reads; `sqlglot` makes trees of statements that
are cut already.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import sqlglot
from sqlglot.errors import SqlglotError

from bench.texts import facts_of, linking, load
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.texts import Text

Taken = list[tuple[float, str]]
"""Of each text: CPU seconds, and why it was refused (empty: it was read)."""

_WARM_UP = 3


def with_lineage(texts: Sequence[Text]) -> Taken:
    """Text to facts to rows; the catalog's time is shared by all."""
    seconds, facts = [], []
    for text in texts:
        began = time.process_time()
        facts.append(facts_of(text))
        seconds.append(time.process_time() - began)
    began = time.process_time()
    link = linking(texts, facts, load_settings(project="bench"))
    share = (time.process_time() - began) / len(texts)
    for index, (text, found) in enumerate(zip(texts, facts, strict=True)):
        began = time.process_time()
        link(text, found)
        seconds[index] += time.process_time() - began + share
    return [(taken, "") for taken in seconds]


def with_facts(texts: Sequence[Text]) -> Taken:
    """Text to facts, nothing linked."""
    return list(_facts(texts))


def _facts(texts: Sequence[Text]) -> Iterable[tuple[float, str]]:
    for text in texts:
        began = time.process_time()
        facts_of(text)
        yield time.process_time() - began, ""


def with_sqlglot(texts: Sequence[Text]) -> Taken:
    """A text counts as refused if one of its statements is."""
    return list(_trees(texts))


def _trees(texts: Sequence[Text]) -> Iterable[tuple[float, str]]:
    for text in texts:
        why, began = "", time.process_time()
        for statement in text.statements:
            try:
                sqlglot.parse(statement, read=text.sqlglot or None)
            except SqlglotError as error:
                why = str(error)
        yield time.process_time() - began, why


def main() -> None:
    """Measure one way, after a few texts that do not count."""
    way, file = sys.argv[1:]
    logging.disable(logging.WARNING)
    parser = {"lineage": with_lineage, "facts": with_facts, "sqlglot": with_sqlglot}[way]
    texts = load(Path(file))
    parser(texts[:_WARM_UP])
    cpu = time.process_time()
    each = parser(texts)
    print(json.dumps({"cpu": time.process_time() - cpu, "each": each}))


if __name__ == "__main__":
    main()
