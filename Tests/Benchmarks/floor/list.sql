\set caller random(0, 15)
select id, name, client_company_id, contact_id, stage, amount_minor, currency, probability, expected_close_on, lost_reason, lost_note,
    entered_stage_at, closed_at, owner_id, product, source, notes, external_id, custom_fields, created_at, updated_at, version
from deal
where organization_id = ('00000000-0000-4000-9000-' || lpad(to_hex(:caller * 62), 12, '0'))::uuid and deleted_at is null
order by created_at desc, id desc limit 51;
