-- What revenue knows of other services' rows: small copies, kept from their owners' events.

CREATE TABLE organization_ref (
    organization_id uuid PRIMARY KEY,
    name text,
    time_zone text NOT NULL DEFAULT 'UTC',
    currency text NOT NULL DEFAULT 'USD',
    version bigint NOT NULL
);
COMMENT ON TABLE organization_ref IS 'The zone in which an organization''s days begin: what the sweeps need where nobody asks.';
CALL app_protect_with_system('organization_ref');

CREATE TABLE client_company_ref (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    is_deleted boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CALL app_protect('client_company_ref');

CREATE TABLE engagement_ref (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    name text,
    client_company_id uuid,
    contract_id uuid,
    contract_version_id uuid,
    deal_id uuid,
    correlation_id uuid NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CALL app_protect('engagement_ref');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename IN ('organization_ref', 'client_company_ref', 'engagement_ref')) = 3,
        'every table of this migration is protected';
END
$$;
