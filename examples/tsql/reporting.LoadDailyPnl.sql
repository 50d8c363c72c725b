USE [TradingMart]
GO
/****** Object:  StoredProcedure [reporting].[LoadDailyPnl]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
-- Nightly: profit and loss of one day, staged in a temp table, merged into the report.
CREATE PROCEDURE [reporting].[LoadDailyPnl]
    @PnlDate date,
    @RowCount int = 0 OUTPUT
AS
BEGIN
    SET NOCOUNT ON

    CREATE TABLE #PnlStage
    (
        BookId int NOT NULL,
        RealisedPnl decimal(18, 2) NULL,
        UnrealisedPnl decimal(18, 2) NULL,
        Fees decimal(18, 2) NULL
    )

    BEGIN TRY
        INSERT INTO #PnlStage (BookId, RealisedPnl, Fees)
        SELECT t.BookId,
               SUM(-t.SignedQuantity * (t.PriceBase - p.AverageCost)),
               SUM(t.FeeBase)
        FROM trading.vTradesBase AS t
             INNER JOIN trading.Positions AS p ON p.BookId = t.BookId AND p.InstrumentId = t.InstrumentId
        WHERE t.TradeDate = @PnlDate
        GROUP BY t.BookId

        UPDATE s
        SET UnrealisedPnl = e.Exposure - c.Cost
        FROM #PnlStage AS s
             INNER JOIN (SELECT BookId, SUM(MarketValue) AS Exposure FROM risk.vExposure GROUP BY BookId) AS e
                ON e.BookId = s.BookId
             INNER JOIN (SELECT BookId, SUM(Quantity * AverageCost) AS Cost FROM trading.Positions GROUP BY BookId) AS c
                ON c.BookId = s.BookId

        MERGE reporting.DailyPnl AS target
        USING (SELECT @PnlDate AS PnlDate, BookId, RealisedPnl, UnrealisedPnl, Fees FROM #PnlStage) AS source
            ON target.PnlDate = source.PnlDate AND target.BookId = source.BookId
        WHEN MATCHED THEN
            UPDATE SET RealisedPnl = source.RealisedPnl,
                       UnrealisedPnl = source.UnrealisedPnl,
                       Fees = source.Fees,
                       LoadedAt = SYSUTCDATETIME()
        WHEN NOT MATCHED BY TARGET THEN
            INSERT (PnlDate, BookId, RealisedPnl, UnrealisedPnl, Fees, LoadedAt)
            VALUES (source.PnlDate, source.BookId, source.RealisedPnl, source.UnrealisedPnl, source.Fees, SYSUTCDATETIME());

        SET @RowCount = @@ROWCOUNT
    END TRY
    BEGIN CATCH
        THROW
    END CATCH
END
GO
