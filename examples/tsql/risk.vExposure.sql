USE [TradingMart]
GO
/****** Object:  View [risk].[vExposure]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE VIEW [risk].[vExposure] (BookId, InstrumentId, MarketValue)
AS
SELECT p.BookId, p.InstrumentId, p.Quantity * c.ClosePrice * i.PriceMultiplier
FROM trading.Positions AS p
     INNER JOIN ref.Instruments AS i ON i.InstrumentId = p.InstrumentId
     CROSS APPLY (SELECT TOP (1) cp.ClosePrice
                  FROM risk.ClosingPrices AS cp
                  WHERE cp.InstrumentId = p.InstrumentId
                  ORDER BY cp.PriceDate DESC) AS c
GO
