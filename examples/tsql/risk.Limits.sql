USE [TradingMart]
GO
/****** Object:  Table [risk].[Limits]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [risk].[Limits](
	[BookId] [int] NOT NULL,
	[Measure] [varchar](20) NOT NULL,
	[LimitValue] [decimal](18, 2) NOT NULL,
	[ValidFrom] [date] NOT NULL,
 CONSTRAINT [PK_Limits] PRIMARY KEY CLUSTERED ([BookId] ASC, [Measure] ASC, [ValidFrom] ASC) ON [PRIMARY]
) ON [PRIMARY]
GO
