CREATE OR REPLACE VIEW market.v_latest_quotes AS
SELECT DISTINCT ON (q.isin) q.isin, q.bid, q.ask, q.mid AS price, q.quoted_at::date AS quote_date
FROM market.quotes AS q
ORDER BY q.isin, q.quoted_at DESC;
