USE [TradingMart]
GO
/****** Object:  View [reporting].[vBookSummary]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
-- A star over a view over a star, and columns that do not say whose they are.
CREATE VIEW [reporting].[vBookSummary]
AS
SELECT p.*, BookName, Desk, RealisedPnl + UnrealisedPnl - Fees AS NetPnl
FROM reporting.vDailyPnl AS p
     INNER JOIN ref.Books AS b ON b.BookId = p.BookId
GO
