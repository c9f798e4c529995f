-- Which invitations are overdue is looked up by an index that the list of those that wait cannot be read from: for a firm with many
-- the planner took it to be the shortest way to all of them.
DROP INDEX invitation_by_end;
ALTER TABLE invitation ADD COLUMN pending_until timestamptz
    GENERATED ALWAYS AS (CASE WHEN status = 'pending' THEN expires_at END) STORED;
CREATE INDEX invitation_by_end ON invitation (pending_until) WHERE pending_until IS NOT NULL;

DO $$
BEGIN
    ASSERT NOT EXISTS (SELECT FROM invitation WHERE (pending_until IS NULL) = (status = 'pending')), 'all that wait have an end';
END
$$;
