-- A milestone may bill a part of the engagement's total.

ALTER TABLE milestone ADD COLUMN percent numeric
    CONSTRAINT milestone__percent_check CHECK (percent BETWEEN 0 AND 100);

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM information_schema.columns WHERE table_name = 'milestone' AND column_name = 'percent') = 1,
        'milestones have a part of the whole';
END
$$;
