-- The floor: tables of the same shape as the services' own, in a database of their own, loaded by pgbench alone.
-- bench_deal is read by read-query under row-level security; floor_* are what get, list-50, create and lead-to-cash would
-- cost with no service in front of the database.
create table if not exists bench_deal (
    organization_id uuid not null,
    id uuid not null,
    name text not null,
    stage text not null,
    amount_minor bigint not null,
    created_at timestamptz not null,
    primary key (organization_id, id)
);

insert into bench_deal
select ('00000000-0000-4000-9000-' || lpad((n % 10)::text, 12, '0'))::uuid,
       -- The same bits as the driver's Identifier(high: 0x4000, low: 1 << 63 | number).
       ('00000000-0000-4000-8000-' || lpad(to_hex(m), 12, '0'))::uuid,
       'Deal ' || m, 'qualified', m * 100, timestamptz '2026-01-01' + m * interval '1 second'
from generate_series(0, 9) n, generate_series(1, 100000) m
where not exists (select from bench_deal);

create index if not exists bench_deal_newest on bench_deal (organization_id, created_at desc, id desc);
alter table bench_deal enable row level security;
alter table bench_deal force row level security;
drop policy if exists tenant on bench_deal;
create policy tenant on bench_deal
    using (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);

create table if not exists floor_row (
    organization_id uuid not null,
    id uuid not null,
    kind text not null,
    amount_minor bigint not null,
    body jsonb not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, id)
);
create table if not exists floor_event (
    sequence bigint generated always as identity primary key,
    organization_id uuid not null,
    type text not null,
    body jsonb not null,
    occurred_at timestamptz not null default now()
);
create table if not exists floor_activity (
    organization_id uuid not null,
    sequence bigint generated always as identity,
    type text not null,
    body jsonb not null,
    primary key (organization_id, sequence)
);
vacuum analyze bench_deal;
