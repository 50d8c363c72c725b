USE [TradingMart]
GO
/****** Object:  View [trading].[vTradesBase]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
-- Trades converted to the base currency of their book.
CREATE VIEW [trading].[vTradesBase]
AS
SELECT t.ExecutionId,
       t.BookId,
       t.InstrumentId,
       t.TradeDate,
       t.SignedQuantity,
       t.Price * fx.Rate AS PriceBase,
       t.Fee * fx.Rate AS FeeBase
FROM trading.vTrades AS t
     INNER JOIN ref.Books AS b ON b.BookId = t.BookId
     INNER JOIN ref.FxRates AS fx
        ON fx.RateDate = t.TradeDate AND fx.FromCurrency = t.Currency AND fx.ToCurrency = b.BaseCurrency
GO
