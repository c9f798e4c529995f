-- The floor: tables of the same shape as the services' own, in a database of their own, loaded by pgbench alone. Their owner reads
-- and writes without row-level security; `bench_tenant`, who is bound by the services' policy, is there for read-query.
create table deal (
    organization_id uuid not null,
    id uuid not null default gen_random_uuid(),
    name text not null,
    client_company_id uuid,
    contact_id uuid,
    stage text not null default 'lead',
    amount_minor bigint,
    currency text not null,
    probability integer not null default 10,
    probability_override integer,
    expected_close_on date,
    lost_reason text,
    lost_note text,
    lost_from text,
    entered_stage_at timestamptz not null default now(),
    closed_at timestamptz,
    owner_id uuid,
    product text,
    source text,
    notes text,
    external_id text,
    custom_fields jsonb not null default '{}',
    correlation_id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1,
    deleted_at timestamptz,
    primary key (organization_id, id)
);
-- Only the indexes that the floor's own statements need.
create index deal_by_age on deal (organization_id, created_at, id) where deleted_at is null;
alter table deal enable row level security;
create policy tenant on deal using (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);
grant select on deal to bench_tenant;

create table floor_row (
    organization_id uuid not null,
    id uuid not null,
    kind text not null,
    amount_minor bigint not null,
    body jsonb not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, id)
);
create table floor_event (
    sequence bigint generated always as identity primary key,
    organization_id uuid not null,
    type text not null,
    body jsonb not null,
    occurred_at timestamptz not null default now()
);
create table floor_activity (
    organization_id uuid not null,
    sequence bigint generated always as identity,
    type text not null,
    body jsonb not null,
    primary key (organization_id, sequence)
);
