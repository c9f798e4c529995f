-- :events entries in the timeline of organization 0 of a :family, spread evenly over the twelve months before this one and over
-- :entities deals. Their hashes make no chain: that takes one digest after the other, and nothing here proves them.
-- A month is loaded before it becomes a partition, which then gets its indexes in one go.
set maintenance_work_mem = '512MB';

create temporary table firm as
select format('00000000-0000-4000-9%s-000000000000', family)::uuid as id, family from lpad(to_hex(:family), 3, '0') family;
create temporary table month as
select n, to_char(began, 'YYYY_MM') as name, began, began + interval '1 month' as ended,
       n * :events / 12 + 1 as first_seq, (n + 1) * :events / 12 as last_seq
from (select n, date_trunc('month', now() at time zone 'UTC') + (n - 12) * interval '1 month' as began from generate_series(0::bigint, 11) n) months;

select format($$
    create table activity_event_%1$s (like activity_event including defaults including constraints);
    insert into activity_event_%1$s
    select id, seq, gen_random_uuid(), 'updated', 'deal.updated', 1, 'deal',
           format('00000000-0000-4000-8%%s-%%s', family, lpad(to_hex(seq %% %6$s), 12, '0'))::uuid, seq / %6$s + 1, null, 'member',
           replace(id::text, '-4000-9', '-4000-a')::uuid, gen_random_uuid(), gen_random_uuid(), 'crm', at, at,
           '{"name": "Deal", "previous": {"amount_minor": 100000}, "amount_minor": 120000}', sha256(seq::text::bytea)
    from (select firm.*, seq, timestamptz %2$L + (seq - %4$s) * interval '27 days' / (%5$s - %4$s + 1) as at
          from firm, generate_series(%4$s::bigint, %5$s) seq) entries;
    alter table activity_event attach partition activity_event_%1$s for values from (%2$L) to (%3$L);
    insert into activity_month select id, %4$s, %2$L from firm;
$$, name, began || '+00', ended || '+00', first_seq, last_seq, :entities) from month order by n \gexec

insert into activity_head
select id, :events, sha256(:events::text::bytea), (select max(ended) - interval '1 day' from month) from firm;
vacuum analyze activity_event;
