CREATE VIEW billing.v_client_turnover AS
SELECT c.client_id,
       c.name,
       date_trunc('month', t.traded_at)::date AS month,
       sum(t.quantity * t.price) AS turnover,
       sum(t.quantity * t.price) * c.rate_bps / 10000 AS fee
FROM billing.clients AS c
JOIN billing.trades AS t USING (client_id)
GROUP BY c.client_id, c.name, c.rate_bps, date_trunc('month', t.traded_at);
