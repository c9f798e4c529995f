-- People can ask to be forgotten.

ALTER TABLE app_user DROP CONSTRAINT app_user__status_check;
ALTER TABLE app_user ADD CONSTRAINT app_user__status_check CHECK (status IN ('active', 'deactivated', 'erased'));

CREATE TABLE user_erasure (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT user_erasure__user_id_fkey REFERENCES app_user (id),
    status text NOT NULL CONSTRAINT user_erasure__status_check CHECK (status IN ('scheduled', 'withdrawn', 'refused', 'done')),
    requested_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- Why it could not be done.
    refusals jsonb NOT NULL DEFAULT '[]',
    -- What was not deleted, and why.
    kept jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT user_erasure__ended_at_check CHECK ((status = 'scheduled') = (ended_at IS NULL)),
    CONSTRAINT user_erasure__refusals_check CHECK ((status = 'refused') = (refusals <> '[]'))
);
CREATE UNIQUE INDEX user_erasure__user_id_key ON user_erasure (user_id) WHERE status = 'scheduled';
CREATE INDEX user_erasure_by_user ON user_erasure (user_id, requested_at, id);
CREATE INDEX user_erasure_by_due ON user_erasure (due_at) WHERE status = 'scheduled';
CALL identity_protect_from_tenants('user_erasure');

-- What is written down of security stays so, but for where somebody was who is forgotten.
DO $$ BEGIN EXECUTE format('GRANT UPDATE (network, detail) ON security_event TO %I', current_setting('app.service_role')); END $$;
CREATE POLICY forgotten ON security_event AS RESTRICTIVE FOR UPDATE USING (app_is_system());

DO $$
BEGIN
    ASSERT (SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = 'user_erasure'::regclass), 'erasures are protected';
    ASSERT NOT has_column_privilege(current_setting('app.service_role'), 'security_event', 'type', 'UPDATE'),
        'what has happened cannot be changed';
END
$$;
