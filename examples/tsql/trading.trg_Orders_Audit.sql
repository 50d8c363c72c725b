USE [TradingMart]
GO
/****** Object:  Trigger [trading].[trg_Orders_Audit]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TRIGGER [trading].[trg_Orders_Audit]
ON [trading].[Orders]
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON
    IF NOT UPDATE(Status)
        RETURN

    INSERT INTO trading.OrderAudit (OrderId, OldStatus, NewStatus, ChangedAt, ChangedBy)
    SELECT i.OrderId, d.Status, i.Status, SYSUTCDATETIME(), SUSER_SNAME()
    FROM inserted AS i
         INNER JOIN deleted AS d ON d.OrderId = i.OrderId
END
GO
