-- An event that cannot be read may have no id, and is still parked once.
DROP INDEX parked_event_once;
CREATE UNIQUE INDEX parked_event_once
    ON parked_event (organization_id, producer, partition, sequence, coalesce(event ->> 'id', ''));
COMMENT ON TABLE parked_event IS
    'An event that does not even say whose it is belongs to the organization of zeros, which nobody has: whoever operates the installation looks after it.';

DO $$
BEGIN
    ASSERT (SELECT indexdef LIKE '%COALESCE%' FROM pg_indexes WHERE indexname = 'parked_event_once'), 'no id is an id too';
END
$$;
