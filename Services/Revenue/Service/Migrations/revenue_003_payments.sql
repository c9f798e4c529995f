-- Money received, what it settled, and what it left as credit.

CREATE TABLE client_balance (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    client_company_id uuid NOT NULL,
    currency text NOT NULL,
    unapplied_minor bigint NOT NULL CONSTRAINT client_balance__unapplied_minor_check CHECK (unapplied_minor >= 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT client_balance__currency_key UNIQUE (organization_id, client_company_id, currency)
);
COMMENT ON TABLE client_balance IS 'A client''s unapplied credit; its row lock is the first that whoever moves that client''s money takes.';
CREATE INDEX client_balance_by_age ON client_balance (organization_id, created_at, id);
CREATE INDEX client_balance_by_change ON client_balance (organization_id, updated_at, id);
CALL app_protect('client_balance');

CREATE TABLE payment (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    client_company_id uuid NOT NULL,
    engagement_id uuid,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    unapplied_minor bigint NOT NULL,
    received_on date NOT NULL,
    method text NOT NULL,
    external_reference text,
    reverses_payment_id uuid,
    reason text,
    note text,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT payment__reverses_payment_id_fkey FOREIGN KEY (organization_id, reverses_payment_id) REFERENCES payment (organization_id, id),
    CONSTRAINT payment__reverses_payment_id_key UNIQUE (organization_id, reverses_payment_id),
    CONSTRAINT payment__external_reference_key UNIQUE (organization_id, method, external_reference),
    CONSTRAINT payment__reason_check CHECK ((reverses_payment_id IS NULL) = (reason IS NULL)),
    CONSTRAINT payment__amount_minor_check CHECK ((amount_minor = 0) = (method = 'credit')),
    -- Using credit receives nothing: what its invoices take is what the credit loses.
    CONSTRAINT payment__unapplied_minor_check CHECK (
        CASE
            WHEN method = 'credit' THEN (reverses_payment_id IS NULL) = (unapplied_minor < 0) AND unapplied_minor <> 0
            WHEN reverses_payment_id IS NULL THEN unapplied_minor BETWEEN 0 AND amount_minor
            ELSE unapplied_minor BETWEEN amount_minor AND 0
        END
    )
);
COMMENT ON TABLE payment IS 'Never changed and never deleted: a mistake is undone by a row of its own with every amount negative.';
CREATE INDEX payment_by_age ON payment (organization_id, created_at, id);
CREATE INDEX payment_by_change ON payment (organization_id, updated_at, id);
CREATE INDEX payment_by_client ON payment (organization_id, client_company_id, created_at, id);
CREATE INDEX payment_by_engagement ON payment (organization_id, engagement_id, created_at, id);
CREATE INDEX payment_by_day ON payment (organization_id, received_on, id);
CALL app_protect('payment');

CREATE TABLE payment_allocation (
    organization_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT payment_allocation__amount_minor_check CHECK (amount_minor <> 0),
    PRIMARY KEY (organization_id, payment_id, invoice_id),
    CONSTRAINT payment_allocation__payment_id_fkey FOREIGN KEY (organization_id, payment_id) REFERENCES payment (organization_id, id),
    CONSTRAINT payment_allocation__invoice_id_fkey FOREIGN KEY (organization_id, invoice_id) REFERENCES invoice (organization_id, id)
);
CREATE INDEX payment_allocation_by_invoice ON payment_allocation (organization_id, invoice_id);
CALL app_protect('payment_allocation');

DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON payment, payment_allocation FROM %I', current_setting('app.service_role'));
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename IN ('client_balance', 'payment', 'payment_allocation')) = 3,
        'every table of this migration is protected';
END
$$;
