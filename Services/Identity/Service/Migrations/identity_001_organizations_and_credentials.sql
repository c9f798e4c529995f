-- Organizations, the people in them, and what they prove who they are with. Of every token and key only the SHA-256 is
-- here: 256 random bits need no slow hash. Passwords are Argon2id over an HMAC whose key is not in the database.

-- A table that no tenant may look into: only the cross-tenant statements of this service see its rows.
CREATE PROCEDURE identity_protect_from_tenants(target regclass)
LANGUAGE plpgsql AS $body$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY system ON %s USING (app_is_system()) WITH CHECK (app_is_system())', target);
    -- A tenant's transaction may add a row (somebody registers, signs in), and can neither read nor change one.
    EXECUTE format('CREATE POLICY addition ON %s FOR INSERT WITH CHECK (true)', target);
    CALL app_grant(target);
END $body$;

CREATE TABLE organization (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL CONSTRAINT organization__currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    locale text NOT NULL,
    is_sandbox boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT organization__id_key UNIQUE (id),
    CONSTRAINT organization__id_check CHECK (organization_id = id)
);
COMMENT ON COLUMN organization.organization_id IS 'The id once more: the row belongs to itself, under the policy of every other tenant''s row.';
CALL app_protect_with_system('organization');

-- A person, whichever organizations they belong to. The name and the address that an organization sees are on the membership.
CREATE TABLE app_user (
    id uuid PRIMARY KEY,
    email text NOT NULL CONSTRAINT app_user__email_key UNIQUE,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active' CONSTRAINT app_user__status_check CHECK (status IN ('active', 'deactivated')),
    -- NULL: added by a colleague, without a password yet, so that nobody can sign in.
    password_hash text,
    pepper_kid text,
    password_set_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    CONSTRAINT app_user__email_check CHECK (email = lower(email)),
    CONSTRAINT app_user__password_hash_check CHECK (password_hash LIKE '$argon2id$%' AND pepper_kid IS NOT NULL OR password_hash IS NULL)
);
CALL identity_protect_from_tenants('app_user');

-- The one door through which a tenant's transaction learns of a person elsewhere: an address it knows already, and nothing but
-- the id comes back. The setting is lifted for this one statement; should that fail, the transaction's end puts it back.
CREATE FUNCTION identity_user_of(address text) RETURNS uuid
LANGUAGE plpgsql STABLE AS $body$
DECLARE
    before text := coalesce(current_setting('app.system', true), '');
    found uuid;
BEGIN
    PERFORM set_config('app.system', 'on', true);
    SELECT id INTO found FROM app_user WHERE email = address;
    PERFORM set_config('app.system', before, true);
    RETURN found;
END $body$;

