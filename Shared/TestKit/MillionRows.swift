internal import Contracts
internal import Postgres
internal import Vocabulary

/// Makes the tables of a test's database look as they do at a million rows over a thousand organizations, so that the planner
/// chooses as it will then.
///
/// A million real rows in each of fifty tables would take many minutes and tens of gigabytes. So each table holds a hundredth of
/// them, real and analyzed; then its files and those of its indexes are made a hundred times as long (with holes, which read as
/// empty pages and take no space), and the catalog says that they hold a hundred times the rows. The planner takes its sizes from
/// exactly these two. What stays different from a million real rows: an index is a level lower than it would be, and rows are
/// narrower than most real ones, both of which make reading a whole table look cheaper, not dearer. CHECKs are dropped first, since
/// the rows are made by their columns' types and know no rules; foreign keys and triggers rest while they are written.
enum MillionRows {
    /// Fills every table that has an organization. `large` has a tenth of the rows, `typical` and each of 998 others a thousandth.
    static func fill(_ clone: TestServer.Clone, large: Identifier, typical: Identifier, choices: JSON) async throws {
        let settings = """
            SELECT set_config('filling.large', '\(large)', false), set_config('filling.typical', '\(typical)', false),
                set_config('filling.choices', $choices$\(choices)$choices$, false);
            """
        try await clone.execute(settings + Self.rows)
        // Alone: it cannot run in the transaction that a script of several statements is.
        try await clone.execute("VACUUM ANALYZE")
        try await clone.execute(Self.scaling)
    }

