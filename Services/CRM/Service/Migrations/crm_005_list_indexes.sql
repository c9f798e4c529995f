-- Everything that a list can be asked for is found by an index that begins with it. What most rows leave empty is indexed where it is given.

CREATE INDEX client_company_by_owner ON client_company (organization_id, owner_id, created_at, id)
    WHERE owner_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX client_company_by_industry ON client_company (organization_id, industry, created_at, id)
    WHERE industry IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX client_company_by_source ON client_company (organization_id, source, created_at, id)
    WHERE source IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX client_company_by_domain ON client_company (organization_id, domain, created_at, id)
    WHERE domain IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX client_company_by_email ON client_company (organization_id, email, created_at, id)
    WHERE email IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX contact_by_owner ON contact (organization_id, owner_id, created_at, id) WHERE owner_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX contact_by_email ON contact (organization_id, email, created_at, id) WHERE email IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX deal_by_closing ON deal (organization_id, closed_at, id) WHERE closed_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX deal_by_product ON deal (organization_id, product, created_at, id) WHERE product IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX deal_by_source ON deal (organization_id, source, created_at, id) WHERE source IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX deal_by_lost_reason ON deal (organization_id, lost_reason, created_at, id)
    WHERE lost_reason IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX proposal_by_owner ON proposal (organization_id, owner_id, created_at, id) WHERE owner_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX proposal_by_contact ON proposal (organization_id, contact_id, created_at, id)
    WHERE contact_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX proposal_by_title ON proposal (organization_id, title, id) WHERE deleted_at IS NULL;
CREATE INDEX proposal_by_total ON proposal (organization_id, total_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX proposal_by_closing ON proposal (organization_id, closed_at, id) WHERE closed_at IS NOT NULL AND deleted_at IS NULL;
-- The index of what is still open did not serve the list, which is asked for any status.
DROP INDEX proposal_by_validity;
CREATE INDEX proposal_by_validity ON proposal (organization_id, valid_until, id) WHERE valid_until IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX contract_by_owner ON contract (organization_id, owner_id, created_at, id) WHERE owner_id IS NOT NULL;
CREATE INDEX contract_by_contact ON contract (organization_id, contact_id, created_at, id) WHERE contact_id IS NOT NULL;
CREATE INDEX contract_by_title ON contract (organization_id, title, id);
CREATE INDEX contract_by_total ON contract (organization_id, total_minor, id);
CREATE INDEX contract_by_start ON contract (organization_id, starts_on, id) WHERE starts_on IS NOT NULL;
CREATE INDEX contract_by_signature ON contract (organization_id, signed_at, id) WHERE signed_at IS NOT NULL;

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_indexes WHERE indexname IN ('client_company_by_owner', 'contact_by_owner', 'deal_by_closing',
        'proposal_by_owner', 'proposal_by_validity', 'contract_by_owner')) = 6, 'each table has the indexes of its list';
END
$$;
