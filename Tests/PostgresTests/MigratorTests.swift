internal import Testing
internal import Vocabulary

@testable internal import Postgres
@testable internal import TestKit

@Suite struct MigratorTests {
    private let table = Migration("t-001", Array("CREATE TABLE t (n int); INSERT INTO t VALUES (1);".utf8))

    private func migrate(_ clone: TestServer.Clone, _ migrations: [Migration]) async throws -> [String] {
        try await Migrator.migrate(url: clone.ownerURL, migrations: migrations, serviceRole: "crm")
    }

    @Test func eachMigrationIsAppliedOnce() async throws {
        try await TestServer.shared.withClone([]) { clone in
            #expect(try await self.migrate(clone, [self.table]) == ["t-001"])
            #expect(try await self.migrate(clone, [self.table]).isEmpty)
            let second = Migration("t-002", Array("CALL app_grant('t')".utf8))
            #expect(try await self.migrate(clone, [self.table, second]) == ["t-002"])
            #expect(try await clone.database.read(.system, "SELECT n FROM t").count == 1)
            try await Migrator.verify(clone.database, migrations: [self.table, second])
        }
    }

    @Test func twoAtATimeWaitForEachOther() async throws {
        try await TestServer.shared.withClone([]) { clone in
            async let first = self.migrate(clone, [self.table])
            async let second = self.migrate(clone, [self.table])
            let found = try await first + second
            #expect(found == ["t-001"])
        }
    }

    @Test func anEditedMigrationIsRefused() async throws {
        try await TestServer.shared.withClone([self.table]) { clone in
            let edited = Migration("t-001", Array("CREATE TABLE t (n bigint)".utf8))
            let failure = await #expect(throws: MigrationFault.self) { try await self.migrate(clone, [edited]) }
            #expect(failure?.migration == "t-001")
            #expect(failure?.reason.contains("other contents") == true)
        }
    }

    @Test func aFailedAssertionUndoesItsMigrationAndKeepsTheOnesBefore() async throws {
        let failing = Migration(
            "t-002",
            Array("INSERT INTO t VALUES (2); DO $$ BEGIN ASSERT (SELECT count(*) = 9 FROM t), 'nine rows'; END $$".utf8)
        )
        let grant = Migration("t-003", Array("CALL app_grant('t')".utf8))
        try await TestServer.shared.withClone([]) { clone in
            let failure = await #expect(throws: MigrationFault.self) {
                try await self.migrate(clone, [self.table, failing])
            }
            #expect(failure?.migration == "t-002")
            #expect(failure?.reason.contains("nine rows") == true)
            let found = try await self.migrate(clone, [self.table, grant])
            #expect(found == ["t-003"])
            let rows = try await clone.database.read(.system, "SELECT n FROM t")
            #expect(rows.count == 1)
        }
    }

    @Test func aMigrationThatEndsItsOwnTransactionIsRefused() async throws {
        let committing = Migration("t-001", Array("CREATE TABLE t (n int); COMMIT;".utf8))
        try await TestServer.shared.withClone([]) { clone in
            let failure = await #expect(throws: MigrationFault.self) { try await self.migrate(clone, [committing]) }
            #expect(failure?.reason.contains("COMMIT") == true)
        }
    }

    @Test func twoMigrationsOfOneNameAreRefused() async throws {
        try await TestServer.shared.withClone([]) { clone in
            await #expect(throws: MigrationFault.self) { try await self.migrate(clone, [self.table, self.table]) }
        }
    }

    /// As every database of before it was: the table has the condition that the planner takes for nearly never true.
    @Test func aTableOfBeforeGetsTheConditionThatDoesNotMislead() async throws {
        try await TestServer.shared.withClone(Fixture.migrations) { clone in
            let condition: SQL =
                "SELECT count(*) AS found FROM pg_policies WHERE tablename = 'ticket' AND qual LIKE '%CASE%' AND with_check LIKE '%CASE%'"
            try await clone.execute(
                """
                ALTER POLICY tenant ON ticket USING (organization_id = app_organization() OR app_is_system())
                    WITH CHECK (organization_id = app_organization() OR app_is_system());
                REVOKE DELETE ON ticket FROM crm;
                DELETE FROM schema_migration WHERE name = 'm001-system-policies';
                """
            )
            #expect(try await clone.database.read(.system, condition)[0].int("found") == 0)
            #expect(try await self.migrate(clone, Fixture.migrations) == ["m001-system-policies"])
            #expect(try await clone.database.read(.system, condition)[0].int("found") == 1)
            let granted = try await clone.database.read(
                .system,
                "SELECT has_table_privilege('ticket', 'DELETE') AS granted"
            )
            #expect(try granted[0].bool("granted") == false, "what a table's migration took away stays away")
        }
    }

    @Test func aSoundDatabasePasses() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            try await Migrator.verify(database, migrations: Fixture.migrations)
        }
    }

    @Test func everyProblemIsListedAtOnce() async throws {
        try await TestServer.shared.withClone([Fixture.deal], service: "unsound") { clone in
            try await clone.execute(
                """
                CREATE TABLE bare (organization_id uuid);
                CREATE TABLE half (organization_id uuid);
                ALTER TABLE half ENABLE ROW LEVEL SECURITY;
                CREATE TABLE owned (n int);
                ALTER TABLE owned OWNER TO unsound;
                CREATE VIEW leak AS SELECT * FROM deal;
                CREATE VIEW sound WITH (security_invoker = true) AS SELECT * FROM deal;
                CREATE FUNCTION definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
                CREATE FUNCTION pinned() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT 1';
                UPDATE schema_migration SET sha256 = 'edited' WHERE name = 'test-001-deal';
                """
            )
            let failure = await #expect(throws: VerificationFault.self) {
                try await Migrator.verify(clone.database, migrations: Fixture.migrations)
            }
            #expect(
                failure?.problems == [
                    "role unsound owns owned",
                    "table bare has organization_id but lacks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, a policy",
                    "table half has organization_id but lacks FORCE ROW LEVEL SECURITY, a policy",
                    "view leak runs with its owner's rights: it lacks security_invoker",
                    "function definer() is SECURITY DEFINER without a pinned search_path",
                    "migration test-001-deal was applied with other contents",
                    "migration test-002-ticket is missing",
                ]
            )
        }
    }

    @Test func aRoleThatNothingBindsIsRefused() async throws {
        try await TestServer.shared.withClone(Fixture.migrations) { clone in
            var configuration = DatabaseConfiguration(url: clone.adminURL)
            configuration.readConnections = 1
            configuration.transactionConnections = 1
            let database = Database(configuration)
            try await database.start()
            let failure = await #expect(throws: VerificationFault.self) {
                try await Migrator.verify(database, migrations: Fixture.migrations)
            }
            #expect(failure?.problems.contains { $0.contains("superuser or bypasses") } == true)
            await database.shutdown()
        }
    }
}
