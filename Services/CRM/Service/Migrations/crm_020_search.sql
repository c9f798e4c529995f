-- What people find by a few letters of it: companies, contacts, deals, proposals and contracts.
--
-- Under a tenant's policy PostgreSQL asks no text index: only leakproof operators come before the policy, and those of full text
-- and trigrams are none. So what can be found stands in a table of its own, which the service's role cannot touch, and one function
-- looks into it, for the organization of the transaction and no other.

CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

CREATE TABLE search_entry (
    organization_id uuid NOT NULL,
    entity text NOT NULL,
    id uuid NOT NULL,
    -- What is shown: the name of the thing, and what tells it from others of that name.
    title text NOT NULL,
    detail text NOT NULL,
    -- The title and what else it is found by, each as crm_search_words makes it.
    title_words text NOT NULL,
    more_words text NOT NULL,
    -- Words of the title weigh more.
    lexemes tsvector NOT NULL GENERATED ALWAYS AS (setweight(to_tsvector('simple', title_words), 'A') || to_tsvector('simple', more_words))
        STORED,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
COMMENT ON TABLE search_entry IS 'Written by triggers, read by crm_search; nothing of it is granted to anybody.';
-- Pages of the pending list are read by every search: few, so that a search after many writes is as quick as another.
CREATE INDEX search_entry_by_lexeme ON search_entry USING gin (organization_id, lexemes) WITH (gin_pending_list_limit = 256);
CREATE INDEX search_entry_by_title ON search_entry (organization_id, title_words text_pattern_ops);

-- Each word once, for what is mistyped: whatever is written like it is looked for among the words, of which a million names have some
-- ten thousand, and not among the names. Two who write a new word at once may both leave it here: no unique index makes one wait for
-- the other, which in long transactions would end in deadlocks.
CREATE TABLE search_word (
    organization_id uuid NOT NULL,
    word text NOT NULL
);
COMMENT ON TABLE search_word IS 'Written by triggers, read by crm_search; nothing of it is granted to anybody.';
CREATE INDEX search_word_by_word ON search_word (organization_id, word);
CREATE INDEX search_word_by_trigram ON search_word USING gin (organization_id, word gin_trgm_ops) WITH (gin_pending_list_limit = 256);

DO $$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY['search_entry', 'search_word'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', target);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', target);
        EXECUTE format('CREATE POLICY owner ON %I TO %I USING (true) WITH CHECK (true)', target, current_user);
    END LOOP;
END
$$;

-- Words in small letters without accents, one blank between them.
CREATE FUNCTION crm_search_words(t text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = public, pg_temp
RETURN btrim(regexp_replace(
    translate(lower(unaccent(coalesce(t, ''))), '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)), '\s+', ' ', 'g'));

-- What somebody may mistype: no numbers, and nothing so short that everything is like it.
CREATE FUNCTION crm_typed_words(found tsvector) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp
AS $body$
SELECT word FROM unnest(tsvector_to_array(found)) AS word WHERE word !~ '[0-9]' AND length(word) BETWEEN 3 AND 40
$body$;

-- `more` is found, and not shown. Longer text is found by its beginning.
CREATE PROCEDURE crm_write_search_entry(organization uuid, kind text, row_id uuid, gone boolean, name text, line text, more text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    before tsvector := (SELECT e.lexemes FROM search_entry e WHERE e.organization_id = organization AND e.id = row_id);
    after tsvector;
    typed text;
BEGIN
    IF gone THEN
        DELETE FROM search_entry WHERE organization_id = organization AND id = row_id;
    ELSE
        INSERT INTO search_entry AS e (organization_id, entity, id, title, detail, title_words, more_words, changed_at)
        VALUES (organization, kind, row_id, name, line, left(crm_search_words(name), 400), left(crm_search_words(concat_ws(' ', line, more)), 1600),
            now())
        ON CONFLICT (organization_id, id) DO UPDATE SET title = excluded.title, detail = excluded.detail,
            title_words = excluded.title_words, more_words = excluded.more_words, changed_at = excluded.changed_at
        WHERE (e.title, e.detail, e.more_words) IS DISTINCT FROM (excluded.title, excluded.detail, excluded.more_words)
        RETURNING lexemes INTO after;
        IF after IS NULL THEN RETURN; END IF;
    END IF;
    -- One by one, each by its index: how many there are is not known to the planner, and a join would read all words for a few.
    FOR typed IN SELECT crm_typed_words(after) LOOP
        IF NOT EXISTS (SELECT FROM search_word w WHERE w.organization_id = organization AND w.word = typed) THEN
            INSERT INTO search_word (organization_id, word) VALUES (organization, typed);
        END IF;
    END LOOP;
    -- Nothing is kept of a name that nobody has any more.
    IF before IS NOT NULL THEN
        FOR typed IN SELECT crm_typed_words(before) EXCEPT SELECT crm_typed_words(after) LOOP
            IF NOT EXISTS (SELECT FROM search_entry e WHERE e.organization_id = organization AND e.lexemes @@ quote_literal(typed)::tsquery) THEN
                DELETE FROM search_word w WHERE w.organization_id = organization AND w.word = typed;
            END IF;
        END LOOP;
    END IF;
END
$body$;

CREATE FUNCTION crm_find_client_company() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    CALL crm_write_search_entry(NEW.organization_id, 'client_company', NEW.id, NEW.deleted_at IS NOT NULL, NEW.name,
        concat_ws(' · ', NEW.domain, NEW.email, NEW.phone, NEW.address ->> 'city'),
        concat_ws(' ', NEW.website, regexp_replace(NEW.phone, '\D', '', 'g'), NEW.external_id, NEW.industry, NEW.tags::text));
    RETURN NULL;
END
$body$;
CREATE TRIGGER find AFTER INSERT OR UPDATE OF name, domain, email, phone, address, website, external_id, industry, tags, deleted_at
    ON client_company FOR EACH ROW EXECUTE FUNCTION crm_find_client_company();

CREATE FUNCTION crm_find_contact() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    CALL crm_write_search_entry(NEW.organization_id, 'contact', NEW.id, NEW.deleted_at IS NOT NULL,
        concat_ws(' ', NEW.first_name, NEW.last_name), concat_ws(' · ', NEW.title, NEW.email, NEW.phone),
        concat_ws(' ', regexp_replace(NEW.phone, '\D', '', 'g'), NEW.external_id, NEW.tags::text));
    RETURN NULL;
END
$body$;
CREATE TRIGGER find AFTER INSERT OR UPDATE OF first_name, last_name, title, email, phone, external_id, tags, deleted_at
    ON contact FOR EACH ROW EXECUTE FUNCTION crm_find_contact();

CREATE FUNCTION crm_find_deal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    CALL crm_write_search_entry(NEW.organization_id, 'deal', NEW.id, NEW.deleted_at IS NOT NULL, NEW.name,
        concat_ws(' · ', NEW.product, NEW.source), NEW.external_id);
    RETURN NULL;
END
$body$;
CREATE TRIGGER find AFTER INSERT OR UPDATE OF name, product, source, external_id, deleted_at
    ON deal FOR EACH ROW EXECUTE FUNCTION crm_find_deal();

CREATE FUNCTION crm_find_proposal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    CALL crm_write_search_entry(NEW.organization_id, 'proposal', NEW.id, NEW.deleted_at IS NOT NULL, NEW.title, '', NEW.external_id);
    RETURN NULL;
END
$body$;
CREATE TRIGGER find AFTER INSERT OR UPDATE OF title, external_id, deleted_at
    ON proposal FOR EACH ROW EXECUTE FUNCTION crm_find_proposal();

CREATE FUNCTION crm_find_contract() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    CALL crm_write_search_entry(NEW.organization_id, 'contract', NEW.id, false, NEW.title,
        concat_ws(' · ', NEW.signed_by_name), concat_ws(' ', NEW.signed_by_email, NEW.external_id));
    RETURN NULL;
END
$body$;
CREATE TRIGGER find AFTER INSERT OR UPDATE OF title, signed_by_name, signed_by_email, external_id
    ON contract FOR EACH ROW EXECUTE FUNCTION crm_find_contract();

-- Marks words that were found: what stands between the two control characters.
CREATE TEXT SEARCH CONFIGURATION crm_shown (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION crm_shown
    ALTER MAPPING FOR asciiword, word, asciihword, hword, hword_asciipart, hword_part, numword, numhword, hword_numpart WITH unaccent, simple;

CREATE FUNCTION crm_marked(shown text, query tsquery) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = public, pg_temp
RETURN ts_headline('crm_shown', translate(shown, E'\x02\x03', ''), query, E'StartSel="\x02", StopSel="\x03", HighlightAll=true');

-- The best `most` of what begins with these words, in any order, and where that is fewer what is written much like them.
--
-- What a title begins with comes first: two hundred are ranked, then of what has the words two thousand. A word of four letters and
-- more is also looked for with a slip in it, as the ten words that are most like it; 0.4 is where pg_trgm's word_similarity still has
-- two letters exchanged ("norhtwind": 0.43).
CREATE FUNCTION crm_search(q text, kinds text[], most integer)
RETURNS TABLE (entity text, id uuid, title text, detail text, title_marked text, detail_marked text, is_approximate boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan SET enable_seqscan = off
SET pg_trgm.word_similarity_threshold = 0.4
AS $body$
DECLARE
    organization uuid := app_organization();
    phrase text := crm_search_words(q);
    terms text[] := (string_to_array(phrase, ' '))[1:8];
    beginning text := replace(replace(replace(phrase, '\', '\\'), '%', '\%'), '_', '\_') || '%';
    query tsquery;
    title_query tsquery;
    like_query tsquery;
    found integer;
    total integer;
BEGIN
    IF organization IS NULL OR phrase = '' THEN RETURN; END IF;
    query := to_tsquery('simple', (SELECT string_agg(quote_literal(term) || ':*', ' & ') FROM unnest(terms) AS term));
    title_query := to_tsquery('simple', (SELECT string_agg(quote_literal(term) || ':*A', ' & ') FROM unnest(terms) AS term));

    RETURN QUERY
    WITH candidate AS (
        SELECT e.* FROM search_entry e
        WHERE e.organization_id = organization AND e.title_words LIKE beginning AND e.entity = ANY (kinds)
        ORDER BY e.title_words LIMIT 200
    ), best AS (
        SELECT c.* FROM candidate c
        ORDER BY c.title_words = phrase DESC, length(c.title_words), c.changed_at DESC, c.id LIMIT most
    )
    SELECT b.entity, b.id, b.title, b.detail, crm_marked(b.title, query), crm_marked(b.detail, query), false FROM best b;
    GET DIAGNOSTICS total = ROW_COUNT;
    IF total >= most OR length(phrase) = 1 THEN RETURN; END IF;

    RETURN QUERY
    WITH candidate AS (
        SELECT e.* FROM search_entry e
        WHERE e.organization_id = organization AND e.lexemes @@ query AND e.entity = ANY (kinds) AND e.title_words NOT LIKE beginning
        LIMIT 2000
    ), best AS (
        SELECT c.* FROM candidate c ORDER BY c.lexemes @@ title_query DESC, c.changed_at DESC, c.id LIMIT most - total
    )
    SELECT b.entity, b.id, b.title, b.detail, crm_marked(b.title, query), crm_marked(b.detail, query), false FROM best b;
    GET DIAGNOSTICS found = ROW_COUNT;
    total := total + found;
    IF total >= most THEN RETURN; END IF;

    -- Each word as it is or as one that is like it; nothing, where for none of them there is any.
    SELECT string_agg('(' || concat_ws(' | ', quote_literal(term) || ':*', (
            SELECT string_agg(DISTINCT quote_literal(near.word), ' | ') FROM (
                SELECT w.word FROM search_word w
                WHERE length(term) >= 4 AND w.organization_id = organization AND w.word %> term
                ORDER BY word_similarity(term, w.word) DESC, similarity(term, w.word) DESC, w.word LIMIT 10
            ) AS near)) || ')', ' & ')::tsquery
    INTO like_query FROM unnest(terms) AS term;
    RETURN QUERY
    WITH candidate AS (
        SELECT e.* FROM search_entry e
        WHERE e.organization_id = organization AND e.lexemes @@ like_query AND e.entity = ANY (kinds) AND NOT e.lexemes @@ query
        LIMIT 2000
    ), best AS (
        SELECT c.* FROM candidate c
        ORDER BY word_similarity(phrase, c.title_words) DESC, similarity(phrase, c.title_words) DESC, c.changed_at DESC, c.id
        LIMIT most - total
    )
    SELECT b.entity, b.id, b.title, b.detail, crm_marked(b.title, like_query), crm_marked(b.detail, like_query), true FROM best b;
END
$body$;

-- Nobody calls these but the service, and the service none but the search.
REVOKE ALL ON FUNCTION crm_search(text, text[], integer), crm_marked(text, tsquery) FROM PUBLIC;
REVOKE ALL ON FUNCTION crm_typed_words(tsvector) FROM PUBLIC;
REVOKE ALL ON PROCEDURE crm_write_search_entry(uuid, text, uuid, boolean, text, text, text) FROM PUBLIC;
DO $$
BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION crm_search(text, text[], integer) TO %I', current_setting('app.service_role'));
END
$$;

-- What is there already. The policy binds the tables' owner too, so it is lifted for this one transaction.
ALTER TABLE client_company NO FORCE ROW LEVEL SECURITY;
ALTER TABLE contact NO FORCE ROW LEVEL SECURITY;
ALTER TABLE deal NO FORCE ROW LEVEL SECURITY;
ALTER TABLE proposal NO FORCE ROW LEVEL SECURITY;
ALTER TABLE contract NO FORCE ROW LEVEL SECURITY;
UPDATE client_company SET name = name WHERE deleted_at IS NULL;
UPDATE contact SET last_name = last_name WHERE deleted_at IS NULL;
UPDATE deal SET name = name WHERE deleted_at IS NULL;
UPDATE proposal SET title = title WHERE deleted_at IS NULL;
UPDATE contract SET title = title;
ALTER TABLE client_company FORCE ROW LEVEL SECURITY;
ALTER TABLE contact FORCE ROW LEVEL SECURITY;
ALTER TABLE deal FORCE ROW LEVEL SECURITY;
ALTER TABLE proposal FORCE ROW LEVEL SECURITY;
ALTER TABLE contract FORCE ROW LEVEL SECURITY;

DO $$
BEGIN
    ASSERT NOT has_table_privilege(current_setting('app.service_role'), 'search_entry', 'SELECT, INSERT, UPDATE, DELETE')
        AND NOT has_table_privilege(current_setting('app.service_role'), 'search_word', 'SELECT, INSERT, UPDATE, DELETE'),
        'the service cannot reach what can be found but by the search';
    ASSERT (SELECT count(*) FROM pg_class WHERE relforcerowsecurity
        AND relname IN ('client_company', 'contact', 'deal', 'proposal', 'contract', 'search_entry', 'search_word')) = 7, 'every table is protected';
END
$$;
