-- The report before 2019. The folder is named in .lineageignore.
CREATE VIEW dbo.OldPnl AS SELECT BookId, SUM(Amount) AS Pnl FROM dbo.OldTrades GROUP BY BookId
