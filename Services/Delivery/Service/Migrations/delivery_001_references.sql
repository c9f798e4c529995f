-- What delivery knows of rows that other services own, kept from their events.

CREATE TABLE organization_ref (
    organization_id uuid NOT NULL,
    name text,
    time_zone text NOT NULL,
    currency text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id)
);
CALL app_protect('organization_ref');

CREATE TABLE client_company_ref (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    is_deleted boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CALL app_protect('client_company_ref');

CREATE TABLE invoice_ref (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    engagement_id uuid,
    is_draft boolean NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
COMMENT ON TABLE invoice_ref IS 'An engagement is not completed while one of its invoices is a draft.';
CREATE INDEX invoice_ref_drafts ON invoice_ref (organization_id, engagement_id) WHERE is_draft;
CALL app_protect('invoice_ref');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename IN ('organization_ref', 'client_company_ref', 'invoice_ref')) = 3,
        'every table of this migration is protected';
END
$$;
