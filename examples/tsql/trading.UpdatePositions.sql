USE [TradingMart]
GO
/****** Object:  StoredProcedure [trading].[UpdatePositions]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
-- Positions after the day's trades; the average cost is carried on for books that only sold.
CREATE PROCEDURE [trading].[UpdatePositions]
    @TradeDate date
AS
SET NOCOUNT ON
DECLARE @Net TABLE (BookId int, InstrumentId int, Quantity decimal(18, 4), Cost decimal(18, 6))

INSERT INTO @Net (BookId, InstrumentId, Quantity, Cost)
SELECT BookId, InstrumentId, SUM(SignedQuantity), AVG(PriceBase)
FROM trading.vTradesBase
WHERE TradeDate = @TradeDate
GROUP BY BookId, InstrumentId

UPDATE p
SET p.Quantity = p.Quantity + n.Quantity,
    p.AverageCost = CASE WHEN n.Quantity > 0 THEN n.Cost ELSE p.AverageCost END,
    p.UpdatedAt = SYSUTCDATETIME()
FROM trading.Positions AS p
     INNER JOIN @Net AS n ON n.BookId = p.BookId AND n.InstrumentId = p.InstrumentId

INSERT INTO trading.Positions (BookId, InstrumentId, Quantity, AverageCost)
SELECT n.BookId, n.InstrumentId, n.Quantity, n.Cost
FROM @Net AS n
WHERE NOT EXISTS (SELECT 1 FROM trading.Positions AS p WHERE p.BookId = n.BookId AND p.InstrumentId = n.InstrumentId)
GO
