"""What the generated corpus is made of, whatever the dialect: names, columns, expressions over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_WORDS = (
    "Account Address Audit Batch Branch Budget Carrier Claim Client Contract Coupon Currency Customer "
    "Delivery Device Discount Employee Event Exchange Facility Forecast Fund Holding Inventory Invoice "
    "Item Journal Ledger Limit Loan Location Market Member Order Package Partner Payment Payroll Period "
    "Policy Portfolio Position Price Product Project Provider Purchase Quote Rate Receipt Region Rental "
    "Report Return Sample Schedule Segment Settlement Shipment Stock Supplier Task Tax Ticket Trade "
    "Transfer Unit Vendor Visit Voucher Warehouse"
).split()

_COLUMNS = {
    "Amount": "money", "Price": "money", "Cost": "money", "Fee": "money", "Balance": "money", "Quantity": "number",
    "Priority": "number", "Version": "number", "CreatedAt": "time", "ChangedAt": "time", "ValidFrom": "time",
    "Status": "text", "Code": "text", "Remark": "text", "Title": "text", "Category": "text", "IsActive": "flag",
}  # fmt: skip


@dataclass(frozen=True)
class Relation:
    """A table or view.

    `columns` are (name, kind), the first is its key. Kinds: key, money, number, time, text, flag.
    """

    dialect: str
    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """The name of its key column."""
        return self.columns[0][0]

    def named(self, kind: str) -> str:
        """A column of a kind, or the key."""
        return next((name for name, found in self.columns if found == kind), self.key)


def words(chance: random.Random, count: int) -> str:
    """A name of so many words."""
    return "".join(chance.choice(_WORDS) for _ in range(count))


def columns(chance: random.Random) -> tuple[tuple[str, str], ...]:
    """A key, and five to twelve others."""
    prefixes = ["", words(chance, 1), words(chance, 1)]
    names = [f"{prefix}{name}" for prefix in prefixes for name in _COLUMNS]
    kinds = dict(zip(names, [*_COLUMNS.values()] * len(prefixes), strict=True))
    chosen = chance.sample(list(kinds), chance.randint(5, 12))
    return (("Id", "key"), *((name, kinds[name]) for name in chosen))


def selected(relation: Relation, alias: str, chance: random.Random, quote: str = "{}") -> list[tuple[str, str, str]]:
    """(expression, name, kind) for some of a relation's columns."""
    found = []
    for name, kind in relation.columns[: chance.randint(4, 8)]:
        column = f"{alias}.{quote.format(name)}"
        expression = {
            "money": f"COALESCE({column}, 0) * {chance.randint(1, 9)} / 100",
            "text": f"UPPER({column})",
            "number": f"CASE WHEN {column} > {chance.randint(2, 50)} THEN 1 ELSE {column} END",
        }.get(kind, column)
        found.append((expression if chance.random() < 0.5 else column, name, kind))
    return found


def joined(sources: list[Relation], chance: random.Random, quote: str = "{}") -> list[tuple[str, str, str]]:
    """The select list over aliases a, b, ...: (expression, name, kind), names made unique."""
    found: dict[str, tuple[str, str, str]] = {}
    for alias, relation in zip("abcdef", sources, strict=False):
        for expression, name, kind in selected(relation, alias, chance, quote):
            unique = name if name not in found else f"{relation.name}{name}{alias}"
            found[unique] = (expression, unique, "number" if kind == "key" and alias != "a" else kind)
    return list(found.values())
