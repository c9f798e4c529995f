-- By what a session's person has proved who they are: 1 a password, 2 a second factor besides.
ALTER TABLE session ADD COLUMN aal integer NOT NULL DEFAULT 1 CONSTRAINT session__aal_check CHECK (aal IN (1, 2));

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM information_schema.columns WHERE table_name = 'session' AND column_name = 'aal') = 1,
        'a session says by what it was begun';
END
$$;
