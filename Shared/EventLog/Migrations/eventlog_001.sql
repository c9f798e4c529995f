-- The service's event log, how far it has read the others, and what it could not apply.

CREATE TABLE outbox_event (
    partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 63),
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    activity text NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_id uuid NOT NULL,
    aggregate_version bigint NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid NOT NULL,
    engagement_id uuid,
    occurred_at timestamptz NOT NULL,
    -- json, not jsonb: a log returns what was written, byte for byte.
    payload json NOT NULL,
    PRIMARY KEY (partition, sequence)
);
COMMENT ON TABLE outbox_event IS 'Append-only: the order of sequence within a partition is the order of commits.';
CALL app_protect_with_system('outbox_event');
DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON outbox_event FROM %I', current_setting('app.service_role')); END $$;

-- A restored database starts a new epoch, so that a consumer never trusts a position from a history that is gone.
CREATE TABLE outbox_epoch (
    epoch uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    started_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO outbox_epoch DEFAULT VALUES;

CREATE TABLE event_cursor (
    producer text NOT NULL,
    partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 63),
    epoch uuid NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (producer, partition)
);

CREATE TABLE parked_event (
    id uuid NOT NULL,
    organization_id uuid NOT NULL,
    producer text NOT NULL,
    partition smallint NOT NULL,
    sequence bigint NOT NULL,
    type text NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('parked', 'blocked', 'replayed', 'discarded')),
    attempts integer NOT NULL,
    error text NOT NULL,
    event json NOT NULL,
    reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    resolved_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, producer, partition, sequence)
);
CREATE INDEX parked_event_open ON parked_event (producer, aggregate_id, sequence) WHERE state IN ('parked', 'blocked');
CREATE INDEX parked_event_by_age ON parked_event (organization_id, created_at, id);
CALL app_protect_with_system('parked_event');

CREATE TABLE idempotency_key (
    organization_id uuid NOT NULL,
    principal uuid NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    location text,
    etag bigint,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, principal, operation, key)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);
CALL app_protect_with_system('idempotency_key');

DO $$
BEGIN
    EXECUTE format('GRANT SELECT ON outbox_epoch TO %I', current_setting('app.service_role'));
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON event_cursor TO %I', current_setting('app.service_role'));
    ASSERT (SELECT count(*) FROM outbox_epoch) = 1, 'the event log has exactly one epoch';
    ASSERT NOT has_table_privilege(current_setting('app.service_role'), 'outbox_event', 'UPDATE'), 'events are never changed';
END
$$;
