-- Client companies, their contacts, and the deals that are made with them.

CREATE TABLE client_company (
    organization_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    domain text,
    email text,
    phone text,
    website text,
    industry text,
    employees integer,
    annual_revenue_minor bigint,
    currency text NOT NULL DEFAULT 'USD',
    address jsonb,
    tax_id text,
    parent_name text,
    tags jsonb NOT NULL DEFAULT '[]',
    owner_id uuid,
    source text,
    notes text,
    external_id text,
    custom_fields jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX client_company__external_id_key ON client_company (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX client_company_by_age ON client_company (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX client_company_by_change ON client_company (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX client_company_by_name ON client_company (organization_id, name, id) WHERE deleted_at IS NULL;
CALL app_protect('client_company');

CREATE TABLE contact (
    organization_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    client_company_id uuid,
    first_name text,
    last_name text NOT NULL,
    email text,
    phone text,
    title text,
    tags jsonb NOT NULL DEFAULT '[]',
    owner_id uuid,
    notes text,
    external_id text,
    custom_fields jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT contact__client_company_id_fkey FOREIGN KEY (organization_id, client_company_id)
        REFERENCES client_company (organization_id, id)
);
CREATE UNIQUE INDEX contact__external_id_key ON contact (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX contact_by_age ON contact (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_by_change ON contact (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_by_name ON contact (organization_id, last_name, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_by_company ON contact (organization_id, client_company_id, created_at, id) WHERE deleted_at IS NULL;
CALL app_protect('contact');

CREATE TABLE deal (
    organization_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    client_company_id uuid,
    contact_id uuid,
    stage text NOT NULL CONSTRAINT deal__stage_check CHECK (stage IN ('lead', 'qualified', 'proposal', 'negotiation', 'won', 'lost')),
    amount_minor bigint CONSTRAINT deal__amount_minor_check CHECK (amount_minor >= 0),
    currency text NOT NULL,
    probability integer NOT NULL CONSTRAINT deal__probability_check CHECK (probability BETWEEN 0 AND 100),
    probability_override integer,
    expected_close_on date,
    lost_reason text,
    lost_note text,
    lost_from text,
    entered_stage_at timestamptz NOT NULL,
    closed_at timestamptz,
    owner_id uuid,
    product text,
    source text,
    notes text,
    external_id text,
    custom_fields jsonb NOT NULL DEFAULT '{}',
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT deal__client_company_id_fkey FOREIGN KEY (organization_id, client_company_id)
        REFERENCES client_company (organization_id, id),
    CONSTRAINT deal__contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contact (organization_id, id),
    CONSTRAINT deal__lost_reason_check CHECK ((stage = 'lost') = (lost_reason IS NOT NULL))
);
CREATE UNIQUE INDEX deal__external_id_key ON deal (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX deal_by_age ON deal (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_by_change ON deal (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_by_stage ON deal (organization_id, stage, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_by_company ON deal (organization_id, client_company_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_by_contact ON deal (organization_id, contact_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_by_owner ON deal (organization_id, owner_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_by_amount ON deal (organization_id, amount_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_by_expected_close ON deal (organization_id, expected_close_on, id) WHERE deleted_at IS NULL;
CALL app_protect('deal');

CREATE TABLE deal_stage_history (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    deal_id uuid NOT NULL,
    from_stage text NOT NULL,
    to_stage text NOT NULL,
    entered_at timestamptz NOT NULL,
    left_at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    note text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT deal_stage_history__deal_id_fkey FOREIGN KEY (organization_id, deal_id) REFERENCES deal (organization_id, id)
);
COMMENT ON TABLE deal_stage_history IS 'One row for each move: the stage that was left, since when it had been in it, and where it went.';
CREATE INDEX deal_stage_history_by_deal ON deal_stage_history (organization_id, deal_id, created_at, id);
CALL app_protect('deal_stage_history');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename IN ('client_company', 'contact', 'deal', 'deal_stage_history')) = 4,
        'every table of this migration is protected';
END
$$;
