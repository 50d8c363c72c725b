CREATE TABLE market.quotes (
    quote_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    isin       char(12) NOT NULL,
    bid        numeric(18, 6) NOT NULL,
    ask        numeric(18, 6) NOT NULL,
    mid        numeric(18, 6) GENERATED ALWAYS AS ((bid + ask) / 2) STORED,
    venue      text NOT NULL,
    quoted_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT quotes_spread CHECK (ask >= bid)
);

CREATE INDEX quotes_isin_idx ON market.quotes (isin, quoted_at DESC);

COMMENT ON TABLE market.quotes IS 'Every quote of every venue, as received';
COMMENT ON COLUMN market.quotes.mid IS 'Half way between bid and ask';
