-- Recurring invoices, the invoices themselves, their numbers, and the books' lock.

CREATE TABLE period_lock (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    locked_through date NOT NULL,
    reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id)
);
COMMENT ON TABLE period_lock IS 'The books are closed through the latest date of the rows that are not deleted.';
CREATE INDEX period_lock_by_age ON period_lock (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX period_lock_by_change ON period_lock (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX period_lock_by_date ON period_lock (organization_id, locked_through, id) WHERE deleted_at IS NULL;
CALL app_protect('period_lock');

CREATE TABLE number_series (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT number_series__kind_check CHECK (kind IN ('invoice', 'credit_note')),
    year integer NOT NULL,
    pattern text NOT NULL,
    last_number bigint NOT NULL CONSTRAINT number_series__last_number_check CHECK (last_number >= 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT number_series__year_key UNIQUE (organization_id, kind, year)
);
COMMENT ON TABLE number_series IS 'One row a kind and year; its lock orders those who take numbers, and a rollback gives the number back.';
CREATE INDEX number_series_by_age ON number_series (organization_id, created_at, id);
CREATE INDEX number_series_by_change ON number_series (organization_id, updated_at, id);
CALL app_protect('number_series');

CREATE TABLE invoice_schedule (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    engagement_id uuid,
    client_company_id uuid NOT NULL,
    contract_id uuid,
    contract_version_id uuid,
    deal_id uuid,
    origin text NOT NULL CONSTRAINT invoice_schedule__origin_check CHECK (origin IN ('contract', 'manual')),
    status text NOT NULL CONSTRAINT invoice_schedule__status_check CHECK (status IN ('active', 'paused', 'completed')),
    currency text NOT NULL,
    kind text NOT NULL CONSTRAINT invoice_schedule__kind_check CHECK (kind IN ('recurring', 'one_time')),
    interval_unit text NOT NULL,
    interval_count integer NOT NULL CONSTRAINT invoice_schedule__interval_count_check CHECK (interval_count > 0),
    anchor_date date NOT NULL,
    day_rule text NOT NULL,
    end_kind text NOT NULL CONSTRAINT invoice_schedule__end_kind_check CHECK (end_kind IN ('never', 'on_date', 'after_n')),
    end_on date,
    end_after integer,
    prorate boolean NOT NULL DEFAULT false,
    catch_up text NOT NULL,
    payment_terms_days integer NOT NULL,
    auto text NOT NULL CONSTRAINT invoice_schedule__auto_check CHECK (auto IN ('draft', 'finalize', 'send')),
    lines jsonb NOT NULL,
    pauses jsonb NOT NULL DEFAULT '[]',
    next_index integer NOT NULL DEFAULT 0,
    next_on date,
    external_id text,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT invoice_schedule__end_on_check CHECK ((end_kind = 'on_date') = (end_on IS NOT NULL)),
    CONSTRAINT invoice_schedule__end_after_check CHECK ((end_kind = 'after_n') = (end_after IS NOT NULL))
);
COMMENT ON COLUMN invoice_schedule.next_on IS 'First day of the first period neither billed nor skipped; null once completed.';
CREATE UNIQUE INDEX invoice_schedule__engagement_id_key ON invoice_schedule (organization_id, engagement_id) WHERE origin = 'contract';
CREATE UNIQUE INDEX invoice_schedule__external_id_key ON invoice_schedule (organization_id, external_id);
CREATE INDEX invoice_schedule_by_age ON invoice_schedule (organization_id, created_at, id);
CREATE INDEX invoice_schedule_by_change ON invoice_schedule (organization_id, updated_at, id);
CREATE INDEX invoice_schedule_by_status ON invoice_schedule (organization_id, status, created_at, id);
CREATE INDEX invoice_schedule_by_engagement ON invoice_schedule (organization_id, engagement_id, created_at, id);
CREATE INDEX invoice_schedule_by_client ON invoice_schedule (organization_id, client_company_id, created_at, id);
CREATE INDEX invoice_schedule_due ON invoice_schedule (next_on) WHERE status <> 'completed';
CALL app_protect_with_system('invoice_schedule');

CREATE TABLE invoice (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    number text,
    number_series_id uuid,
    number_value bigint,
    client_company_id uuid NOT NULL,
    engagement_id uuid,
    contract_id uuid,
    contract_version_id uuid,
    deal_id uuid,
    schedule_id uuid,
    period_start date,
    period_end date,
    billed_days integer,
    currency text NOT NULL,
    issue_on date,
    due_on date,
    payment_terms_days integer NOT NULL,
    lines jsonb NOT NULL DEFAULT '[]',
    discount_percent numeric,
    discount_amount_minor bigint,
    prices_include_tax boolean NOT NULL DEFAULT false,
    tax_groups jsonb NOT NULL DEFAULT '[]',
    subtotal_minor bigint NOT NULL,
    discount_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    paid_minor bigint NOT NULL DEFAULT 0,
    credited_minor bigint NOT NULL DEFAULT 0,
    finalized_at timestamptz,
    sent_at timestamptz,
    first_viewed_at timestamptz,
    voided_at timestamptz,
    void_reason text,
    overdue_since date,
    -- What follows from the facts above is generated, so that it can be filtered and indexed and never contradicts them.
    balance_minor bigint NOT NULL GENERATED ALWAYS AS (
        CASE WHEN voided_at IS NULL THEN total_minor - paid_minor - credited_minor ELSE 0 END
    ) STORED,
    payment_state text NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN voided_at IS NULL AND finalized_at IS NOT NULL AND total_minor = paid_minor + credited_minor
                THEN CASE WHEN credited_minor > 0 AND paid_minor = 0 THEN 'credited' ELSE 'paid' END
            WHEN paid_minor > 0 OR credited_minor > 0 THEN 'partial'
            ELSE 'unpaid'
        END
    ) STORED,
    is_overdue boolean NOT NULL GENERATED ALWAYS AS (
        overdue_since IS NOT NULL AND voided_at IS NULL AND total_minor > paid_minor + credited_minor
    ) STORED,
    status text NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN voided_at IS NOT NULL THEN 'cancelled'
            WHEN finalized_at IS NULL THEN 'draft'
            WHEN total_minor = paid_minor + credited_minor
                THEN CASE WHEN credited_minor > 0 AND paid_minor = 0 THEN 'cancelled' ELSE 'paid' END
            WHEN overdue_since IS NOT NULL THEN 'overdue'
            WHEN first_viewed_at IS NULL THEN 'sent'
            ELSE 'viewed'
        END
    ) STORED,
    notes text,
    external_id text,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT invoice__schedule_id_fkey FOREIGN KEY (organization_id, schedule_id) REFERENCES invoice_schedule (organization_id, id),
    CONSTRAINT invoice__number_series_id_fkey FOREIGN KEY (organization_id, number_series_id) REFERENCES number_series (organization_id, id),
    CONSTRAINT invoice__number_key UNIQUE (organization_id, number_series_id, number_value),
    -- Deleting a draft does not make its period due again, so deleted rows count.
    CONSTRAINT invoice__period_start_key UNIQUE (organization_id, schedule_id, period_start),
    CONSTRAINT invoice__paid_minor_check CHECK (paid_minor >= 0 AND credited_minor >= 0),
    CONSTRAINT invoice__total_minor_check CHECK (total_minor = net_minor + tax_minor AND paid_minor + credited_minor <= total_minor),
    CONSTRAINT invoice__finalized_at_check CHECK (
        (finalized_at IS NULL) = (number IS NULL) AND (finalized_at IS NULL OR (issue_on IS NOT NULL AND due_on >= issue_on))
    ),
    CONSTRAINT invoice__sent_at_check CHECK (sent_at IS NULL OR finalized_at IS NOT NULL),
    CONSTRAINT invoice__deleted_at_check CHECK (deleted_at IS NULL OR finalized_at IS NULL)
);
COMMENT ON COLUMN invoice.overdue_since IS 'The day after due_on, set by the sweep when the organization''s today reached it; one event per value.';
CREATE UNIQUE INDEX invoice__external_id_key ON invoice (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX invoice_number ON invoice (organization_id, number);
CREATE INDEX invoice_by_age ON invoice (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_by_change ON invoice (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_by_total ON invoice (organization_id, total_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_by_balance ON invoice (organization_id, balance_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_by_status ON invoice (organization_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_by_payment_state ON invoice (organization_id, payment_state, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_by_engagement ON invoice (organization_id, engagement_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_by_client ON invoice (organization_id, client_company_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_by_contract ON invoice (organization_id, contract_id) WHERE contract_id IS NOT NULL;
CREATE INDEX invoice_by_deal ON invoice (organization_id, deal_id) WHERE deal_id IS NOT NULL;
CREATE INDEX invoice_by_due_date ON invoice (organization_id, due_on, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_by_issue_date ON invoice (organization_id, issue_on, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_open ON invoice (organization_id, client_company_id, currency, due_on, id)
    WHERE finalized_at IS NOT NULL AND voided_at IS NULL AND balance_minor > 0;
CREATE INDEX invoice_to_become_overdue ON invoice (due_on)
    WHERE finalized_at IS NOT NULL AND voided_at IS NULL AND balance_minor > 0 AND overdue_since IS NULL;
CALL app_protect_with_system('invoice');

CREATE TABLE invoice_schedule_period (
    organization_id uuid NOT NULL,
    schedule_id uuid NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    period_index integer NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('billed', 'paused', 'caught_up')),
    invoice_id uuid,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, schedule_id, period_start),
    CONSTRAINT invoice_schedule_period__schedule_id_fkey FOREIGN KEY (organization_id, schedule_id)
        REFERENCES invoice_schedule (organization_id, id),
    CONSTRAINT invoice_schedule_period__invoice_id_fkey FOREIGN KEY (organization_id, invoice_id)
        REFERENCES invoice (organization_id, id),
    CONSTRAINT invoice_schedule_period__outcome_check CHECK ((outcome = 'billed') = (invoice_id IS NOT NULL))
);
COMMENT ON TABLE invoice_schedule_period IS 'What became of each period of a schedule, decided once.';
CALL app_protect('invoice_schedule_period');

DO $$
BEGIN
    ASSERT (
        SELECT count(*) FROM pg_policies
        WHERE tablename IN ('period_lock', 'number_series', 'invoice_schedule', 'invoice', 'invoice_schedule_period')
    ) = 5, 'every table of this migration is protected';
END
$$;
