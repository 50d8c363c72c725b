"""The examples' lineage, one step upstream, against what a person reads in their SQL."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineage_core.link.build import build_catalog
from lineage_core.link.naming import Naming
from lineage_core.link.rows import FileInfo, link_file
from lineage_core.model.files import FileStatus
from lineage_core.model.kinds import FlowKind
from lineage_core.model.schema import RelType
from lineage_core.settings import load_settings
from lineage_core.source.decode import decode
from lineage_core.source.discover import discover
from lineage_core.sql.dialects import dialect
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from lineage_core.model.rows import FileRows, RelRow

ROOT = Path(__file__).parent.parent

COLUMNS = {
    "tradingmart.reporting.dailypnl.realisedpnl": {
        "tradingmart.trading.vtradesbase.signedquantity",
        "tradingmart.trading.vtradesbase.pricebase",
        "tradingmart.trading.positions.averagecost",
    },
    "tradingmart.reporting.dailypnl.unrealisedpnl": {
        "tradingmart.risk.vexposure.marketvalue",
        "tradingmart.trading.positions.quantity",
        "tradingmart.trading.positions.averagecost",
    },
    "tradingmart.reporting.dailypnl.fees": {"tradingmart.trading.vtradesbase.feebase"},
    "tradingmart.reporting.dailypnl.bookid": {"tradingmart.trading.vtradesbase.bookid"},
    "tradingmart.reporting.dailypnl.pnldate": set(),
    "tradingmart.trading.vtrades.signedquantity": {"tradingmart.trading.executions.quantity"},
    "tradingmart.trading.vtrades.tradedate": {"tradingmart.trading.executions.executedat"},
    "tradingmart.trading.vtrades.bookid": {"tradingmart.trading.orders.bookid"},
    "tradingmart.trading.vtrades.currency": {"tradingmart.ref.instruments.currency"},
    "tradingmart.trading.vtradesbase.pricebase": {
        "tradingmart.trading.vtrades.price",
        "tradingmart.ref.fxrates.rate",
    },
    "tradingmart.trading.vtradesbase.feebase": {"tradingmart.trading.vtrades.fee", "tradingmart.ref.fxrates.rate"},
    "tradingmart.trading.positions.averagecost": {
        "tradingmart.trading.vtradesbase.pricebase",
        "tradingmart.trading.positions.averagecost",
    },
    "tradingmart.trading.positions.quantity": {
        "tradingmart.trading.vtradesbase.signedquantity",
        "tradingmart.trading.positions.quantity",
    },
    "tradingmart.trading.positions.bookid": {"tradingmart.trading.vtradesbase.bookid"},
    "tradingmart.risk.vexposure.marketvalue": {
        "tradingmart.trading.positions.quantity",
        "tradingmart.risk.closingprices.closeprice",
        "tradingmart.ref.instruments.pricemultiplier",
    },
    "tradingmart.risk.vexposure.bookid": {"tradingmart.trading.positions.bookid"},
    "tradingmart.risk.closingprices.closeprice": {"tradingmart.staging.vendorprices.closeprice"},
    "tradingmart.risk.closingprices.vendor": {"tradingmart.staging.vendorprices.vendor"},
    "tradingmart.risk.closingprices.instrumentid": {"tradingmart.ref.instruments.instrumentid"},
    "tradingmart.reporting.vdailypnl.realisedpnl": {"tradingmart.reporting.dailypnl.realisedpnl"},
    "tradingmart.reporting.vdailypnl.loadedat": {"tradingmart.reporting.dailypnl.loadedat"},
    "tradingmart.reporting.vbooksummary.realisedpnl": {"tradingmart.reporting.vdailypnl.realisedpnl"},
    "tradingmart.reporting.vbooksummary.bookname": {"tradingmart.ref.books.bookname"},
    "tradingmart.reporting.vbooksummary.desk": {"tradingmart.ref.books.desk"},
    "tradingmart.reporting.vbooksummary.netpnl": {
        "tradingmart.reporting.vdailypnl.realisedpnl",
        "tradingmart.reporting.vdailypnl.unrealisedpnl",
        "tradingmart.reporting.vdailypnl.fees",
    },
    "tradingmart.trading.orderaudit.newstatus": {"tradingmart.trading.orders.status"},
    "tradingmart.trading.orderaudit.oldstatus": {"tradingmart.trading.orders.status"},
    "tradingmart.trading.orderaudit.orderid": {"tradingmart.trading.orders.orderid"},
    "tradingmart.trading.executions.grossamount": {
        "tradingmart.trading.executions.quantity",
        "tradingmart.trading.executions.price",
    },
    "tradingmart.reporting.limitbreaches.bookname": {"tradingmart.ref.books.bookname"},
    "tradingmart.reporting.limitbreaches.exposure": {
        "tradingmart.risk.vexposure.marketvalue"
    },  # through a table function
    "tradingmart.reporting.limitbreaches.limitvalue": {"tradingmart.risk.limits.limitvalue"},
    "market.v_latest_quotes.price": {"market.quotes.mid"},
    "market.v_latest_quotes.quote_date": {"market.quotes.quoted_at"},
    "market.quotes.mid": {"market.quotes.bid", "market.quotes.ask"},
    "market.mv_volatility.volatility": {"market.bars.close"},
    "market.mv_volatility.bars": {"market.bars.*"},
    "market.bars.isin": {"market.quotes.isin"},
    "market.bars.open": {"market.quotes.mid"},
    "market.bars.quotes": {"market.quotes.*"},
    "billing.v_client_turnover.turnover": {"billing.trades.quantity", "billing.trades.price"},
    "billing.v_client_turnover.fee": {
        "billing.trades.quantity",
        "billing.trades.price",
        "billing.clients.rate_bps",
    },
    "billing.v_client_turnover.name": {"billing.clients.name"},
    "billing.v_client_positions.market_value": {"billing.trades.quantity", "market.v_latest_quotes.price"},
    "billing.v_client_positions.isin": {"billing.trades.isin"},
    "billing.invoices.amount": {"billing.v_client_turnover.fee"},
    "billing.invoices.client_id": {"billing.v_client_turnover.client_id"},
    "billing.clients.rate_bps": {"public.client_tiers.rate_bps"},
}
"""Target column -> all that flows into it directly, temp tables and CTEs collapsed."""

ACTORS = {
    "tradingmart.reporting.loaddailypnl": (
        {"tradingmart.trading.vtradesbase", "tradingmart.trading.positions", "tradingmart.risk.vexposure"},
        {"tradingmart.reporting.dailypnl"},
        set(),
    ),
    "tradingmart.trading.updatepositions": (
        {"tradingmart.trading.vtradesbase", "tradingmart.trading.positions"},
        {"tradingmart.trading.positions"},
        set(),
    ),
    "tradingmart.risk.loadclosingprices": (
        {"tradingmart.staging.vendorprices", "tradingmart.ref.instruments"},
        {"tradingmart.risk.closingprices", "tradingmart.staging.vendorprices"},
        set(),
    ),
    "tradingmart.reporting.loadlimitbreaches": (
        {"tradingmart.ref.books", "tradingmart.risk.limits"},
        {"tradingmart.reporting.limitbreaches"},
        {"tradingmart.risk.ufn_exposurebybook"},
    ),
    "tradingmart.reporting.runnightly": (
        {"tradingmart.trading.vtrades", "tradingmart.reporting.limitbreaches"},
        {"tradingmart.trading.orderaudit"},
        {
            "tradingmart.trading.updatepositions",
            "tradingmart.reporting.loaddailypnl",
            "tradingmart.reporting.loadlimitbreaches",
        },
    ),
    "tradingmart.risk.ufn_exposurebybook": ({"tradingmart.risk.vexposure"}, set(), set()),
    "tradingmart.trading.trg_orders_audit": (set(), {"tradingmart.trading.orderaudit"}, set()),
    "market.build_bars": ({"market.quotes"}, {"market.bars"}, set()),
    "billing.create_invoices": (
        {"billing.invoices", "billing.v_client_turnover"},
        {"billing.invoices"},
        {"market.build_bars"},
    ),
    "billing.log_invoice_status": (set(), {"billing.invoice_log"}, set()),
    "billing.invoices_status": (set(), set(), {"billing.log_invoice_status"}),
}
"""Routine or trigger -> what it reads, writes and calls."""


@pytest.fixture(scope="module")
def rows() -> list[FileRows]:
    """The rows of every example."""
    found = discover([str(ROOT / "examples")], load_settings(root=ROOT))
    facts = {file.path: parse_text(decode(Path(file.location).read_bytes()).text) for file in found.files}
    catalog = build_catalog(facts.items(), lambda _, name: Naming(dialect(name)))
    return [
        link_file(FileInfo(path, FileStatus.OK, {}), own, catalog, Naming(dialect(own.dialect)), "p")
        for path, own in facts.items()
    ]


def _path(identity: str) -> str:
    return identity.split(":", 4)[-1]


def _of(rows: list[FileRows], *types: RelType) -> list[RelRow]:
    return [rel for file in rows for rel in file.rels if rel.type in types]


def test_the_archive_and_the_backup_are_not_there(rows: list[FileRows]) -> None:
    assert len(rows) == 44
    assert not [file.path for file in rows if "archive" in file.path]


def test_no_row_is_refused_and_no_column_unresolved(rows: list[FileRows]) -> None:
    assert [file.rejected for file in rows if file.rejected] == []
    assert {file.path: file.file["unresolved"] for file in rows if file.file["unresolved"]} == {}


@pytest.mark.parametrize("target", COLUMNS)
def test_what_feeds_a_column(rows: list[FileRows], target: str) -> None:
    feeding = defaultdict(set)
    for rel in _of(rows, RelType.INPUT_TO):
        if FlowKind(rel.props["kind"]).direct:
            feeding[rel.end].add(_path(rel.start))
    steps = {rel.start for rel in _of(rows, RelType.GENERATES) if _path(rel.end) == target}
    assert {source for step in steps for source in feeding[step]} == COLUMNS[target]


@pytest.mark.parametrize("actor", ACTORS)
def test_what_a_routine_reads_writes_and_calls(rows: list[FileRows], actor: str) -> None:
    said = [
        {_path(rel.end) for rel in _of(rows, kind) if _path(rel.start) == actor}
        for kind in (RelType.READS_FROM, RelType.WRITES_TO, RelType.CALLS)
    ]
    assert tuple(said) == ACTORS[actor]
