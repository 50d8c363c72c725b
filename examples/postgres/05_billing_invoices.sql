CREATE TABLE billing.invoices (
    invoice_id  serial PRIMARY KEY,
    client_id   integer NOT NULL REFERENCES billing.clients (client_id),
    month       date NOT NULL,
    amount      numeric(18, 2) NOT NULL,
    status      text NOT NULL DEFAULT 'draft',
    changed_at  timestamptz,
    UNIQUE (client_id, month)
);

CREATE TABLE billing.trades (
    trade_id   bigint PRIMARY KEY,
    client_id  integer NOT NULL REFERENCES billing.clients,
    isin       char(12) NOT NULL,
    quantity   numeric(18, 4) NOT NULL,
    price      numeric(18, 6) NOT NULL,
    traded_at  timestamptz NOT NULL
);
