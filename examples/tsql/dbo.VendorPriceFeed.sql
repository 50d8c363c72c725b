USE [TradingMart]
GO
/****** Object:  Synonym [dbo].[VendorPriceFeed]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE SYNONYM [dbo].[VendorPriceFeed] FOR [staging].[VendorPrices]
GO
