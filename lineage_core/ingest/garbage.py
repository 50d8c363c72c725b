"""How often Python looks for garbage that refers to itself."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SELDOM = (50_000, 20, 100)
"""Objects made until the youngest generation is looked through, and looks until the next older one is; Python's own are
700, 10 and 10.

For what makes hundreds of thousands of facts and rows: trees, which go without being looked for. Reading a thousand
files' facts takes a quarter to a half of the time with it. What does refer to itself, such as sqlglot's trees, waits a
little longer, some megabytes at most.
"""


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Garbage is looked for seldom while the body runs."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
