-- Which replicas of this service read a producer's log now: they share its partitions out among them.

CREATE TABLE event_lease (
    producer text NOT NULL,
    -- A process by its place: started again there, it has its own lease at once.
    replica text COLLATE "C" NOT NULL,
    -- By the replica's clock. Renewed long before; a replica that has died is not counted from here on.
    alive_until timestamptz NOT NULL,
    PRIMARY KEY (producer, replica)
);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON event_lease TO %I', current_setting('app.service_role'));
    ASSERT has_table_privilege(current_setting('app.service_role'), 'event_lease', 'DELETE'), 'a replica can leave';
END
$$;
