USE [TradingMart]
GO
/****** Object:  Table [staging].[VendorPrices]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [staging].[VendorPrices](
	[LoadId] [int] NOT NULL,
	[Isin] [char](12) NOT NULL,
	[PriceDate] [date] NOT NULL,
	[ClosePrice] [varchar](30) NULL,
	[Vendor] [varchar](20) NOT NULL
) ON [PRIMARY]
GO
