"""Keys as text, and names that match by their last parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.link.catalog import from_text, to_text
from lineage_core.link.names import suffix_lookup

PART = st.text(alphabet=st.characters(blacklist_characters="\x1f", blacklist_categories=("Cs",)), max_size=5)


@given(st.tuples(PART, PART, PART))
def test_keys_come_back_from_their_text(key: tuple[str, str, str]) -> None:
    assert from_text(to_text(key)) == key


@pytest.mark.parametrize(
    ("names", "name", "found"),
    [
        (["dbo.t"], "dbo.t", "dbo.t"),
        (["dbo.t"], "t", "dbo.t"),
        (["t"], "dbo.t", "t"),
        (["dbo.t"], "db.dbo.t", "dbo.t"),
        (["a.t", "b.t"], "t", None),
        (["t", "a.t"], "t", "t"),
        (["at"], "t", None),
        ([], "t", None),
    ],
)
def test_names_match_by_their_last_parts(names: list[str], name: str, found: str | None) -> None:
    assert suffix_lookup({item: item for item in names}, name) == found
