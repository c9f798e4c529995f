-- What a row leaves empty is not indexed: an index that begins with such a column holds the rows that give it. No filter asks for nothing.
-- A new deal is written to five of its fifteen indexes then, and the pipeline's numbers come from the index of the stages.

DROP INDEX client_company__external_id_key;
CREATE UNIQUE INDEX client_company__external_id_key ON client_company (organization_id, external_id)
    WHERE external_id IS NOT NULL AND deleted_at IS NULL;

DROP INDEX contact__external_id_key;
CREATE UNIQUE INDEX contact__external_id_key ON contact (organization_id, external_id) WHERE external_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX contact_by_company;
CREATE INDEX contact_by_company ON contact (organization_id, client_company_id, created_at, id)
    WHERE client_company_id IS NOT NULL AND deleted_at IS NULL;

DROP INDEX contract__external_id_key;
CREATE UNIQUE INDEX contract__external_id_key ON contract (organization_id, external_id) WHERE external_id IS NOT NULL;
DROP INDEX contract_by_deal;
CREATE INDEX contract_by_deal ON contract (organization_id, deal_id, created_at, id) WHERE deal_id IS NOT NULL;
DROP INDEX contract_by_proposal;
CREATE INDEX contract_by_proposal ON contract (organization_id, proposal_id, created_at, id) WHERE proposal_id IS NOT NULL;

DROP INDEX deal__external_id_key;
CREATE UNIQUE INDEX deal__external_id_key ON deal (organization_id, external_id) WHERE external_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX deal_by_amount;
CREATE INDEX deal_by_amount ON deal (organization_id, amount_minor, id) WHERE amount_minor IS NOT NULL AND deleted_at IS NULL;
DROP INDEX deal_by_company;
CREATE INDEX deal_by_company ON deal (organization_id, client_company_id, created_at, id)
    WHERE client_company_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX deal_by_contact;
CREATE INDEX deal_by_contact ON deal (organization_id, contact_id, created_at, id) WHERE contact_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX deal_by_expected_close;
CREATE INDEX deal_by_expected_close ON deal (organization_id, expected_close_on, id)
    WHERE expected_close_on IS NOT NULL AND deleted_at IS NULL;
DROP INDEX deal_by_owner;
CREATE INDEX deal_by_owner ON deal (organization_id, owner_id, created_at, id) WHERE owner_id IS NOT NULL AND deleted_at IS NULL;

DROP INDEX proposal__external_id_key;
CREATE UNIQUE INDEX proposal__external_id_key ON proposal (organization_id, external_id)
    WHERE external_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX proposal_by_deal;
CREATE INDEX proposal_by_deal ON proposal (organization_id, deal_id, created_at, id) WHERE deal_id IS NOT NULL AND deleted_at IS NULL;

DROP INDEX deal_by_stage, deal_pipeline;
CREATE INDEX deal_by_stage ON deal (organization_id, stage, created_at, id) INCLUDE (currency, amount_minor, probability, owner_id)
    WHERE deleted_at IS NULL;

DO $$
BEGIN
    ASSERT NOT EXISTS (
        SELECT FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[1]
        WHERE i.indrelid::regclass::text IN ('client_company', 'contact', 'contract', 'deal', 'proposal')
            AND NOT a.attnotnull AND i.indpred IS NULL AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    ), 'an index that begins with what may be empty is partial';
END
$$;
