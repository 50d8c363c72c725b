CREATE VIEW billing.v_client_positions AS
SELECT p.client_id, p.isin, p.quantity, p.quantity * l.price AS market_value
FROM (
    SELECT client_id, isin, sum(quantity) AS quantity
    FROM billing.trades
    GROUP BY client_id, isin
) AS p
CROSS JOIN LATERAL (
    SELECT v.price FROM market.v_latest_quotes AS v WHERE v.isin = p.isin
) AS l;
