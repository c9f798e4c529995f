-- The vault: tokens of other services, each encrypted for its organization, its provider and its own row. The keys are not here.
CREATE TABLE integration_token (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    provider text NOT NULL CONSTRAINT integration_token__provider_check
        CHECK (provider IN ('google', 'microsoft', 'quickbooks', 'stripe', 'xero')),
    name text NOT NULL,
    -- Gone with the revocation: what is not there cannot be decrypted.
    sealed bytea,
    -- The name of its key in --vault-keys.
    key_id text CONSTRAINT integration_token__key_id_check CHECK (length(key_id) BETWEEN 1 AND 32),
    expires_at timestamptz,
    replaced_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT integration_token__organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization (id),
    CONSTRAINT integration_token__sealed_check CHECK ((revoked_at IS NULL) = (sealed IS NOT NULL) AND (sealed IS NULL) = (key_id IS NULL))
);
-- One for each provider: a service that asks for it need not choose.
CREATE UNIQUE INDEX integration_token__provider_key ON integration_token (organization_id, provider) WHERE revoked_at IS NULL;
CREATE INDEX integration_token_by_age ON integration_token (organization_id, created_at, id);
CREATE INDEX integration_token_by_change ON integration_token (organization_id, updated_at, id);
CREATE INDEX integration_token_by_provider ON integration_token (organization_id, provider, created_at, id);
-- Which keys are in use, and what a new one has still to take over.
CREATE INDEX integration_token_by_key ON integration_token (key_id, id) WHERE key_id IS NOT NULL;
CALL app_protect_with_system('integration_token');

DO $$
BEGIN
    ASSERT (SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = 'integration_token'::regclass), 'the vault is protected';
END
$$;
