"""Files of dbt: each is a relation called as the file, which others find by `ref`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineage_core.link.answers import Answers
from lineage_core.link.build import build_catalog, catalog_of
from lineage_core.link.definitions import definitions_of, pack, unpack
from lineage_core.link.naming import Naming
from lineage_core.sql.dialects import dialect
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from conftest import Link, Tree

STAGING = "models/staging/stg_orders.sql"
MART = "models/marts/orders.sql"
PROJECT = {
    STAGING: "SELECT id AS order_id, amount / 100 AS amount FROM {{ source('raw', 'orders') }}",
    MART: "{{ config(materialized='table') }}\n"
    "WITH o AS (SELECT * FROM {{ ref('stg_orders') }}) SELECT * FROM o WHERE amount > 0",
}


def columns(tree: Tree, name: str) -> list[str]:
    return [column.fact.name for column in tree.asset(name).columns]


def test_a_file_is_a_relation_and_a_star_reaches_through_files(link: Link) -> None:
    tree = link(PROJECT, "snowflake")
    assert (tree.asset("stg_orders").kind, tree.asset("orders").kind) == ("view", "table")
    assert columns(tree, "orders") == ["order_id", "amount"]
    assert tree.rels(STAGING, "DEFINES", "DERIVES", "FLOWS") == {
        f"file:{STAGING} DEFINES data_asset:stg_orders",
        "data_asset:stg_orders DERIVES data_asset:raw.orders",
        "column:raw.orders.id identity column:stg_orders.order_id",
        "column:raw.orders.amount transformation column:stg_orders.amount",
    }
    assert tree.rels(MART, "WRITES_TO", "READS_FROM", "FLOWS") == {
        "data_asset:orders READS_FROM data_asset:stg_orders",
        "column:stg_orders.order_id identity column:orders.order_id",
        "column:stg_orders.amount identity column:orders.amount",
        "column:stg_orders.amount filter column:orders.*",
    }


def test_a_file_under_another_name_is_another_relation(link: Link) -> None:
    renamed = {"models/staging/STG_bills.sql": PROJECT[STAGING], MART: PROJECT[MART]}
    tree = link(renamed, "snowflake")
    assert columns(tree, "stg_bills") == ["order_id", "amount"]
    assert columns(tree, "orders") == []
    assert tree.nodes(MART)["data_asset:stg_orders"].props["external_ref"] is True


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ("materialized='incremental', unique_key='id'", "table"),
        ("materialized='table'", "table"),
        ("materialized = 'view'", "view"),
        ("materialized='ephemeral'", "view"),
        ('materialized="materialized_view"', "materialized_view"),
        ("tags=['daily']", "view"),
    ],
)
def test_the_configuration_says_what_it_is(link: Link, config: str, kind: str) -> None:
    tree = link({"m.sql": f"{{{{ config({config}) }}}} SELECT 1 AS id"}, "bigquery")
    assert tree.asset("m").kind == kind


def test_an_alias_is_the_name_and_ref_still_says_the_files(link: Link) -> None:
    files = {
        "models/stg_orders.sql": "{{ config(alias='orders', schema='staging') }} SELECT id FROM raw.orders",
        "models/fct.sql": "SELECT * FROM {{ ref('stg_orders') }}",
    }
    tree = link(files, "snowflake")
    assert columns(tree, "fct") == ["id"]
    assert tree.rels("models/fct.sql", "FLOWS") == {"column:staging.orders.id identity column:fct.id"}
    assert tree.rels("", "ALIAS_OF") == {"synonym:staging.stg_orders ALIAS_OF data_asset:staging.orders"}


def test_a_name_that_is_no_literal_is_not_taken(link: Link) -> None:
    tree = link({"m.sql": "{{ config(alias='x_' ~ target.name, schema=var('s')) }} SELECT 1 AS id"}, "snowflake")
    assert columns(tree, "m") == ["id"]


def test_an_incremental_model_reads_itself(link: Link) -> None:
    text = (
        "{{ config(materialized='incremental') }} SELECT id, ts FROM {{ ref('raw_bills') }} "
        "{% if is_incremental() %} WHERE ts > (SELECT max(this.ts) FROM {{ this }}) {% endif %}"
    )
    tree = link({"bills.sql": text}, "postgres")
    assert "column:public.bills.ts filter column:public.bills.*" in tree.rels("bills.sql", "FLOWS")


def test_every_snapshot_block_is_a_table(link: Link) -> None:
    text = (
        "{% snapshot bills_past %} {{ config(target_schema='past', strategy='check') }}\n"
        "SELECT * FROM {{ ref('bills') }} {% endsnapshot %}\n"
        "{% snapshot clients_past %} SELECT id FROM {{ source('raw', 'clients') }} {% endsnapshot %}"
    )
    tree = link({"snapshots/all.sql": text, "models/bills.sql": "SELECT id, ts FROM {{ source('raw', 'b') }}"}, "spark")
    assert (tree.asset("past.bills_past").kind, columns(tree, "past.bills_past")) == ("table", ["id", "ts"])
    assert columns(tree, "clients_past") == ["id"]


def test_queries_asked_while_compiling_are_not_the_models(link: Link) -> None:
    text = (
        "{% set methods %} SELECT DISTINCT method FROM {{ ref('payments') }} {% endset %}\n"
        "{%- set cols -%} id, amount {%- endset -%}\n"
        "{% set source_table = source('raw', 'orders') %}\nSELECT id FROM {{ source_table }}"
    )
    tree = link({"m.sql": text}, "snowflake")
    assert columns(tree, "m") == ["id"]
    assert tree.rels("m.sql", "FLOWS") == {"column:raw.orders.id identity column:m.id"}
    assert tree.rels("m.sql", "READS_FROM") == {
        "file:m.sql READS_FROM data_asset:payments",
        "data_asset:m READS_FROM data_asset:raw.orders",
    }


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("m.sql", "SELECT id FROM bills"),
        ("m.sql", "SELECT id FROM {{ env }}.bills"),
        ("m.sql", "INSERT INTO t SELECT id FROM {{ ref('bills') }}"),
        ("m.sql", "CREATE TABLE t AS SELECT id FROM {{ ref('bills') }}; SELECT 1"),
        ("macros/m.sql", "{% macro m() %} SELECT id FROM {{ ref('bills') }} {% endmacro %}"),
        ("tests/m.sql", "SELECT id FROM {{ ref('bills') }}"),
        ("analyses/models/m.sql", "SELECT id FROM {{ ref('bills') }}"),
    ],
)
def test_other_files_are_no_models(link: Link, path: str, text: str) -> None:
    tree = link({path: text}, "snowflake")
    assert not any("DEFINES data_asset:m" in rel for rel in tree.rels(path, "DEFINES"))


def test_a_folder_of_models_may_be_called_tests(link: Link) -> None:
    assert columns(link({"models/tests/m.sql": "{{ config() }} SELECT 1 AS id"}, "snowflake"), "m") == ["id"]


def test_a_renamed_model_answers_those_who_asked_for_it_otherwise(link: Link) -> None:
    before = link(PROJECT, "snowflake")
    after = link({"models/staging/bills.sql": PROJECT[STAGING], MART: PROJECT[MART]}, "snowflake")
    naming = Naming(dialect("snowflake"))
    asked = before.rows[MART].file["asked"]
    first, second = (Answers(tree.catalog).digest(asked, naming) for tree in (before, after))
    assert first != second
    assert Answers(link(PROJECT, "snowflake").catalog).digest(asked, naming) == first


def test_a_catalog_of_definitions_has_the_models() -> None:
    facts = {path: parse_text(text, "snowflake") for path, text in PROJECT.items()}
    kept = [(path, unpack(pack(definitions_of(path, item)))) for path, item in facts.items()]
    catalog = build_catalog(facts.items(), lambda *_: Naming(dialect("snowflake")))
    again = catalog_of([(path, found) for path, found in kept if found], lambda *_: Naming(dialect("snowflake")))
    assert again.model_dump() == catalog.model_dump()
    assert len(catalog.assets) == len(PROJECT)
