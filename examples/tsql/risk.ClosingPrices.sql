USE [TradingMart]
GO
/****** Object:  Table [risk].[ClosingPrices]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [risk].[ClosingPrices](
	[InstrumentId] [int] NOT NULL,
	[PriceDate] [date] NOT NULL,
	[ClosePrice] [decimal](18, 6) NOT NULL,
	[Vendor] [varchar](20) NULL,
 CONSTRAINT [PK_ClosingPrices] PRIMARY KEY CLUSTERED ([InstrumentId] ASC, [PriceDate] ASC) ON [PRIMARY]
) ON [PRIMARY]
GO
