internal import Synchronization
internal import Testing
internal import Vocabulary

@testable internal import Postgres
@testable internal import TestKit

/// What a transaction knows when its connection is gone.
@Suite struct LostConnectionTests {
    private let organization = Fixture.organization(1)
    private var one: TenantScope { .organization(self.organization) }

    private func deals(_ database: Database) async throws -> Int64 {
        try await database.read(self.one, Fixture.countDeals)[0].int("count")
    }

    private func values(_ name: String) -> [SQLValue] {
        [.uuid(self.organization), .uuid(.random()), .text(name)]
    }

    private static let killAtCommit = """
        CREATE FUNCTION kill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER kill AFTER INSERT ON deal DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION kill();
        """

    @Test func aConnectionLostWithTheCommitLeavesTheOutcomeUnknown() async throws {
        try await TestServer.shared.withClone(Fixture.migrations) { clone in
            try await clone.execute(Self.killAtCommit)
            let ran = Mutex(false)
            let failure = await fault {
                _ = try await clone.database.transaction(self.one) { tx in
                    tx.afterCommit { ran.withLock { $0 = true } }
                    try tx.query(Fixture.insertDeal, self.values("a"))
                }
            }
            #expect(failure?.kind == .outcomeUnknown)
            #expect(failure?.isTransient == false)
            #expect(!ran.withLock { $0 })
            #expect(try await self.deals(clone.database) == 0)
            try await clone.database.transaction(self.one) { tx in try tx.query(Fixture.countDeals) }
        }
    }

    @Test func aConnectionLostBeforeTheCommitIsOnlyALostConnection() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let failure = await fault {
                _ = try await database.transaction(self.one) { tx in
                    try tx.query("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
            #expect(failure?.isTransient == true)
            #expect(failure?.kind != .outcomeUnknown)
            try await Fixture.add(deal: "after", to: self.organization, in: database)
        }
    }

    @Test func aConnectionThatDiedWhileIdleIsReplacedBeforeItIsUsed() async throws {
        let terminate = """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'test'
            """
        try await TestServer.shared.withClone(Fixture.migrations) { clone in
            for number in 0..<5 {
                try await clone.execute(terminate)
                try await Fixture.add(deal: "deal \(number)", to: self.organization, in: clone.database)
            }
            #expect(try await self.deals(clone.database) == 5)
        }
    }
}
