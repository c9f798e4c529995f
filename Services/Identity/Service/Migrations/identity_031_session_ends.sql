-- Sessions whose time is over are deleted in the order of their ends, whether or not they were ended before.
DROP INDEX session_by_end;
CREATE INDEX session_by_end ON session (expires_at);

DO $$
BEGIN
    ASSERT (SELECT indpred IS NULL FROM pg_index WHERE indexrelid = 'session_by_end'::regclass),
        'sessions that were ended are found by their time too';
END
$$;
