USE [TradingMart]
GO
/****** Object:  Table [trading].[Executions]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [trading].[Executions](
	[ExecutionId] [bigint] NOT NULL,
	[OrderId] [bigint] NOT NULL,
	[CounterpartyId] [int] NOT NULL,
	[ExecutedAt] [datetime2](3) NOT NULL,
	[Quantity] [decimal](18, 4) NOT NULL,
	[Price] [decimal](18, 6) NOT NULL,
	[Fee] [decimal](18, 4) NOT NULL,
	[GrossAmount]  AS ([Quantity]*[Price]) PERSISTED,
 CONSTRAINT [PK_Executions] PRIMARY KEY CLUSTERED ([ExecutionId] ASC) ON [PRIMARY]
) ON [PRIMARY]
GO
ALTER TABLE [trading].[Executions]  WITH CHECK ADD  CONSTRAINT [FK_Executions_Orders] FOREIGN KEY([OrderId])
REFERENCES [trading].[Orders] ([OrderId])
ON DELETE CASCADE
GO
ALTER TABLE [trading].[Executions]  WITH CHECK ADD  CONSTRAINT [FK_Executions_Counterparties] FOREIGN KEY([CounterpartyId])
REFERENCES [ref].[Counterparties] ([CounterpartyId])
GO
CREATE NONCLUSTERED INDEX [IX_Executions_Order] ON [trading].[Executions] ([OrderId] ASC) ON [PRIMARY]
GO
