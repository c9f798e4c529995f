-- A colleague's second factor may be taken off, which ends their sessions.
ALTER TABLE session DROP CONSTRAINT session__ended_because_check;
ALTER TABLE session ADD CONSTRAINT session__ended_because_check CHECK (ended_because IN ('signed_out', 'ended', 'switched',
    'refresh_reused', 'member_removed', 'member_deactivated', 'password_changed', 'displaced', 'second_factor_reset'));

DO $$
BEGIN
    ASSERT (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'session__ended_because_check')
        LIKE '%second_factor_reset%', 'a session may end by it';
END
$$;
