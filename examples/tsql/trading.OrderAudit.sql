USE [TradingMart]
GO
/****** Object:  Table [trading].[OrderAudit]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [trading].[OrderAudit](
	[AuditId] [bigint] IDENTITY(1,1) NOT NULL,
	[OrderId] [bigint] NOT NULL,
	[OldStatus] [varchar](12) NULL,
	[NewStatus] [varchar](12) NULL,
	[ChangedAt] [datetime2](3) NOT NULL,
	[ChangedBy] [sysname] NOT NULL,
 CONSTRAINT [PK_OrderAudit] PRIMARY KEY CLUSTERED ([AuditId] ASC) ON [PRIMARY]
) ON [PRIMARY]
GO
