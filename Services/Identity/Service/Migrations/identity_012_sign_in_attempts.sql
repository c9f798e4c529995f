-- Sign-ins that failed, until a worker writes down whose they were: a known address costs at that moment exactly what an unknown one does.
CREATE TABLE sign_in_failure (
    id uuid PRIMARY KEY,
    -- NULL: nobody has the address. No foreign key, which would cost the known ones a look.
    user_id uuid,
    remote_address text,
    user_agent text,
    attempted_at timestamptz NOT NULL
);
CALL identity_protect_from_tenants('sign_in_failure');

-- From where an account was signed in to, as a digest of address, network and program: found without knowing whether there is an account.
CREATE TABLE known_device (
    device bytea PRIMARY KEY CONSTRAINT known_device__device_check CHECK (length(device) = 32),
    seen_at timestamptz NOT NULL
);
CREATE INDEX known_device_by_time ON known_device (seen_at);
CALL identity_protect_from_tenants('known_device');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_class WHERE relrowsecurity AND relforcerowsecurity
        AND relname IN ('sign_in_failure', 'known_device')) = 2, 'both tables are protected';
END
$$;
