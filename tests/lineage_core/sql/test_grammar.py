"""Tests of sqlglot's side of a dialect."""

from lineage_core.sql.dialects import DIALECTS
from lineage_core.sql.grammar import grammar


def test_every_dialect_has_a_grammar_that_is_made_once() -> None:
    for dialect in DIALECTS.values():
        assert grammar(dialect).parse("SELECT a FROM t")
        assert grammar(dialect) is grammar(dialect)
