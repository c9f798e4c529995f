-- What a consumer needs when a producer was restored from a backup: where the new history begins, and which events were applied.

-- The producer: an epoch says how far the log had got when it began. Whoever restores the database adds one, as its owner, before
-- the service starts: INSERT INTO outbox_epoch DEFAULT VALUES;
CREATE FUNCTION outbox_last_sequence() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before text := coalesce(current_setting('app.system', true), '');
    reached bigint;
BEGIN
    -- Row-level security binds the owner too.
    PERFORM set_config('app.system', 'on', true);
    SELECT coalesce(max(last.sequence), 0) INTO reached FROM generate_series(0, 63) AS place
    CROSS JOIN LATERAL (SELECT max(o.sequence) AS sequence FROM outbox_event o WHERE o.partition = place) AS last;
    PERFORM set_config('app.system', before, true);
    RETURN reached;
END
$$;
ALTER TABLE outbox_epoch ADD COLUMN after_sequence bigint NOT NULL DEFAULT 0;
ALTER TABLE outbox_epoch ALTER COLUMN after_sequence SET DEFAULT outbox_last_sequence();

-- The consumer: the ids of what it applied lately, one row a transaction, so that the hot path pays one small insert.
CREATE TABLE event_applied (
    producer text NOT NULL,
    partition smallint NOT NULL,
    epoch uuid NOT NULL,
    -- The last of the transaction.
    sequence bigint NOT NULL,
    event_ids uuid[] NOT NULL,
    PRIMARY KEY (producer, partition, sequence, epoch)
);

-- Ids are known of all that was applied behind `remembered_after`; of what was applied before this migration none is.
ALTER TABLE event_cursor ADD COLUMN remembered_after bigint NOT NULL DEFAULT 0;
UPDATE event_cursor SET remembered_after = sequence;
-- After a change of epoch: up to here an event may have been applied already, and is looked up by its id.
ALTER TABLE event_cursor ADD COLUMN doubtful_until bigint NOT NULL DEFAULT 0;

-- A new history may give an old sequence to another event.
ALTER TABLE parked_event DROP CONSTRAINT parked_event_organization_id_producer_partition_sequence_key;
CREATE UNIQUE INDEX parked_event_once ON parked_event (organization_id, producer, partition, sequence, (event ->> 'id'));

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON event_applied TO %I', current_setting('app.service_role'));
    ASSERT (SELECT count(*) FROM outbox_epoch WHERE after_sequence = 0) = 1, 'the first epoch began with an empty log';
END
$$;
