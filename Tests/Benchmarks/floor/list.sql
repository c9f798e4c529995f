select id, name, stage, amount_minor, created_at from bench_deal
where organization_id = '00000000-0000-4000-9000-000000000001' order by created_at desc, id desc limit 50;
