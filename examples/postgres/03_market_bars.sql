CREATE TABLE market.bars (
    isin      char(12) NOT NULL,
    bar_start timestamptz NOT NULL,
    open      numeric(18, 6),
    high      numeric(18, 6),
    low       numeric(18, 6),
    close     numeric(18, 6),
    quotes    integer,
    PRIMARY KEY (isin, bar_start)
);
