\set n random(1, 100000)
select id, name, stage, amount_minor, created_at from bench_deal
where organization_id = '00000000-0000-4000-9000-000000000001' and id = ('00000000-0000-4000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid;
