-- Whether a browser holds the session's tokens in cookies: it lasts another time, and its tokens are good in cookies only.
ALTER TABLE session ADD COLUMN is_in_cookies boolean NOT NULL DEFAULT false;

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM information_schema.columns WHERE table_name = 'session' AND column_name = 'is_in_cookies') = 1,
        'a session says who holds its tokens';
END
$$;
