-- An API key gets another secret; the one before works until the overlap that was asked for has ended.
ALTER TABLE api_key
    ADD COLUMN rotated_at timestamptz,
    ADD COLUMN former_prefix text,
    ADD COLUMN former_until timestamptz,
    ADD COLUMN former_token_sha256 bytea CONSTRAINT api_key__former_token_sha256_key UNIQUE
        CONSTRAINT api_key__former_token_sha256_check CHECK (length(former_token_sha256) = 32),
    -- All of the former secret is there, or nothing of it; only what was rotated has one.
    ADD CONSTRAINT api_key__former_check CHECK (num_nulls(former_prefix, former_until, former_token_sha256) IN (0, 3)
        AND (former_until IS NULL OR rotated_at IS NOT NULL));

DO $$
BEGIN
    ASSERT NOT EXISTS (SELECT FROM api_key WHERE rotated_at IS NOT NULL OR former_until IS NOT NULL), 'no key has been rotated yet';
END
$$;
