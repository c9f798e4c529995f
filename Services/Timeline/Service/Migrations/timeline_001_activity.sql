-- The timeline: append-only, one dense and hash-chained sequence per organization, partitioned by the month of recording.

CREATE TABLE activity_event (
    organization_id uuid NOT NULL,
    seq bigint NOT NULL CONSTRAINT activity_event__seq_check CHECK (seq > 0),
    event_id uuid NOT NULL,
    type text NOT NULL CONSTRAINT activity_event__type_check CHECK (type IN ('created', 'updated', 'deleted', 'status_changed',
        'signed', 'sent', 'viewed', 'paid', 'approved', 'rejected', 'comment')),
    event_type text NOT NULL,
    schema_version smallint NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid NOT NULL,
    entity_version bigint NOT NULL,
    engagement_id uuid,
    actor_kind text NOT NULL CONSTRAINT activity_event__actor_kind_check
        CHECK (actor_kind IN ('member', 'contact', 'api_key', 'system', 'workflow')),
    actor_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid NOT NULL,
    producer text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- json, not jsonb: the hash covers what was written, byte for byte.
    data json NOT NULL,
    hash bytea NOT NULL CONSTRAINT activity_event__hash_check CHECK (octet_length(hash) = 32),
    PRIMARY KEY (organization_id, seq, recorded_at),
    -- The month is part of the key because partitions have no common index; the appender looks for older ones itself.
    CONSTRAINT activity_event__event_id_key UNIQUE (organization_id, event_id, recorded_at)
) PARTITION BY RANGE (recorded_at);
COMMENT ON TABLE activity_event IS 'Append-only: seq is dense per organization, recorded_at never falls as seq rises, hash covers the row and the hash before it.';
CREATE INDEX activity_event_by_entity ON activity_event (organization_id, entity_id, seq);
CREATE INDEX activity_event_by_engagement ON activity_event (organization_id, engagement_id, seq) WHERE engagement_id IS NOT NULL;
CREATE INDEX activity_event_by_actor ON activity_event (organization_id, actor_id, seq);
CREATE INDEX activity_event_by_correlation ON activity_event (organization_id, correlation_id, seq);
CREATE INDEX activity_event_by_type ON activity_event (organization_id, type, seq);
CREATE INDEX activity_event_by_event_type ON activity_event (organization_id, event_type, seq);
CREATE INDEX activity_event_by_time ON activity_event (organization_id, occurred_at, seq);
CALL app_protect('activity_event');

-- Where an organization's chain has come to. Its row lock is what makes the sequence dense. Half-empty pages keep its updates in place.
CREATE TABLE activity_head (
    organization_id uuid PRIMARY KEY,
    last_seq bigint NOT NULL,
    last_hash bytea NOT NULL CONSTRAINT activity_head__last_hash_check CHECK (octet_length(last_hash) = 32),
    last_recorded_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CALL app_protect('activity_head');

-- The first entry of each month that an organization has entries in: from a sequence to the partitions that can hold it.
CREATE TABLE activity_month (
    organization_id uuid NOT NULL,
    first_seq bigint NOT NULL,
    recorded_from timestamptz NOT NULL,
    PRIMARY KEY (organization_id, first_seq)
);
CALL app_protect('activity_month');

-- Makes the partition of a month, and answers whether it was missing. The service's role may not create tables, so this runs as
-- the owner. A new table is attached rather than made in place: that lets appends and reads go on meanwhile.
CREATE FUNCTION activity_event_ensure_month(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    first date := date_trunc('month', day)::date;
    partition text := 'activity_event_' || to_char(first, 'YYYY_MM');
BEGIN
    IF first NOT BETWEEN date '2020-01-01' AND (now() + interval '10 years')::date THEN
        RAISE EXCEPTION 'no activity can be recorded in %', first USING ERRCODE = '22008';
    END IF;
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(4243, 1);
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.activity_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
    EXECUTE format('ALTER TABLE public.activity_event ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', partition,
        to_char(first, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(first + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
    RETURN true;
END
$body$;
REVOKE ALL ON FUNCTION activity_event_ensure_month(date) FROM PUBLIC;

DO $$
DECLARE
    role text := current_setting('app.service_role');
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON activity_event FROM %I', role);
    EXECUTE format('REVOKE DELETE ON activity_head FROM %I', role);
    EXECUTE format('REVOKE UPDATE, DELETE ON activity_month FROM %I', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION activity_event_ensure_month(date) TO %I', role);
    FOR ahead IN 0..2 LOOP
        PERFORM activity_event_ensure_month((now() AT TIME ZONE 'UTC' + ahead * interval '1 month')::date);
    END LOOP;
    ASSERT NOT has_table_privilege(role, 'activity_event', 'UPDATE, DELETE, TRUNCATE'), 'the timeline is never changed';
    ASSERT (SELECT count(*) FROM pg_inherits WHERE inhparent = 'activity_event'::regclass) = 3, 'three months are ready';
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename IN ('activity_event', 'activity_head', 'activity_month')) = 3,
        'every table of this migration is protected';
END
$$;
