-- The expiry sweep finds what is due by one query over all organizations, and then works in each of those by itself.

CALL app_protect_with_system('proposal');
CALL app_protect_with_system('contract');
CREATE INDEX proposal_due ON proposal (valid_until) WHERE status IN ('sent', 'viewed') AND deleted_at IS NULL;
CREATE INDEX contract_due ON contract (sign_until) WHERE status = 'sent';

DO $$
BEGIN
    ASSERT (
        SELECT count(*) FROM pg_policies
        WHERE tablename IN ('proposal', 'contract') AND qual LIKE '%app_is_system%' AND with_check LIKE '%app_is_system%'
    ) = 2, 'the sweep sees what is due in every organization';
END
$$;
