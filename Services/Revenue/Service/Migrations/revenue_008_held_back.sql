-- A draft that was to be finalized by itself and was refused says why it is a draft still.

ALTER TABLE invoice ADD COLUMN held_back_code text, ADD COLUMN held_back_because text;
ALTER TABLE invoice ADD CONSTRAINT invoice__held_back_code_check
    CHECK ((held_back_code IS NULL) = (held_back_because IS NULL) AND (held_back_code IS NULL OR finalized_at IS NULL));

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM information_schema.columns WHERE table_name = 'invoice' AND column_name LIKE 'held\_back\_%') = 2,
        'a draft says why it is one still';
END
$$;
