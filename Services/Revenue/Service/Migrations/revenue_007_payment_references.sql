-- A reversed payment gives its reference free, so that it can be recorded again as it was meant.

-- Payments never change, so that a reference is taken stands beside them, as long as nothing has undone the payment.
CREATE TABLE payment_reference (
    organization_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    method text NOT NULL,
    external_reference text NOT NULL,
    PRIMARY KEY (organization_id, payment_id),
    CONSTRAINT payment_reference__payment_id_fkey FOREIGN KEY (organization_id, payment_id) REFERENCES payment (organization_id, id),
    CONSTRAINT payment_reference__external_reference_key UNIQUE (organization_id, method, external_reference)
);
COMMENT ON TABLE payment_reference IS 'The references of payments that stand; a reversal removes its payment''s row.';
CALL app_protect('payment_reference');

INSERT INTO payment_reference (organization_id, payment_id, method, external_reference)
SELECT p.organization_id, p.id, p.method, p.external_reference FROM payment p
WHERE p.external_reference IS NOT NULL AND NOT EXISTS (
    SELECT FROM payment r WHERE r.organization_id = p.organization_id AND r.reverses_payment_id = p.id
);

ALTER TABLE payment DROP CONSTRAINT payment__external_reference_key;
CREATE INDEX payment_by_reference ON payment (organization_id, external_reference, id) WHERE external_reference IS NOT NULL;

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename = 'payment_reference') = 1, 'the table of this migration is protected';
    ASSERT (SELECT count(*) FROM pg_constraint WHERE conname = 'payment__external_reference_key') = 0,
        'a reversed payment does not keep its reference';
END
$$;
