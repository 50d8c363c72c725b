"""What a file asked and was answered decides its rows; what it defines decides the catalog: for any tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from sql_statements import POSTGRES, TSQL, texts

from lineage_core.link import build
from lineage_core.link.answers import Answers
from lineage_core.link.definitions import definitions_of, pack, unpack
from lineage_core.link.naming import Naming
from lineage_core.link.rows import FileInfo, link_file
from lineage_core.model.files import FileStatus
from lineage_core.sql.dialects import dialect
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineage_core.link.catalog import Catalog
    from lineage_core.model.facts import FileFacts
    from lineage_core.model.rows import FileRows

EXAMPLES = int(os.environ.get("EXAMPLES", "100"))

Texts = dict[str, list[str]]


def trees(name: str) -> st.SearchStrategy[Texts]:
    """Path -> statements."""
    templates = {"tsql": TSQL, "postgres": POSTGRES}[name]
    return st.dictionaries(st.sampled_from(["a.sql", "k.sql", "p.sql", "x.sql"]), texts(templates), max_size=4)


def facts_of(tree: Texts, name: str) -> dict[str, FileFacts]:
    """The facts of each file."""
    return {
        path: parse_text("\nGO\n".join(found) if name == "tsql" else "\n".join(found), name)
        for path, found in tree.items()
    }


def catalog_of(facts: Mapping[str, FileFacts], name: str) -> Catalog:
    """The catalog of a tree."""
    return build.build_catalog(facts.items(), lambda *_: Naming(dialect(name)))


def rows_of(path: str, facts: FileFacts, catalog: Catalog, name: str) -> FileRows:
    """The rows of one file."""
    return link_file(FileInfo(path, FileStatus.OK, {"path": path}), facts, catalog, Naming(dialect(name)), "p")


dialects = st.sampled_from(["tsql", "tsql", "postgres"])


@settings(max_examples=EXAMPLES)
@given(st.data(), dialects)
def test_a_file_that_is_answered_the_same_has_the_same_rows(data: st.DataObject, name: str) -> None:
    own = facts_of({"m.sql": data.draw(texts({"tsql": TSQL, "postgres": POSTGRES}[name]))}, name)
    others = facts_of(data.draw(trees(name)), name)
    changed = facts_of(data.draw(trees(name)), name)
    before, after = (catalog_of({**own, **found}, name) for found in (others, {**others, **changed}))
    first, second = (rows_of("m.sql", own["m.sql"], catalog, name) for catalog in (before, after))
    naming = Naming(dialect(name))
    if Answers(before).digest(first.file["asked"], naming) == Answers(after).digest(first.file["asked"], naming):
        assert second.file["asked"] == first.file["asked"]
        assert second.nodes == first.nodes
        assert second.rels == first.rels


@settings(max_examples=EXAMPLES)
@given(st.data(), dialects)
def test_the_catalog_follows_from_what_files_define_in_whatever_order_they_are_read(
    data: st.DataObject, name: str
) -> None:
    facts = facts_of(data.draw(trees(name)), name)
    packed = {path: pack(definitions_of(path, item)) for path, item in facts.items()}
    kept = {path: found for path, text in packed.items() if (found := unpack(text)) is not None}
    order = data.draw(st.permutations(sorted(kept)))
    catalog = build.catalog_of([(path, kept[path]) for path in order], lambda *_: Naming(dialect(name)))
    assert catalog.model_dump() == catalog_of(facts, name).model_dump()
