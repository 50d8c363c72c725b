USE [TradingMart]
GO
/****** Object:  Table [reporting].[DailyPnl]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [reporting].[DailyPnl](
	[PnlDate] [date] NOT NULL,
	[BookId] [int] NOT NULL,
	[RealisedPnl] [decimal](18, 2) NULL,
	[UnrealisedPnl] [decimal](18, 2) NULL,
	[Fees] [decimal](18, 2) NULL,
	[LoadedAt] [datetime2](0) NULL,
 CONSTRAINT [PK_DailyPnl] PRIMARY KEY CLUSTERED ([PnlDate] ASC, [BookId] ASC) ON [PRIMARY]
) ON [PRIMARY]
GO
EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'Profit and loss by book and day, in the reporting currency' , @level0type=N'SCHEMA',@level0name=N'reporting', @level1type=N'TABLE',@level1name=N'DailyPnl'
GO
EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'Sold quantity times price difference, after conversion' , @level0type=N'SCHEMA',@level0name=N'reporting', @level1type=N'TABLE',@level1name=N'DailyPnl', @level2type=N'COLUMN',@level2name=N'RealisedPnl'
GO
