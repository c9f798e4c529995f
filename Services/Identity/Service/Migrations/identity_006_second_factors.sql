-- A second proof beside the password. The secret is encrypted with a key that is not in the database.
CREATE TABLE second_factor (
    user_id uuid PRIMARY KEY CONSTRAINT second_factor__user_id_fkey REFERENCES app_user (id),
    secret_sealed bytea NOT NULL,
    -- NULL: nobody has shown yet that they can compute its codes, and it is not asked for.
    confirmed_at timestamptz,
    -- The newest step whose code was taken: each is good once.
    last_step bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
);
CALL identity_protect_from_tenants('second_factor');

-- For whoever has lost what computes the codes. Each is good once; its number says which hash to compare it with.
CREATE TABLE recovery_code (
    user_id uuid NOT NULL CONSTRAINT recovery_code__user_id_fkey REFERENCES second_factor (user_id) ON DELETE CASCADE,
    number integer NOT NULL CONSTRAINT recovery_code__number_check CHECK (number BETWEEN 0 AND 9),
    code_hash text NOT NULL CONSTRAINT recovery_code__code_hash_check CHECK (code_hash LIKE '$argon2id$%'),
    pepper_kid text NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, number)
);
CALL identity_protect_from_tenants('recovery_code');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_class WHERE relrowsecurity AND relforcerowsecurity
        AND relname IN ('second_factor', 'recovery_code')) = 2, 'both tables are protected';
END
$$;
