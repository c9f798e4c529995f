-- Deals 0 … :deals − 1 of a :family: number n belongs to organization n % :organizations, so that the rows of one are spread over
-- the whole table, as they are when many write at once. The same rows are in crm's database and in the floor's.
-- They are not to be searched for: without the triggers they are loaded in half the time.
set session_replication_role = replica;
insert into deal (organization_id, id, name, stage, amount_minor, currency, probability, expected_close_on, entered_stage_at, owner_id,
    product, source, correlation_id, created_at, updated_at)
select format('00000000-0000-4000-9%s-%s', family, owner)::uuid, format('00000000-0000-4000-8%s-%s', family, lpad(to_hex(n), 12, '0'))::uuid,
       'Deal ' || n, (array['lead', 'qualified', 'proposal', 'negotiation'])[1 + n % 4], n * 100, 'USD', (array[10, 20, 50, 80])[1 + n % 4],
       date '2027-01-01' + (n % 365)::integer, began, format('00000000-0000-4000-b%s-%s', family, owner)::uuid,
       'Website relaunch', 'referral', gen_random_uuid(), began, began
from (select n, lpad(to_hex(:family), 3, '0') as family, lpad(to_hex(n % :organizations), 12, '0') as owner,
             timestamptz '2026-01-01' + n * interval '1 second' as began
      from generate_series(0, :deals::bigint - 1) n) numbers;
reset session_replication_role;
vacuum analyze deal;
