USE [TradingMart]
GO
/****** Object:  View [reporting].[vDailyPnl]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
-- A star over a table: it shows whatever columns reporting.DailyPnl has.
CREATE VIEW [reporting].[vDailyPnl]
AS
SELECT *
FROM reporting.DailyPnl
GO
