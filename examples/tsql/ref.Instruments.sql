USE [TradingMart]
GO
/****** Object:  Table [ref].[Instruments]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [ref].[Instruments](
	[InstrumentId] [int] IDENTITY(1,1) NOT NULL,
	[Isin] [char](12) NOT NULL,
	[Ticker] [varchar](20) NULL,
	[InstrumentType] [varchar](20) NOT NULL,
	[Currency] [char](3) NOT NULL,
	[LotSize] [int] NOT NULL,
	[PriceMultiplier] [decimal](9, 4) NOT NULL,
 CONSTRAINT [PK_Instruments] PRIMARY KEY CLUSTERED ([InstrumentId] ASC) ON [PRIMARY],
 CONSTRAINT [UQ_Instruments_Isin] UNIQUE NONCLUSTERED ([Isin] ASC) ON [PRIMARY]
) ON [PRIMARY]
GO
ALTER TABLE [ref].[Instruments]  WITH CHECK ADD  CONSTRAINT [FK_Instruments_Currencies] FOREIGN KEY([Currency])
REFERENCES [ref].[Currencies] ([CurrencyCode])
GO
CREATE NONCLUSTERED INDEX [IX_Instruments_Ticker] ON [ref].[Instruments]
(
	[Ticker] ASC
)
INCLUDE([Currency]) WITH (SORT_IN_TEMPDB = OFF) ON [PRIMARY]
GO
