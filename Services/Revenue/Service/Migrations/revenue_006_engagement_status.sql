-- Where an engagement stands: a schedule that begins while it is on hold is held from the start.

ALTER TABLE engagement_ref ADD COLUMN status text;
COMMENT ON COLUMN engagement_ref.status IS 'Null until the engagement moves again, for copies that are older than this column: then it counts as active.';

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM information_schema.columns WHERE table_name = 'engagement_ref' AND column_name = 'status') = 1,
        'a copy of an engagement says where it stands';
END
$$;
