-- What a row leaves empty is not indexed: an index that begins with such a column holds the rows that give it. No filter asks for nothing.

DROP INDEX invoice__external_id_key;
CREATE UNIQUE INDEX invoice__external_id_key ON invoice (organization_id, external_id) WHERE external_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX invoice__milestone_id_key;
CREATE UNIQUE INDEX invoice__milestone_id_key ON invoice (organization_id, milestone_id) WHERE milestone_id IS NOT NULL;
DROP INDEX invoice_by_due_date;
CREATE INDEX invoice_by_due_date ON invoice (organization_id, due_on, id) WHERE due_on IS NOT NULL AND deleted_at IS NULL;
DROP INDEX invoice_by_engagement;
CREATE INDEX invoice_by_engagement ON invoice (organization_id, engagement_id, created_at, id)
    WHERE engagement_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX invoice_by_issue_date;
CREATE INDEX invoice_by_issue_date ON invoice (organization_id, issue_on, id) WHERE issue_on IS NOT NULL AND deleted_at IS NULL;
DROP INDEX invoice_number;
CREATE UNIQUE INDEX invoice_number ON invoice (organization_id, number) WHERE number IS NOT NULL;

DROP INDEX invoice_schedule__external_id_key;
CREATE UNIQUE INDEX invoice_schedule__external_id_key ON invoice_schedule (organization_id, external_id) WHERE external_id IS NOT NULL;
DROP INDEX invoice_schedule_by_engagement;
CREATE INDEX invoice_schedule_by_engagement ON invoice_schedule (organization_id, engagement_id, created_at, id)
    WHERE engagement_id IS NOT NULL;

DROP INDEX payment_by_engagement;
CREATE INDEX payment_by_engagement ON payment (organization_id, engagement_id, created_at, id) WHERE engagement_id IS NOT NULL;

DO $$
BEGIN
    ASSERT NOT EXISTS (
        SELECT FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[1]
        WHERE i.indrelid::regclass::text IN ('invoice', 'invoice_schedule', 'payment')
            AND NOT a.attnotnull AND i.indpred IS NULL AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    ), 'an index that begins with what may be empty is partial';
END
$$;
