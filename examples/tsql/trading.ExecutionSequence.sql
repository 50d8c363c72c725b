USE [TradingMart]
GO
/****** Object:  Sequence [trading].[ExecutionSequence]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE SEQUENCE [trading].[ExecutionSequence] AS [bigint] START WITH 1000000 INCREMENT BY 1 CACHE 500
GO
CREATE TYPE [trading].[ExecutionList] AS TABLE(
	[ExecutionId] [bigint] NOT NULL,
	[Quantity] [decimal](18, 4) NOT NULL
)
GO
