"""sqllineage over all texts of a file: tables and columns; prints what each took as JSON. Imports do not count.

    python bench/sqllineage_child.py TEXTS.json

Run by the Python of an environment of its own. Silent mode: kinds of statements that it does not know are passed over.
"""

import json
import logging
import sys
import time
import warnings
from pathlib import Path

from sqllineage.exceptions import SQLLineageException
from sqllineage.runner import LineageRunner


def read(text: dict[str, str]) -> tuple[float, str]:
    """Ask for tables and columns of one text; CPU seconds, and why it was refused (empty: it was read)."""
    began, why = time.process_time(), ""
    try:
        runner = LineageRunner(text["text"], dialect=text["sqlglot"] or "ansi", silent_mode=True)
        if not isinstance(runner.source_tables, list) or not isinstance(runner.target_tables, list):
            raise TypeError("another sqllineage than this was written for")
        runner.get_column_lineage()
    except (SQLLineageException, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
    return time.process_time() - began, why


def main() -> None:
    """Measure, after a text that does not count."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    read(texts[0])
    cpu = time.process_time()
    each = [read(text) for text in texts]
    print(json.dumps({"cpu": time.process_time() - cpu, "each": each}))


if __name__ == "__main__":
    main()
