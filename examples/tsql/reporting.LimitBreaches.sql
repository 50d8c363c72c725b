USE [TradingMart]
GO
/****** Object:  Table [reporting].[LimitBreaches]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [reporting].[LimitBreaches](
	[BreachDate] [date] NOT NULL,
	[BookName] [varchar](60) NOT NULL,
	[Measure] [varchar](20) NOT NULL,
	[Exposure] [decimal](18, 2) NOT NULL,
	[LimitValue] [decimal](18, 2) NOT NULL,
	[Excess]  AS ([Exposure]-[LimitValue])
) ON [PRIMARY]
GO
