-- Unqualified names: they live in public.
CREATE TABLE client_tiers (
    tier     text PRIMARY KEY,
    rate_bps numeric(8, 3) NOT NULL
);

INSERT INTO client_tiers (tier, rate_bps) VALUES ('standard', 12.5), ('gold', 8), ('platinum', 5)
ON CONFLICT (tier) DO NOTHING;

UPDATE billing.clients AS c
SET rate_bps = t.rate_bps
FROM client_tiers AS t
WHERE t.tier = c.tier;

DO $$
BEGIN
    DELETE FROM billing.invoices WHERE status = 'draft' AND month < now()::date - 400;
END;
$$;
