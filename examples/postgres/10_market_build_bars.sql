-- Minutes of quotes to bars; a bar that is there already is replaced.
CREATE OR REPLACE FUNCTION market.build_bars(p_from timestamptz, p_to timestamptz)
RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    v_rows integer := 0;
BEGIN
    CREATE TEMP TABLE minute_quotes ON COMMIT DROP AS
    SELECT q.isin, date_trunc('minute', q.quoted_at) AS minute, q.mid, q.quoted_at
    FROM market.quotes AS q
    WHERE q.quoted_at >= p_from AND q.quoted_at < p_to;

    INSERT INTO market.bars (isin, bar_start, open, high, low, close, quotes)
    SELECT m.isin,
           m.minute,
           (array_agg(m.mid ORDER BY m.quoted_at))[1],
           max(m.mid),
           min(m.mid),
           (array_agg(m.mid ORDER BY m.quoted_at DESC))[1],
           count(*)
    FROM minute_quotes AS m
    GROUP BY m.isin, m.minute
    ON CONFLICT (isin, bar_start) DO UPDATE
        SET high = greatest(market.bars.high, excluded.high),
            low = least(market.bars.low, excluded.low),
            close = excluded.close;

    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
END;
$$;