    /// Ten thousand rows in each table. A column that may be null is so in every second row, one that ends a row in one of thirty;
    /// ten rows have the same parent; words that the catalog or a CHECK lists are all used alike, and what is called a currency,
    /// type, kind, method or producer has few values.
    private static let rows = """
        CREATE FUNCTION pg_temp.filling(c pg_attribute) RETURNS text LANGUAGE plpgsql AS $$
        DECLARE
            kind text := c.atttypid::regtype::text;
            salt text := format('abs(hashint4(i * 31 + %s))', c.attnum);
            words text[] := (SELECT array_agg(word) FROM jsonb_array_elements_text(
                current_setting('filling.choices')::jsonb -> c.attname::text) AS word);
            listed text[] := (SELECT array_agg(match[1]) FROM pg_constraint, regexp_matches(pg_get_constraintdef(oid),
                '''([a-z_]+)''::text', 'g') AS match WHERE conrelid = c.attrelid AND contype = 'c' AND conkey = ARRAY[c.attnum]);
            value text;
        BEGIN
            IF c.attname = 'organization_id' OR kind = 'uuid' AND c.attrelid = to_regclass('organization') AND c.attname = 'id' THEN
                RETURN $x$CASE WHEN i % 10 = 0 THEN current_setting('filling.large')::uuid
                    WHEN i % 1000 = 1 THEN current_setting('filling.typical')::uuid
                    ELSE md5('organization' || i % 1000)::uuid END$x$;
            END IF;
            value := CASE
                WHEN c.attname IN ('id', 'event_id') THEN format('md5(%L || i)::uuid', c.attrelid)
                WHEN kind = 'uuid' THEN format('md5(%L || i / 10)::uuid', c.attname)
                WHEN kind = 'text' AND coalesce(words, listed) IS NOT NULL
                    THEN format('(%L::text[])[1 + %s %% %s]', coalesce(words, listed), salt, cardinality(coalesce(words, listed)))
                WHEN kind = 'text' AND c.attname ~ '(currency|type|kind|method|producer)$' THEN format('%L || %s %% 8', 'few', salt)
                WHEN kind = 'text' THEN format('%L || i', 'many')
                WHEN kind IN ('bigint', 'integer', 'numeric') THEN 'i'
                WHEN kind = 'smallint' THEN format('(%s %% 12)::smallint', salt)
                WHEN kind = 'boolean' THEN salt || ' % 2 = 0'
                WHEN kind = 'date' THEN format('current_date - %s %% 730', salt)
                WHEN kind = 'timestamp with time zone' THEN $x$now() - (10000 - i) * interval '100 minutes'$x$
                WHEN kind = 'bytea' THEN $x$decode(md5(i::text) || md5((-i)::text), 'hex')$x$
                WHEN kind IN ('jsonb', 'json') THEN format($x$'{}'::%s$x$, kind)
                WHEN kind = 'interval' THEN $x$interval '1 day'$x$
                WHEN kind = 'inet' THEN $x$inet '192.0.2.1'$x$
                WHEN kind LIKE '%[]' THEN format($x$'{}'::%s$x$, kind)
            END;
            ASSERT value IS NOT NULL, format('rows of %s cannot be made: %s is a %s', c.attrelid::regclass, c.attname, kind);
            RETURN CASE
                WHEN c.attnotnull THEN value
                WHEN c.attname = 'deleted_at' THEN format('CASE WHEN %s %% 30 = 0 THEN %s END', salt, value)
                ELSE format('CASE WHEN %s %% 2 = 0 THEN %s END', salt, value)
            END;
        END $$;

        DO $$
        DECLARE
            target regclass;
            held record;
        BEGIN
            SET LOCAL session_replication_role = replica;
            IF to_regproc('activity_event_ensure_month') IS NOT NULL THEN
                FOR back IN 0..24 LOOP
                    PERFORM activity_event_ensure_month((now() - back * interval '1 month')::date);
                END LOOP;
            END IF;
            FOR target IN
                SELECT attrelid FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
                WHERE attname = 'organization_id' AND relkind IN ('r', 'p') AND NOT relispartition
                    AND relnamespace = 'public'::regnamespace
                UNION SELECT to_regclass('organization') WHERE to_regclass('organization') IS NOT NULL
            LOOP
                CREATE TEMP TABLE making ON COMMIT DROP AS
                    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns,
                        string_agg(pg_temp.filling(a), ', ' ORDER BY attnum) AS made
                    FROM pg_attribute a WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                        AND attidentity = '';
                FOR held IN SELECT conname FROM pg_constraint WHERE conrelid = target AND contype = 'c' LOOP
                    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', target, held.conname);
                END LOOP;
                EXECUTE (SELECT format('INSERT INTO %s (%s) SELECT %s FROM generate_series(1, 10000) AS i ON CONFLICT DO NOTHING',
                    target, columns, made) FROM making);
                DROP TABLE making;
            END LOOP;
        END $$;
        CREATE FUNCTION explain_generic(statement text, parameters integer) RETURNS text LANGUAGE plpgsql
        SET plan_cache_mode = force_generic_plan AS $$
        DECLARE plan text;
        BEGIN
            EXECUTE 'PREPARE explained AS ' || statement;
            EXECUTE 'EXPLAIN (FORMAT JSON) EXECUTE explained' || CASE WHEN parameters > 0
                THEN '(' || array_to_string(array_fill('NULL'::text, ARRAY[parameters]), ', ') || ')' ELSE '' END INTO plan;
            EXECUTE 'DEALLOCATE explained';
            RETURN plan;
        END $$;
        GRANT EXECUTE ON FUNCTION explain_generic(text, integer) TO PUBLIC;
        """

    /// A superuser may have the server run a program, in its data folder, and may write to the catalog.
    private static let scaling = """
        DO $$
        DECLARE
            scaled oid[] := ARRAY(SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')
                AND reltuples > 0);
            relation oid;
        BEGIN
            FOREACH relation IN ARRAY scaled LOOP
                EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', format('cat > /dev/null; truncate --size=%s %s',
                    pg_relation_size(relation) * 100, pg_relation_filepath(relation)));
            END LOOP;
            UPDATE pg_class SET reltuples = reltuples * 100, relpages = relpages * 100, relallvisible = relallvisible * 100
            WHERE oid = ANY (scaled);
            ASSERT (SELECT max(reltuples) FROM pg_class WHERE oid = ANY (scaled)) >= 1000000, 'a table looks like a million rows';
        END $$;
        """
}
