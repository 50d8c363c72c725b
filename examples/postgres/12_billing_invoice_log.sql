CREATE TABLE billing.invoice_log (
    invoice_id integer NOT NULL,
    old_status text,
    new_status text,
    logged_at  timestamptz NOT NULL DEFAULT now()
);

CREATE OR REPLACE FUNCTION billing.log_invoice_status()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO billing.invoice_log (invoice_id, old_status, new_status)
    VALUES (NEW.invoice_id, OLD.status, NEW.status);
    NEW.changed_at := now();
    RETURN NEW;
END;
$$;

CREATE TRIGGER invoices_status
    BEFORE UPDATE OF status ON billing.invoices
    FOR EACH ROW EXECUTE FUNCTION billing.log_invoice_status();
