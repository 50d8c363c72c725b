"""How often Python looks for garbage that refers to itself."""

from __future__ import annotations

import gc

_SELDOM = (50_000, 20, 100)
"""Objects made until the youngest generation is looked through, and looks until the next older one is; Python's own are
700, 10 and 10.

For what makes hundreds of thousands of facts and rows: trees, which go without being looked for. Reading a thousand
files' facts takes a quarter to a half of the time with it. What does refer to itself, such as sqlglot's trees, waits a
little longer, some megabytes at most.
"""


def collect_seldom() -> None:
    """Look for garbage seldom from now on, until this process ends.

    Not until a run ends: by then more is due than Python's own thresholds allow, and it would look through everything
    at once, Prefect included, which takes a third of a second.
    """
    gc.set_threshold(*_SELDOM)
