USE [TradingMart]
GO
/****** Object:  UserDefinedFunction [trading].[ufn_SideSign]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE FUNCTION [trading].[ufn_SideSign] (@Side char(1))
RETURNS int
WITH SCHEMABINDING
AS
BEGIN
    RETURN CASE WHEN @Side = 'B' THEN 1 WHEN @Side = 'S' THEN -1 ELSE 0 END
END
GO
