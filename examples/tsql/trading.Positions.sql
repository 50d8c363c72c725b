USE [TradingMart]
GO
/****** Object:  Table [trading].[Positions]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [trading].[Positions](
	[BookId] [int] NOT NULL,
	[InstrumentId] [int] NOT NULL,
	[Quantity] [decimal](18, 4) NOT NULL,
	[AverageCost] [decimal](18, 6) NOT NULL,
	[UpdatedAt] [datetime2](3) NULL,
 CONSTRAINT [PK_Positions] PRIMARY KEY CLUSTERED ([BookId] ASC, [InstrumentId] ASC) ON [PRIMARY]
) ON [PRIMARY]
GO
ALTER TABLE [trading].[Positions]  WITH CHECK ADD  CONSTRAINT [FK_Positions_Books] FOREIGN KEY([BookId])
REFERENCES [ref].[Books] ([BookId])
GO
