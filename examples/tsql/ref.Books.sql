USE [TradingMart]
GO
/****** Object:  Table [ref].[Books]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
-- Desks in Zürich and Genève; limits in €. Descriptions come from the “Trading Manual”.
CREATE TABLE [ref].[Books](
	[BookId] [int] NOT NULL,
	[BookName] [varchar](60) NOT NULL,
	[Desk] [varchar](40) NOT NULL,
	[BaseCurrency] [char](3) NOT NULL,
	[LimitEur] [money] NULL,
 CONSTRAINT [PK_Books] PRIMARY KEY CLUSTERED ([BookId] ASC) ON [PRIMARY],
 CONSTRAINT [FK_Books_Currencies] FOREIGN KEY ([BaseCurrency]) REFERENCES [ref].[Currencies] ([CurrencyCode])
) ON [PRIMARY]
GO
EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'Bücher der Handelstische – Limite in €' , @level0type=N'SCHEMA',@level0name=N'ref', @level1type=N'TABLE',@level1name=N'Books'
GO
