-- Members who are kept out are known as such: identity's log, which has told of them already, is read again from its beginning. All that
-- delivery does with its events is keep copies, and those are guarded by their versions.
DELETE FROM event_cursor WHERE producer = 'identity';

DO $$
BEGIN
    ASSERT NOT EXISTS (SELECT FROM event_cursor WHERE producer = 'identity'), 'identity is read from its beginning';
END
$$;
