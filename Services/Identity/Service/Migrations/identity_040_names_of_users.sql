-- Events tell of nobody's name: whoever reads a security event is given the name that the organization's records have of its person,
-- even after they were removed.
CREATE INDEX organization_member_of_user ON organization_member (user_id, organization_id, created_at);

DO $$
BEGIN
    ASSERT (SELECT indpred IS NULL FROM pg_index WHERE indexrelid = 'organization_member_of_user'::regclass),
        'those who were removed are found too';
END
$$;
