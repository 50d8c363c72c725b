CREATE OR REPLACE FUNCTION billing.create_invoices(p_month date)
RETURNS SETOF billing.invoices
LANGUAGE plpgsql
AS $body$
DECLARE
    v_latest date;
BEGIN
    SELECT max(month) INTO v_latest FROM billing.invoices;
    IF v_latest >= p_month THEN
        RAISE EXCEPTION 'invoices of % exist', p_month;
    END IF;

    PERFORM market.build_bars(p_month, p_month + interval '1 month');

    INSERT INTO billing.invoices (client_id, month, amount)
    SELECT t.client_id, t.month, round(t.fee, 2)
    FROM billing.v_client_turnover AS t
    WHERE t.month = p_month;

    RETURN QUERY SELECT i.* FROM billing.invoices AS i WHERE i.month = p_month;
END;
$body$;
