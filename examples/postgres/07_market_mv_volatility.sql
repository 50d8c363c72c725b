CREATE MATERIALIZED VIEW market.mv_volatility AS
WITH returns AS (
    SELECT isin,
           bar_start,
           ln(close / lag(close) OVER (PARTITION BY isin ORDER BY bar_start)) AS log_return
    FROM market.bars
)
SELECT isin, stddev_samp(log_return) AS volatility, count(*) AS bars
FROM returns
GROUP BY isin
WITH NO DATA;
