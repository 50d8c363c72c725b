USE [TradingMart]
GO
/****** Object:  UserDefinedFunction [risk].[ufn_ExposureByBook]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE FUNCTION [risk].[ufn_ExposureByBook] (@BookId int)
RETURNS TABLE
AS
RETURN
(
    SELECT e.BookId, SUM(e.MarketValue) AS Exposure
    FROM risk.vExposure AS e
    WHERE e.BookId = @BookId
    GROUP BY e.BookId
)
GO
