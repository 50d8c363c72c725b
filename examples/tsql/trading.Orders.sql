USE [TradingMart]
GO
/****** Object:  Table [trading].[Orders]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [trading].[Orders](
	[OrderId] [bigint] IDENTITY(1,1) NOT NULL,
	[BookId] [int] NOT NULL,
	[InstrumentId] [int] NOT NULL,
	[Side] [char](1) NOT NULL,
	[Quantity] [decimal](18, 4) NOT NULL,
	[LimitPrice] [decimal](18, 6) NULL,
	[Status] [varchar](12) NOT NULL CONSTRAINT [DF_Orders_Status]  DEFAULT ('NEW'),
	[CreatedAt] [datetime2](3) NOT NULL,
 CONSTRAINT [PK_Orders] PRIMARY KEY CLUSTERED ([OrderId] ASC) ON [PRIMARY]
) ON [PRIMARY]
GO
ALTER TABLE [trading].[Orders]  WITH CHECK ADD  CONSTRAINT [FK_Orders_Books] FOREIGN KEY([BookId])
REFERENCES [ref].[Books] ([BookId])
GO
ALTER TABLE [trading].[Orders]  WITH CHECK ADD  CONSTRAINT [FK_Orders_Instruments] FOREIGN KEY([InstrumentId])
REFERENCES [ref].[Instruments] ([InstrumentId])
GO
ALTER TABLE [trading].[Orders]  WITH CHECK ADD  CONSTRAINT [CK_Orders_Side] CHECK  (([Side]='B' OR [Side]='S'))
GO
