-- Everything that a list can be asked for is found by an index that begins with it.

CREATE INDEX invoice_by_overdue ON invoice (organization_id, is_overdue, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_schedule_by_contract ON invoice_schedule (organization_id, contract_id, created_at, id) WHERE contract_id IS NOT NULL;
CREATE INDEX invoice_schedule_by_next ON invoice_schedule (organization_id, next_on, id) WHERE next_on IS NOT NULL;
CREATE INDEX payment_by_amount ON payment (organization_id, amount_minor, id);

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_indexes WHERE indexname IN ('invoice_by_overdue', 'invoice_schedule_by_contract',
        'invoice_schedule_by_next', 'payment_by_amount')) = 4, 'each table has the indexes of its list';
END
$$;
