-- What crm has heard of the organizations and their owners, as from identity's events.
begin;
create temporary table firm on commit drop as
select n, format('00000000-0000-4000-9%s-%s', lpad(to_hex(:family), 3, '0'), lpad(to_hex(n), 12, '0'))::uuid as id
from generate_series(0, :organizations - 1) n;

insert into organization_ref (organization_id, time_zone, currency, version, name)
select id, 'Europe/Berlin', 'USD', 1, 'Bench firm ' || n from firm;
insert into member_ref (organization_id, id, user_id, role, version)
select id, replace(id::text, '-4000-9', '-4000-b')::uuid, replace(id::text, '-4000-9', '-4000-a')::uuid, 'owner', 1 from firm;
commit;
