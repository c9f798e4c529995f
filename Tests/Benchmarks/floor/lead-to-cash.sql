-- Seven durable commits, each a row and its event, then their activity: the story with no service in front.
\startpipeline
begin;
insert into floor_row (organization_id, id, kind, amount_minor, body)
values ('00000000-0000-4000-9000-000000000001', gen_random_uuid(), 'company', 100000, '{"name": "Bench"}');
insert into floor_event (organization_id, type, body)
values ('00000000-0000-4000-9000-000000000001', 'company.created', '{"id": "x", "version": 1, "actor": "u"}');
commit;
\endpipeline
\startpipeline
begin;
insert into floor_row (organization_id, id, kind, amount_minor, body)
values ('00000000-0000-4000-9000-000000000001', gen_random_uuid(), 'deal', 100000, '{"name": "Bench"}');
insert into floor_event (organization_id, type, body)
values ('00000000-0000-4000-9000-000000000001', 'deal.created', '{"id": "x", "version": 1, "actor": "u"}');
commit;
\endpipeline
\startpipeline
begin;
insert into floor_row (organization_id, id, kind, amount_minor, body)
values ('00000000-0000-4000-9000-000000000001', gen_random_uuid(), 'proposal', 100000, '{"name": "Bench"}');
insert into floor_event (organization_id, type, body)
values ('00000000-0000-4000-9000-000000000001', 'proposal.created', '{"id": "x", "version": 1, "actor": "u"}');
commit;
\endpipeline
\startpipeline
begin;
insert into floor_row (organization_id, id, kind, amount_minor, body)
values ('00000000-0000-4000-9000-000000000001', gen_random_uuid(), 'contract', 100000, '{"name": "Bench"}');
insert into floor_event (organization_id, type, body)
values ('00000000-0000-4000-9000-000000000001', 'contract.created', '{"id": "x", "version": 1, "actor": "u"}');
commit;
\endpipeline
\startpipeline
begin;
insert into floor_row (organization_id, id, kind, amount_minor, body)
values ('00000000-0000-4000-9000-000000000001', gen_random_uuid(), 'project', 100000, '{"name": "Bench"}');
insert into floor_event (organization_id, type, body)
values ('00000000-0000-4000-9000-000000000001', 'project.created', '{"id": "x", "version": 1, "actor": "u"}');
commit;
\endpipeline
\startpipeline
begin;
insert into floor_row (organization_id, id, kind, amount_minor, body)
values ('00000000-0000-4000-9000-000000000001', gen_random_uuid(), 'invoice', 100000, '{"name": "Bench"}');
insert into floor_event (organization_id, type, body)
values ('00000000-0000-4000-9000-000000000001', 'invoice.created', '{"id": "x", "version": 1, "actor": "u"}');
commit;
\endpipeline
\startpipeline
begin;
insert into floor_row (organization_id, id, kind, amount_minor, body)
values ('00000000-0000-4000-9000-000000000001', gen_random_uuid(), 'payment', 100000, '{"name": "Bench"}');
insert into floor_event (organization_id, type, body)
values ('00000000-0000-4000-9000-000000000001', 'payment.created', '{"id": "x", "version": 1, "actor": "u"}');
commit;
\endpipeline
insert into floor_activity (organization_id, type, body)
select '00000000-0000-4000-9000-000000000001', 'created', '{"actor": "u"}' from generate_series(1, 7);
