-- Who can lead projects and be given tasks; and deleted invoices are told apart from finalized ones.

CREATE TABLE member_ref (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    is_deleted boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CALL app_protect('member_ref');

ALTER TABLE invoice_ref ADD COLUMN is_deleted boolean NOT NULL DEFAULT false;

-- identity's log is read again from its beginning, for it has named its members there already. All that delivery does with its
-- events is keep copies, and those are guarded by their versions.
DELETE FROM event_cursor WHERE producer = 'identity';

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename = 'member_ref') = 1, 'every table of this migration is protected';
END
$$;
