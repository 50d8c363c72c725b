USE [TradingMart]
GO
/****** Object:  View [trading].[vTrades]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
-- An execution with what its order says: the base of everything downstream.
CREATE VIEW [trading].[vTrades]
AS
SELECT e.ExecutionId,
       o.BookId,
       o.InstrumentId,
       o.Side,
       CAST(e.ExecutedAt AS date) AS TradeDate,
       CASE WHEN o.Side = 'B' THEN e.Quantity ELSE -e.Quantity END AS SignedQuantity,
       e.Price,
       e.Fee,
       i.Currency
FROM trading.Executions AS e
     INNER JOIN trading.Orders AS o ON o.OrderId = e.OrderId
     INNER JOIN ref.Instruments AS i ON i.InstrumentId = o.InstrumentId
WHERE o.Status <> 'CANCELLED'
GO
