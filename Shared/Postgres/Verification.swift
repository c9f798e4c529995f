/// Everything that is wrong with a database or a role, found before the service answers anybody.
public struct VerificationFault: Error, Sendable, Hashable, CustomStringConvertible {
    public let problems: [String]

    public var description: String { self.problems.joined(separator: "; ") }
}

extension Migrator {
    /// Refuses a role that row-level security does not bind, a tenant's table without it, or a missing migration.
    ///
    /// Throws ``VerificationFault`` with every problem at once.
    public static func verify(_ database: Database, migrations: [Migration]) async throws {
        var problems: [String] = []
        for check in Self.checks {
            for row in try await database.read(.system, check) {
                problems.append(try row.text("problem"))
            }
        }
        problems += try await Self.missing(self.complete(migrations), database)
        guard problems.isEmpty else { throw VerificationFault(problems: problems) }
    }

    private static func missing(_ migrations: [Migration], _ database: Database) async throws -> [String] {
        let exists = try await database.read(.system, "SELECT to_regclass('schema_migration') IS NOT NULL AS found")
        guard try exists.first?.bool("found") == true else { return ["the database has never been migrated"] }
        var applied: [String: String] = [:]
        for row in try await database.read(.system, "SELECT name, sha256 FROM schema_migration") {
            applied[try row.text("name")] = try row.text("sha256")
        }
        return migrations.compactMap { migration in
            guard let hash = applied[migration.name] else { return "migration \(migration.name) is missing" }
            return hash == Self.hash(of: migration)
                ? nil : "migration \(migration.name) was applied with other contents"
        }
    }

    private static let checks: [SQL] = [roles, ownership, tables, views, functions]

    private static let roles: SQL = """
        SELECT 'role ' || rolname || ' is a superuser or bypasses row-level security' AS problem
        FROM pg_roles
        WHERE (rolsuper OR rolbypassrls)
            AND (rolname IN (current_user, session_user) OR pg_has_role(session_user, oid, 'MEMBER'))
        ORDER BY 1
        """

    private static let ownership: SQL = """
        SELECT 'role ' || session_user || ' owns ' || c.oid::regclass::text AS problem
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND pg_has_role(session_user, c.relowner, 'MEMBER')
        UNION ALL
        SELECT 'role ' || session_user || ' owns function ' || p.oid::regprocedure::text
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
            AND pg_has_role(session_user, p.proowner, 'MEMBER')
        UNION ALL
        SELECT 'role ' || session_user || ' may create objects in schema public'
        WHERE has_schema_privilege(session_user, 'public', 'CREATE')
        ORDER BY 1
        """

    /// A partition is reached through its parent, under the parent's policies, as long as nothing is granted on it.
    private static let tables: SQL = """
        SELECT 'table ' || c.oid::regclass::text || ' has organization_id but lacks '
            || concat_ws(', ',
                CASE WHEN NOT c.relrowsecurity THEN 'ENABLE ROW LEVEL SECURITY' END,
                CASE WHEN NOT c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END,
                CASE WHEN NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) THEN 'a policy' END)
            AS problem
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
            AND NOT (c.relispartition AND NOT has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'))
            AND NOT (c.relrowsecurity AND c.relforcerowsecurity
                AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
        ORDER BY 1
        """

    private static let views: SQL = """
        SELECT 'view ' || c.oid::regclass::text || ' runs with its owner''s rights: it lacks security_invoker' AS problem
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'v' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
            AND NOT coalesce((SELECT option_value::boolean FROM pg_options_to_table(c.reloptions)
                WHERE option_name = 'security_invoker'), false)
        UNION ALL
        SELECT 'materialized view ' || c.oid::regclass::text || ' shows rows of every organization'
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
        WHERE c.relkind = 'm' AND n.nspname NOT LIKE 'pg\\_%' AND has_table_privilege(c.oid, 'SELECT')
        ORDER BY 1
        """

    private static let functions: SQL = """
        SELECT 'function ' || p.oid::regprocedure::text || ' is SECURITY DEFINER without a pinned search_path' AS problem
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%')
        ORDER BY 1
        """
}
