USE [TradingMart]
GO
/****** Object:  StoredProcedure [risk].[LoadClosingPrices]    Script Date: 3/14/2024 9:26:53 AM ******/
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE PROCEDURE [risk].[LoadClosingPrices]
    @LoadId int
AS
BEGIN
    SET NOCOUNT ON

    ;WITH ranked AS
    (
        SELECT v.Isin, v.PriceDate, v.ClosePrice, v.Vendor,
               ROW_NUMBER() OVER (PARTITION BY v.Isin, v.PriceDate ORDER BY v.Vendor) AS VendorRank
        FROM dbo.VendorPriceFeed AS v
        WHERE v.LoadId = @LoadId
    )
    INSERT INTO risk.ClosingPrices (InstrumentId, PriceDate, ClosePrice, Vendor)
    SELECT i.InstrumentId, r.PriceDate, TRY_CAST(r.ClosePrice AS decimal(18, 6)), r.Vendor
    FROM ranked AS r
         INNER JOIN ref.Instruments AS i ON i.Isin = r.Isin
    WHERE r.VendorRank = 1

    DELETE FROM staging.VendorPrices
    WHERE LoadId = @LoadId
END
GO
