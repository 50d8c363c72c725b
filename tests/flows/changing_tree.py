"""A small tree of SQL files that goes to and fro between two states."""

from __future__ import annotations

from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "tsql"

FILES = [
    "ref.Books.sql", "ref.Instruments.sql", "risk.Limits.sql", "trading.Executions.sql", "trading.OrderAudit.sql",
    "trading.Orders.sql", "trading.Positions.sql", "trading.UpdatePositions.sql", "trading.trg_Orders_Audit.sql",
    "trading.ufn_SideSign.sql", "trading.vTrades.sql", "trading.vTradesBase.sql", "risk.vExposure.sql",
    "reporting.DailyPnl.sql", "reporting.vDailyPnl.sql",
]  # fmt: skip


class Tree:
    """A small tree that goes to and fro between two states: files come, go, move and change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = 1
        folder.mkdir()
        for name in FILES:
            (folder / name).write_bytes((EXAMPLES / name).read_bytes())
        (folder / "dbo.vMore.sql").write_text("CREATE VIEW dbo.vMore AS SELECT * FROM dbo.More;")
        self.turn()

    def turn(self) -> list[str]:
        """Go to the other state; the paths that changed."""
        self.state = 1 - self.state
        changed = [self._moved(), self._came(), self._altered()]
        return [str(path) for paths in changed for path in paths]

    def _moved(self) -> list[Path]:
        ways = [self.folder / "trading.Orders.sql", self.folder / "moved" / "Orders.sql"]
        ways[1].parent.mkdir(exist_ok=True)
        source, target = ways if self.state else reversed(ways)
        if source.exists():
            source.rename(target)
        return ways

    def _came(self) -> list[Path]:
        new, old = self.folder / "new.sql", self.folder / "trading.OrderAudit.sql"
        if self.state:
            old.unlink()
            new.write_text("CREATE VIEW dbo.Newer AS SELECT * FROM trading.Executions;")
        else:
            new.unlink(missing_ok=True)
            old.write_bytes((EXAMPLES / old.name).read_bytes())
        return [new, old]

    def _altered(self) -> list[Path]:
        file = self.folder / "dbo.More.sql"
        table = ("CREATE TABLE dbo.More (Id int);", "CREATE TABLE dbo.More (Extra int, Id int);")[self.state]
        file.write_text(table)
        return [file]
