USE [TradingMart]
GO
/****** Object:  StoredProcedure [reporting].[RunNightly]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
-- The night's order of work.
CREATE PROCEDURE [reporting].[RunNightly]
    @Day date = NULL
AS
BEGIN
    SET NOCOUNT ON
    IF @Day IS NULL
        SET @Day = (SELECT MAX(TradeDate) FROM trading.vTrades)

    EXEC trading.UpdatePositions @TradeDate = @Day
    EXEC reporting.LoadDailyPnl @PnlDate = @Day
    EXEC reporting.LoadLimitBreaches

    IF EXISTS (SELECT 1 FROM reporting.LimitBreaches WHERE BreachDate = @Day)
        PRINT 'Limits were breached'

    EXEC sp_executesql N'DELETE FROM trading.OrderAudit WHERE ChangedAt < DATEADD(year, -7, GETDATE())'
END
GO
