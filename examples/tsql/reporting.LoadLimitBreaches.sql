USE [TradingMart]
GO
/****** Object:  StoredProcedure [reporting].[LoadLimitBreaches]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
-- One book at a time: a cursor over the books, the exposure from a table function.
CREATE PROCEDURE [reporting].[LoadLimitBreaches]
AS
BEGIN
    SET NOCOUNT ON
    DECLARE @BookId int
    DECLARE books CURSOR LOCAL FAST_FORWARD FOR
        SELECT BookId FROM ref.Books
    OPEN books
    FETCH NEXT FROM books INTO @BookId
    WHILE @@FETCH_STATUS = 0
    BEGIN
        INSERT INTO reporting.LimitBreaches (BreachDate, BookName, Measure, Exposure, LimitValue)
        SELECT CAST(GETDATE() AS date), b.BookName, l.Measure, x.Exposure, l.LimitValue
        FROM ref.Books AS b
             INNER JOIN risk.Limits AS l ON l.BookId = b.BookId
             CROSS APPLY risk.ufn_ExposureByBook(b.BookId) AS x
        WHERE b.BookId = @BookId AND x.Exposure > l.LimitValue
        FETCH NEXT FROM books INTO @BookId
    END
    CLOSE books
    DEALLOCATE books
END
GO
