-- A member may be kept out for a while, with everything that is theirs.
ALTER TABLE organization_member ADD COLUMN status text NOT NULL DEFAULT 'active'
    CONSTRAINT organization_member__status_check CHECK (status IN ('active', 'deactivated'));
CREATE INDEX organization_member_by_status ON organization_member (organization_id, status, id) WHERE deleted_at IS NULL;

ALTER TABLE session DROP CONSTRAINT session__ended_because_check;
ALTER TABLE session ADD CONSTRAINT session__ended_because_check CHECK (ended_because IN
    ('signed_out', 'ended', 'switched', 'refresh_reused', 'member_removed', 'member_deactivated', 'password_changed'));

DO $$
BEGIN
    ASSERT NOT EXISTS (SELECT FROM organization_member WHERE status <> 'active'), 'everybody is still in';
END
$$;
