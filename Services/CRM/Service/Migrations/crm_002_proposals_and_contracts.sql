-- Proposals with their versions, contracts with theirs, and the evidence of their signatures.

-- Copies of identity's organizations, kept by its events: sweeps need to know where midnight is.
CREATE TABLE organization_ref (
    organization_id uuid PRIMARY KEY,
    time_zone text NOT NULL,
    currency text NOT NULL,
    version bigint NOT NULL
);
CALL app_protect_with_system('organization_ref');

CREATE TABLE proposal (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    client_company_id uuid NOT NULL,
    contact_id uuid,
    deal_id uuid,
    status text NOT NULL CONSTRAINT proposal__status_check
        CHECK (status IN ('draft', 'sent', 'viewed', 'accepted', 'rejected', 'expired')),
    current_version_id uuid NOT NULL,
    version_number integer NOT NULL,
    introduction text,
    terms text,
    currency text NOT NULL,
    lines jsonb NOT NULL,
    discount_percent numeric,
    discount_amount_minor bigint,
    prices_include_tax boolean NOT NULL DEFAULT false,
    subtotal_minor bigint NOT NULL,
    discount_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    valid_until date,
    content_sha256 text,
    sent_at timestamptz,
    viewed_at timestamptz,
    closed_at timestamptz,
    decision_note text,
    owner_id uuid,
    external_id text,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT proposal__client_company_id_fkey FOREIGN KEY (organization_id, client_company_id)
        REFERENCES client_company (organization_id, id),
    CONSTRAINT proposal__contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contact (organization_id, id),
    CONSTRAINT proposal__deal_id_fkey FOREIGN KEY (organization_id, deal_id) REFERENCES deal (organization_id, id),
    CONSTRAINT proposal__total_minor_check CHECK (total_minor = net_minor + tax_minor AND total_minor >= 0),
    CONSTRAINT proposal__content_sha256_check CHECK ((status = 'draft') = (content_sha256 IS NULL))
);
CREATE UNIQUE INDEX proposal__external_id_key ON proposal (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX proposal_by_age ON proposal (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX proposal_by_change ON proposal (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX proposal_by_status ON proposal (organization_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX proposal_by_company ON proposal (organization_id, client_company_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX proposal_by_deal ON proposal (organization_id, deal_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX proposal_by_validity ON proposal (organization_id, valid_until, id)
    WHERE status IN ('sent', 'viewed') AND deleted_at IS NULL;
CALL app_protect('proposal');

CREATE TABLE proposal_version (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    proposal_id uuid NOT NULL,
    number integer NOT NULL,
    state text NOT NULL CONSTRAINT proposal_version__state_check
        CHECK (state IN ('draft', 'open', 'accepted', 'rejected', 'expired', 'superseded')),
    -- json, not jsonb: the hash is of exactly these bytes.
    content json,
    content_sha256 text,
    valid_until date,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT proposal_version__number_key UNIQUE (organization_id, proposal_id, number),
    CONSTRAINT proposal_version__proposal_id_fkey FOREIGN KEY (organization_id, proposal_id)
        REFERENCES proposal (organization_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT proposal_version__content_check CHECK (state IN ('draft', 'superseded') OR (content IS NOT NULL AND content_sha256 IS NOT NULL))
);
CREATE UNIQUE INDEX proposal_version__open_key ON proposal_version (organization_id, proposal_id) WHERE state = 'open';
CALL app_protect('proposal_version');

CREATE TABLE contract (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    client_company_id uuid NOT NULL,
    contact_id uuid,
    deal_id uuid,
    proposal_id uuid,
    proposal_version_id uuid,
    status text NOT NULL CONSTRAINT contract__status_check CHECK (status IN ('draft', 'sent', 'signed', 'expired', 'cancelled')),
    current_version_id uuid NOT NULL,
    version_number integer NOT NULL,
    terms text,
    currency text NOT NULL,
    lines jsonb NOT NULL,
    total_minor bigint NOT NULL CONSTRAINT contract__total_minor_check CHECK (total_minor >= 0),
    starts_on date,
    ends_on date,
    billing jsonb,
    project_template_id uuid,
    project_template jsonb,
    content_sha256 text,
    packet_id uuid,
    sign_until date,
    sent_at timestamptz,
    signed_at timestamptz,
    signed_by_name text,
    signed_by_email text,
    closed_at timestamptz,
    cancel_reason text,
    owner_id uuid,
    external_id text,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT contract__client_company_id_fkey FOREIGN KEY (organization_id, client_company_id)
        REFERENCES client_company (organization_id, id),
    CONSTRAINT contract__contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contact (organization_id, id),
    CONSTRAINT contract__deal_id_fkey FOREIGN KEY (organization_id, deal_id) REFERENCES deal (organization_id, id),
    CONSTRAINT contract__proposal_id_fkey FOREIGN KEY (organization_id, proposal_id) REFERENCES proposal (organization_id, id),
    CONSTRAINT contract__ends_on_check CHECK (ends_on >= starts_on),
    CONSTRAINT contract__signed_at_check CHECK ((status = 'signed') = (signed_at IS NOT NULL))
);
CREATE UNIQUE INDEX contract__external_id_key ON contract (organization_id, external_id);
-- One acceptance makes one contract, unless that one came to nothing.
CREATE UNIQUE INDEX contract__proposal_id_key ON contract (organization_id, proposal_version_id)
    WHERE status NOT IN ('cancelled', 'expired');
CREATE INDEX contract_by_age ON contract (organization_id, created_at, id);
CREATE INDEX contract_by_change ON contract (organization_id, updated_at, id);
CREATE INDEX contract_by_status ON contract (organization_id, status, created_at, id);
CREATE INDEX contract_by_company ON contract (organization_id, client_company_id, created_at, id);
CREATE INDEX contract_by_deal ON contract (organization_id, deal_id, created_at, id);
CREATE INDEX contract_by_proposal ON contract (organization_id, proposal_id, created_at, id);
CALL app_protect('contract');

CREATE TABLE contract_version (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    contract_id uuid NOT NULL,
    number integer NOT NULL,
    content json NOT NULL,
    content_sha256 text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT contract_version__number_key UNIQUE (organization_id, contract_id, number),
    CONSTRAINT contract_version__contract_id_fkey FOREIGN KEY (organization_id, contract_id) REFERENCES contract (organization_id, id)
);
CALL app_protect('contract_version');

CREATE TABLE signature_packet (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    contract_id uuid NOT NULL,
    contract_version_id uuid NOT NULL,
    content_sha256 text NOT NULL,
    routing text NOT NULL,
    status text NOT NULL CONSTRAINT signature_packet__status_check
        CHECK (status IN ('created', 'sent', 'in_progress', 'completed', 'declined', 'expired', 'voided')),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT signature_packet__contract_id_fkey FOREIGN KEY (organization_id, contract_id) REFERENCES contract (organization_id, id),
    CONSTRAINT signature_packet__contract_version_id_fkey FOREIGN KEY (organization_id, contract_version_id)
        REFERENCES contract_version (organization_id, id)
);
CREATE INDEX signature_packet_by_contract ON signature_packet (organization_id, contract_id, created_at, id);
CREATE UNIQUE INDEX signature_packet__open_key ON signature_packet (organization_id, contract_id)
    WHERE status IN ('created', 'sent', 'in_progress');
CREATE INDEX signature_packet_by_expiry ON signature_packet (organization_id, expires_at) WHERE status IN ('sent', 'in_progress');
CALL app_protect('signature_packet');

CREATE TABLE signature_recipient (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    packet_id uuid NOT NULL,
    role text NOT NULL,
    position integer NOT NULL,
    name text,
    email text,
    status text NOT NULL,
    terms_served_at timestamptz,
    disclosure_version text,
    signed_sha256 text,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT signature_recipient__packet_id_fkey FOREIGN KEY (organization_id, packet_id) REFERENCES signature_packet (organization_id, id)
);
CREATE INDEX signature_recipient_by_packet ON signature_recipient (organization_id, packet_id, position, id);
CALL app_protect('signature_recipient');

-- Evidence: one row for each act, never changed. The signature itself is not here, only its hash.
CREATE TABLE signature_act (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    packet_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL CONSTRAINT signature_act__kind_check CHECK (kind IN ('opened', 'terms_served', 'consented', 'signed', 'declined')),
    contract_version_id uuid NOT NULL,
    content_sha256 text NOT NULL,
    disclosure_version text,
    signature_sha256 text,
    signer_name text,
    signer_email text,
    reason text,
    authentication text NOT NULL,
    remote_address text NOT NULL,
    user_agent text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT signature_act__packet_id_fkey FOREIGN KEY (organization_id, packet_id) REFERENCES signature_packet (organization_id, id),
    CONSTRAINT signature_act__recipient_id_fkey FOREIGN KEY (organization_id, recipient_id) REFERENCES signature_recipient (organization_id, id),
    CONSTRAINT signature_act__signature_sha256_check CHECK ((kind = 'signed') = (signature_sha256 IS NOT NULL))
);
CREATE INDEX signature_act_by_packet ON signature_act (organization_id, packet_id, position);
CALL app_protect('signature_act');
DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON signature_act FROM %I', current_setting('app.service_role')); END $$;

-- What a client was shown does not change any more, whoever asks.
CREATE FUNCTION refuse_change_of_frozen_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.content IS NOT NULL AND
        (NEW.content::text IS DISTINCT FROM OLD.content::text OR NEW.content_sha256 IS DISTINCT FROM OLD.content_sha256) THEN
        RAISE EXCEPTION 'the content of % % is frozen', TG_TABLE_NAME, OLD.id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER proposal_version_frozen BEFORE UPDATE ON proposal_version
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_frozen_content();
CREATE TRIGGER contract_version_frozen BEFORE UPDATE ON contract_version
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_frozen_content();

-- The pipeline reads nothing but this index.
CREATE INDEX deal_pipeline ON deal (organization_id) INCLUDE (currency, stage, amount_minor, probability, owner_id)
    WHERE deleted_at IS NULL;

DO $$
BEGIN
    ASSERT (SELECT count(DISTINCT tablename) FROM pg_policies WHERE tablename IN ('organization_ref', 'proposal', 'proposal_version',
        'contract', 'contract_version', 'signature_packet', 'signature_recipient', 'signature_act')) = 8,
        'every table of this migration is protected';
    ASSERT NOT has_table_privilege(current_setting('app.service_role'), 'signature_act', 'UPDATE'), 'evidence is never changed';
END
$$;
CREATE INDEX contract_by_sign_until ON contract (organization_id, sign_until, id) WHERE status = 'sent';