CREATE TABLE organization_member (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL CONSTRAINT organization_member__user_id_fkey REFERENCES app_user (id),
    name text NOT NULL,
    email text NOT NULL,
    role text NOT NULL CONSTRAINT organization_member__role_check CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT organization_member__organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization (id)
);
CREATE UNIQUE INDEX organization_member__email_key ON organization_member (organization_id, email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX organization_member__user_id_key ON organization_member (organization_id, user_id) WHERE deleted_at IS NULL;
CREATE INDEX organization_member_by_user ON organization_member (user_id) WHERE deleted_at IS NULL;
CREATE INDEX organization_member_by_age ON organization_member (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX organization_member_by_change ON organization_member (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX organization_member_by_name ON organization_member (organization_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX organization_member_by_role ON organization_member (organization_id, role, id) WHERE deleted_at IS NULL;
CALL app_protect_with_system('organization_member');

-- One sign-in and all that descends from it: the family of its refresh tokens.
CREATE TABLE session (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    member_id uuid NOT NULL,
    -- When the password was given; a switch to another organization does not renew it.
    authenticated_at timestamptz NOT NULL,
    generation bigint NOT NULL,
    rotated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    ended_at timestamptz,
    ended_because text CONSTRAINT session__ended_because_check CHECK (ended_because IN ('signed_out', 'ended', 'switched', 'refresh_reused', 'member_removed')),
    remote_address text,
    user_agent text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT session__member_id_fkey FOREIGN KEY (organization_id, member_id) REFERENCES organization_member (organization_id, id),
    CONSTRAINT session__ended_at_check CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
CREATE INDEX session_by_member ON session (organization_id, member_id, created_at, id);
CREATE INDEX session_by_end ON session (expires_at) WHERE ended_at IS NULL;
CALL app_protect_with_system('session');

CREATE TABLE session_token (
    token_sha256 bytea PRIMARY KEY CONSTRAINT session_token__token_sha256_check CHECK (length(token_sha256) = 32),
    organization_id uuid NOT NULL,
    session_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT session_token__kind_check CHECK (kind IN ('access', 'refresh')),
    generation bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    -- The pair that came after, encrypted with a key that only this token gives: so its holder, who lost the answer to a
    -- rotation, gets the same pair again, and nobody else can read it.
    successor_sealed bytea,
    created_at timestamptz NOT NULL,
    CONSTRAINT session_token__session_id_fkey FOREIGN KEY (organization_id, session_id) REFERENCES session (organization_id, id)
);
CREATE INDEX session_token_by_session ON session_token (organization_id, session_id, generation);
CREATE INDEX session_token_by_end ON session_token (expires_at);
CALL app_protect_with_system('session_token');

CREATE TABLE api_key (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    token_sha256 bytea NOT NULL CONSTRAINT api_key__token_sha256_key UNIQUE CHECK (length(token_sha256) = 32),
    scopes jsonb NOT NULL,
    member_id uuid NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT api_key__member_id_fkey FOREIGN KEY (organization_id, member_id) REFERENCES organization_member (organization_id, id)
);
CREATE INDEX api_key_by_age ON api_key (organization_id, created_at, id);
CREATE INDEX api_key_by_change ON api_key (organization_id, updated_at, id);
CREATE INDEX api_key_by_name ON api_key (organization_id, name, id);
CREATE INDEX api_key_by_member ON api_key (organization_id, member_id, id);
CALL app_protect_with_system('api_key');

-- How often a password was tried of late, counted before it is verified. `key` is a digest: what people type into an
-- address field is sometimes their password.
CREATE TABLE sign_in_attempt (
    kind text NOT NULL CONSTRAINT sign_in_attempt__kind_check CHECK (kind IN ('address', 'account_network', 'account')),
    key bytea NOT NULL,
    count integer NOT NULL,
    window_end timestamptz NOT NULL,
    blocked_until timestamptz,
    PRIMARY KEY (kind, key)
);
CREATE INDEX sign_in_attempt_by_end ON sign_in_attempt (window_end);
CALL identity_protect_from_tenants('sign_in_attempt');

CREATE TABLE sign_in_history (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT sign_in_history__user_id_fkey REFERENCES app_user (id),
    outcome text NOT NULL CONSTRAINT sign_in_history__outcome_check CHECK (outcome IN ('signed_in', 'wrong_password')),
    remote_address text,
    user_agent text,
    attempted_at timestamptz NOT NULL
);
CREATE INDEX sign_in_history_by_user ON sign_in_history (user_id, attempted_at);
CREATE INDEX sign_in_history_by_age ON sign_in_history (attempted_at);
CALL identity_protect_from_tenants('sign_in_history');

-- What gateways have to forget, for those who are connected to another process of this service than the one that knows.
CREATE TABLE credential_revocation (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    session_id uuid,
    subject uuid,
    revoked_at timestamptz NOT NULL
);
CREATE INDEX credential_revocation_by_time ON credential_revocation (revoked_at);
CALL app_protect_with_system('credential_revocation');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relrowsecurity AND c.relforcerowsecurity AND c.relname IN ('organization', 'app_user',
            'organization_member', 'session', 'session_token', 'api_key', 'sign_in_attempt', 'sign_in_history', 'credential_revocation')) = 9,
        'every table of this migration is protected';
END
$$;
