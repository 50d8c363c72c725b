USE [TradingMart]
GO
/* Broken on purpose: the statement in the middle was cut off when it was pasted. The others are fine,
   and all that can be known about them is in the graph; this file is reported as partial. */
INSERT INTO trading.OrderAudit (OrderId, OldStatus, NewStatus, ChangedAt, ChangedBy)
SELECT OrderId, Status, 'CANCELLED', GETDATE(), 'correction'
FROM trading.Orders
WHERE Status = 'STALE'
GO
UPDATE trading.Orders SET Status = = 'CANCELLED' FROM trading.Orders WHERE ((Status = 'STALE'
GO
DELETE FROM trading.Positions
WHERE Quantity = 0
GO
