begin;
insert into floor_row (organization_id, id, kind, amount_minor, body)
values ('00000000-0000-4000-9000-000000000001', gen_random_uuid(), 'deal', 100000, '{"name": "Bench deal", "stage": "lead"}');
insert into floor_event (organization_id, type, body)
values ('00000000-0000-4000-9000-000000000001', 'deal.created', '{"id": "x", "version": 1, "actor": "u"}');
commit;
