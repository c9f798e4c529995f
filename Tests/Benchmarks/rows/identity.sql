-- Organizations 0 … :organizations − 1 of a :family, each with one owner, who is signed in. Ids and tokens follow from the
-- numbers, by the rules that the driver's LoadedRows has too.
begin;
create temporary table firm on commit drop as
select n, id, replace(id::text, '-4000-9', '-4000-a')::uuid as user_id, replace(id::text, '-4000-9', '-4000-b')::uuid as member_id,
       replace(id::text, '-4000-9', '-4000-c')::uuid as session_id, 'st_bench______' || replace(id::text, '-', '') as token
from (select n, format('00000000-0000-4000-9%s-%s', lpad(to_hex(:family), 3, '0'), lpad(to_hex(n), 12, '0'))::uuid as id
      from generate_series(0, :organizations - 1) n) ids;

insert into organization (organization_id, id, name, time_zone, currency, locale, created_at, updated_at)
select id, id, 'Bench firm ' || n, 'Europe/Berlin', 'USD', 'en', now(), now() from firm;
insert into app_user (id, email, name, created_at, updated_at)
select user_id, format('owner-%s-%s@bench.example', :family, n), 'Owner ' || n, now(), now() from firm;
insert into organization_member (organization_id, id, user_id, name, email, role, created_at, updated_at)
select id, member_id, user_id, 'Owner ' || n, format('owner-%s-%s@bench.example', :family, n), 'owner', now(), now() from firm;
insert into session (organization_id, id, user_id, member_id, authenticated_at, generation, rotated_at, expires_at, created_at, updated_at)
select id, session_id, user_id, member_id, now(), 1, now(), now() + interval '10 years', now(), now() from firm;
insert into session_token (token_sha256, organization_id, session_id, kind, generation, expires_at, created_at)
select sha256(token::bytea), id, session_id, 'access', 1, now() + interval '10 years', now() from firm;
commit;
vacuum analyze;
