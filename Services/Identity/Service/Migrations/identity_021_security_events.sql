-- What happened to accounts, keys and members, for the people concerned and for those who answer for the organization. Derived from this
-- service's events, in their transactions, and of what is no event: an attempt that failed, a link that was asked for.
CREATE TABLE security_event (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    -- Whom it is about; NULL where it is about nobody in particular.
    user_id uuid,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    -- The /24 or the /56, never an address.
    network text,
    detail jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT security_event__organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization (id)
);
CREATE INDEX security_event_by_age ON security_event (organization_id, created_at, id);
CREATE INDEX security_event_by_user ON security_event (organization_id, user_id, created_at, id);
CREATE INDEX security_event_by_actor ON security_event (organization_id, actor_id, created_at, id);
CREATE INDEX security_event_by_subject ON security_event (organization_id, subject_id, created_at, id);
CREATE INDEX security_event_by_type ON security_event (organization_id, type, created_at, id);
CREATE INDEX security_event_by_change ON security_event (organization_id, updated_at, id);
-- For the end of its time alone: no list can be read from it.
CREATE INDEX security_event_by_end ON security_event USING brin (created_at);
CALL app_protect_with_system('security_event');
-- Nothing in it is changed, and only its age deletes it: housekeeping belongs to no organization.
CREATE POLICY kept ON security_event AS RESTRICTIVE FOR DELETE USING (app_is_system());
DO $$ BEGIN EXECUTE format('REVOKE UPDATE ON security_event FROM %I', current_setting('app.service_role')); END $$;

-- The networks that an API key was used from.
CREATE TABLE api_key_network (
    organization_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    network text NOT NULL,
    first_used_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, api_key_id, network),
    CONSTRAINT api_key_network__api_key_id_fkey FOREIGN KEY (organization_id, api_key_id) REFERENCES api_key (organization_id, id)
);
CREATE INDEX api_key_network_by_end ON api_key_network USING brin (first_used_at);
CALL app_protect_with_system('api_key_network');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_class WHERE relrowsecurity AND relforcerowsecurity
        AND relname IN ('security_event', 'api_key_network')) = 2, 'both tables are protected';
    ASSERT NOT has_table_privilege(current_setting('app.service_role'), 'security_event', 'UPDATE'), 'what is written down stays so';
END
$$;
