\set pick random(0, 999)
select id, name, stage, amount_minor, created_at from deal
where organization_id = '00000000-0000-4000-9000-000000000000' and id = ('00000000-0000-4000-8000-' || lpad(to_hex(:pick * 1000), 12, '0'))::uuid;
