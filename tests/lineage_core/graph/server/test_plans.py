"""The plans that Neo4j keeps, however many rows there are and however the graph grows, are good ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.graph import cypher
from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.planning import plan_ahead
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.graph.writer import prepare
from lineage_core.model.schema import NODES, Label, RelType

if TYPE_CHECKING:
    from neo4j import Driver

    from lineage_core.settings import Settings


def _operators(plan: dict[str, Any]) -> set[str]:
    below = (_operators(child) for child in plan.get("children", ()))
    return {plan["operatorType"].partition("@")[0]}.union(*below)


def _plan(driver: Driver, statement: str, rows: int = 0) -> set[str]:
    """The operators of the plan that the server has for the statement, or makes for it now."""
    kept = statement.startswith(cypher.ONE_PLAN)
    explained = f"{cypher.ONE_PLAN if kept else ''}EXPLAIN {statement.removeprefix(cypher.ONE_PLAN)}"
    parameters = {**cypher.of_batch(["x"] * rows), "labels": [], "project": "p", "run": "r"}
    _, summary, _ = driver.execute_query(explained, parameters, database_="neo4j")
    return _operators(summary.plan)


def _scans(operators: set[str]) -> set[str]:
    return {operator for operator in operators if "Scan" in operator}


def _forget_plans(driver: Driver) -> int:
    """How many plans the server kept."""
    records, _, _ = driver.execute_query("CALL db.clearQueryCaches() YIELD value", database_="neo4j")
    found = re.search(r"cleared of (\d+) quer", records[0]["value"])
    return int(found[1]) if found else 0


@pytest.mark.timeout(240)
def test_plans_that_are_kept_are_good_ones_in_an_empty_graph_too(own: Settings) -> None:
    EmbeddedServer(own).start()
    with open_driver(locate(own)) as driver:
        early = cypher.create_rels(RelType.DEFINES, Label.FILE, Label.DATA_ASSET)
        assert _scans(_plan(driver, early)), "there is no constraint to seek by yet"

        prepare(driver, "neo4j")

        for statement in cypher.statements():
            _forget_plans(driver)
            operators = set[str]().union(*(_plan(driver, statement, rows) for rows in (0, 1, 7, 70, 700, 7000)))
            assert _forget_plans(driver) == 1, f"a plan for each size: {statement}"
            if statement in map(cypher.delete_lonely, NODES):
                assert _scans(operators) == {"NodeByLabelScan"}
            elif statement.startswith(cypher.ONE_PLAN):
                assert not _scans(operators), statement
            else:
                assert _scans(operators), f"this plan could be kept: {statement}"

        _forget_plans(driver)
        plan_ahead(driver, "neo4j")
        count = _forget_plans(driver)
        assert count > len(list(cypher.statements())), "those and what looks for constraints"

        plan_ahead(driver, "neo4j")
        plan_ahead(driver, "neo4j")
        assert _forget_plans(driver) == count, "what is planned is not planned again"
