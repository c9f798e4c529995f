-- The statement that crm runs for one deal, on the organizations that the load of the services reads as well.
\set caller random(0, 15)
\set pick random(0, 999)
select id, name, client_company_id, contact_id, stage, amount_minor, currency, probability, expected_close_on, lost_reason, lost_note,
    entered_stage_at, closed_at, owner_id, product, source, notes, external_id, custom_fields, created_at, updated_at, version,
    probability_override, lost_from, correlation_id
from deal
where organization_id = ('00000000-0000-4000-9000-' || lpad(to_hex(:caller * 62), 12, '0'))::uuid
    and id = ('00000000-0000-4000-8000-' || lpad(to_hex(:pick * 1000 + :caller * 62), 12, '0'))::uuid and deleted_at is null;
