-- Sandboxes whose clock is ahead are swept at their own time, and at once when it was put forward.
ALTER TABLE organization_ref
    ADD COLUMN clock_ahead_seconds bigint NOT NULL DEFAULT 0,
    -- Up to where the sweeps have followed.
    ADD COLUMN clock_swept_seconds bigint NOT NULL DEFAULT 0;
CREATE INDEX organization_ref_ahead ON organization_ref (organization_id) WHERE clock_ahead_seconds > 0;

DO $$
BEGIN
    ASSERT NOT EXISTS (SELECT FROM organization_ref WHERE clock_ahead_seconds <> 0), 'nobody is ahead yet';
END
$$;
