-- A sandbox has a clock of its own, which can be put forward.
ALTER TABLE organization
    ADD COLUMN clock_ahead_seconds bigint NOT NULL DEFAULT 0
        CONSTRAINT organization__clock_ahead_seconds_check CHECK (clock_ahead_seconds BETWEEN 0 AND 316224000
            AND (is_sandbox OR clock_ahead_seconds = 0));
CREATE INDEX organization_ahead ON organization (id) WHERE clock_ahead_seconds > 0;

DO $$
BEGIN
    ASSERT NOT EXISTS (SELECT FROM organization WHERE clock_ahead_seconds <> 0), 'nobody is ahead yet';
END
$$;
