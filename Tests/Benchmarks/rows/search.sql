-- A million things that can be found in the one organization of a :family: names of two words and a third that many share. Words are those
-- of `SearchedNames` in the driver.
insert into search_entry (organization_id, entity, id, title, detail, title_words, more_words, changed_at)
select format('00000000-0000-4000-9%s-000000000000', lpad(to_hex(:family), 3, '0'))::uuid,
       (array['client_company', 'contact', 'deal', 'proposal', 'contract'])[1 + n % 5], gen_random_uuid(), initcap(title), detail, title, detail,
       timestamptz '2026-01-01' + n * interval '1 second'
from (select n, words[1 + (n * 7919) % 20000] || ' ' || words[1 + (n * 104729) % 20000] || ' ' || kinds[1 + n % 8] as title,
             words[1 + (n * 31) % 20000] || ' example' as detail
      from generate_series(0, 999999::bigint) n,
           (select array_agg(s[1 + k / 784 % 28] || s[1 + k / 28 % 28] || s[1 + k % 28] order by k) as words
            from generate_series(0, 19999) k,
                 (select '{ba,de,fi,go,hu,ja,ke,li,mo,nu,pa,re,si,to,vu,wa,ze,bri,cla,dro,fle,gru,pla,qui,ste,tri,wol,kno}'::text[] as s) as syllable) as word,
           (select '{gmbh,inc,ltd,partners,relaunch,website,audit,studio}'::text[] as kinds) as kind) as made;
insert into search_word (organization_id, word)
select distinct organization_id, word from search_entry, crm_typed_words(lexemes) as word;
vacuum analyze search_entry;
vacuum analyze search_word;
