CREATE TABLE billing.clients (
    client_id  serial PRIMARY KEY,
    name       text NOT NULL,
    tier       text NOT NULL DEFAULT 'standard',
    rate_bps   numeric(8, 3) NOT NULL,
    valid_from date NOT NULL
);

COMMENT ON COLUMN billing.clients.rate_bps IS 'Fee in basis points of the traded amount';
