-- What an organization's documents show of it, and how they are numbered.
ALTER TABLE organization
    ADD COLUMN address jsonb,
    ADD COLUMN logo_url text,
    ADD COLUMN number_formats jsonb;

DO $$
BEGIN
    ASSERT NOT EXISTS (SELECT FROM organization WHERE address IS NOT NULL OR number_formats IS NOT NULL), 'nobody has said anything yet';
END
$$;
