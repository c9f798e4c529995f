/// Migration m000: the functions that every service's tables are protected with.
enum Bootstrap {
    static let migration = Migration("m000-bootstrap", Array(Bootstrap.sql.utf8))

    /// The record of what was applied, and the service role's way into the schema. Idempotent, run before every pass.
    static let ledger = """
        CREATE TABLE IF NOT EXISTS schema_migration (
            name text PRIMARY KEY,
            sha256 text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        DO $$ BEGIN
            EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', current_setting('app.service_role'));
            EXECUTE format('GRANT SELECT ON schema_migration TO %I', current_setting('app.service_role'));
        END $$;
        """

    /// `nullif` matters: after a transaction that set it, an unset setting reads as '' and not as NULL.
    private static let sql = """
        CREATE OR REPLACE FUNCTION app_organization() RETURNS uuid
        LANGUAGE sql STABLE PARALLEL SAFE
        RETURN nullif(current_setting('app.organization_id', true), '')::uuid;

        CREATE OR REPLACE FUNCTION app_is_system() RETURNS boolean
        LANGUAGE sql STABLE PARALLEL SAFE
        RETURN coalesce(current_setting('app.system', true), '') = 'on';

        -- Gives the service role the rows of a table, and no more: neither TRUNCATE nor REFERENCES nor ownership.
        CREATE OR REPLACE PROCEDURE app_grant(target regclass)
        LANGUAGE plpgsql AS $body$
        BEGIN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', target,
                current_setting('app.service_role'));
        END $body$;

        -- A tenant's table: only rows of the organization in app.organization_id are seen or written.
        CREATE OR REPLACE PROCEDURE app_protect(target regclass)
        LANGUAGE plpgsql AS $body$
        BEGIN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
            EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
            EXECUTE format('DROP POLICY IF EXISTS tenant ON %s', target);
            EXECUTE format('CREATE POLICY tenant ON %s USING (organization_id = app_organization()) '
                'WITH CHECK (organization_id = app_organization())', target);
            CALL app_grant(target);
        END $body$;

        -- A tenant's table that background work of the service itself reads across tenants.
        CREATE OR REPLACE PROCEDURE app_protect_with_system(target regclass)
        LANGUAGE plpgsql AS $body$
        BEGIN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
            EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
            EXECUTE format('DROP POLICY IF EXISTS tenant ON %s', target);
            EXECUTE format('CREATE POLICY tenant ON %s USING (organization_id = app_organization() OR app_is_system()) '
                'WITH CHECK (organization_id = app_organization() OR app_is_system())', target);
            CALL app_grant(target);
        END $body$;
        """

    /// Migration m001: what the planner makes of a table that background work reads too.
    ///
    /// The condition of m000, `organization_id = app_organization() OR app_is_system()`, is taken for true of one row in two hundred of
    /// the organization's, whatever the statement says beside it. So a page of a thousand contracts seemed to be of six, and all
    /// thousand were read and sorted rather than the first fifty taken from the index that has their order. A CASE says the same and
    /// is taken for true of every second row.
    static let systemPolicies = Migration("m001-system-policies", Array(Bootstrap.systemPoliciesSQL.utf8))

    private static let systemPoliciesSQL = """
        CREATE OR REPLACE PROCEDURE app_protect_with_system(target regclass)
        LANGUAGE plpgsql AS $body$
        BEGIN
            CALL app_protect(target);
            EXECUTE format('ALTER POLICY tenant ON %s '
                'USING (CASE WHEN app_is_system() THEN true ELSE organization_id = app_organization() END) '
                'WITH CHECK (CASE WHEN app_is_system() THEN true ELSE organization_id = app_organization() END)', target);
        END $body$;

        -- Tables that are there already. Not by the procedure: it would grant again what a table's migration took away.
        DO $$
        DECLARE
            target regclass;
        BEGIN
            FOR target IN
                SELECT polrelid FROM pg_policy
                WHERE polname = 'tenant' AND pg_get_expr(polqual, polrelid) LIKE '% OR app_is_system()%'
            LOOP
                EXECUTE format('ALTER POLICY tenant ON %s '
                    'USING (CASE WHEN app_is_system() THEN true ELSE organization_id = app_organization() END) '
                    'WITH CHECK (CASE WHEN app_is_system() THEN true ELSE organization_id = app_organization() END)', target);
            END LOOP;
            ASSERT NOT EXISTS (SELECT FROM pg_policy WHERE pg_get_expr(polqual, polrelid) LIKE '% OR app_is_system()%'),
                'no table keeps the condition that misleads';
        END $$;
        """
}
