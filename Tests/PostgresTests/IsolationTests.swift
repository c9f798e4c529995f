internal import Testing
internal import Vocabulary

@testable internal import Postgres
@testable internal import TestKit

/// One tenant's rows are never read by another's request, whatever happens to the connections between them.
@Suite struct IsolationTests {
    private static let tenants = 25
    private static let owners: SQL = "SELECT organization_id, name FROM deal"

    /// Reads as each tenant in turn, with something that goes wrong in between, and checks whose rows came.
    private func interleave(
        _ database: Database,
        requests: Int = 1_000,
        toleratingFailures: Bool = false,
        disturbance: @escaping @Sendable (Int) async throws -> Void = { _ in }
    ) async throws {
        let answered = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<requests {
                let organization = Fixture.organization((number * 7 + number / 11) % Self.tenants)
                group.addTask {
                    try await disturbance(number)
                    do {
                        let rows = try await database.read(.organization(organization), Self.owners)
                        #expect(rows.count == 1)
                        for row in rows { #expect(try row.uuid("organization_id") == organization) }
                        return true
                    } catch let failure as SQLFault {
                        #expect(toleratingFailures, "\(failure)")
                        return false
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(answered > 0)
    }

    private func withTenants(
        connections: Int,
        _ body: (TestServer.Clone) async throws -> Void
    ) async throws {
        try await TestServer.shared.withClone(
            Fixture.migrations,
            configuration: tuned { $0.readConnections = connections }
        ) {
            clone in
            for number in 0..<Self.tenants {
                try await Fixture.add(deal: "deal of \(number)", to: Fixture.organization(number), in: clone.database)
            }
            try await body(clone)
        }
    }

    @Test(arguments: [1, 3])
    func aThousandInterleavedRequests(_ connections: Int) async throws {
        try await self.withTenants(connections: connections) { try await self.interleave($0.database) }
    }

    @Test(arguments: [1, 3])
    func amongFailingStatementsOfOtherTenants(_ connections: Int) async throws {
        try await self.withTenants(connections: connections) { clone in
            try await self.interleave(clone.database) { number in
                guard number % 3 == 0 else { return }
                let other = TenantScope.organization(Fixture.organization(number % Self.tenants))
                let failure = await fault {
                    _ = try await clone.database.read(other, "SELECT 1 / (count(*) - 1) FROM deal")
                }
                #expect(failure?.state == "22012")
            }
        }
    }

    @Test func amongCancelledRequests() async throws {
        try await self.withTenants(connections: 1) { clone in
            try await self.interleave(clone.database) { number in
                guard number % 3 == 0 else { return }
                let other = TenantScope.organization(Fixture.organization(number % Self.tenants))
                let read = Task { _ = try await clone.database.read(other, Self.owners) }
                read.cancel()
                _ = await read.result
            }
        }
    }

    @Test func amongStatementsCancelledByTheServer() async throws {
        let cancel = """
            SELECT pg_cancel_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'test'
            """
        try await self.withTenants(connections: 2) { clone in
            try await self.interleave(clone.database, requests: 2_000, toleratingFailures: true) { number in
                if number % 100 == 0 { try await clone.execute(cancel) }
            }
            try await self.interleave(clone.database, requests: 200)
        }
    }

    @Test func amongLostConnections() async throws {
        let terminate = """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'test'
            """
        try await self.withTenants(connections: 2) { clone in
            try await self.interleave(clone.database, requests: 2_000, toleratingFailures: true) { number in
                if number % 500 == 250 { try await clone.execute(terminate) }
            }
            try await self.interleave(clone.database, requests: 200)
        }
    }

    // MARK: Row-level security, each case alone

    @Test func withoutAScopeThereAreNoRows() async throws {
        try await self.withTenants(connections: 1) { clone in
            try await PostgresScript.run(
                "DO $$ BEGIN ASSERT (SELECT count(*) = 0 FROM deal); END $$",
                url: clone.serviceURL
            )
        }
    }

    @Test func aRowOfAnotherTenantCannotBeWritten() async throws {
        try await self.withTenants(connections: 1) { clone in
            let (mine, other) = (Fixture.organization(1), Fixture.organization(2))
            let failure = await fault {
                _ = try await clone.database.transaction(.organization(mine)) { tx in
                    try tx.query(Fixture.insertDeal, [.uuid(other), .uuid(.random()), .text("planted")])
                }
            }
            #expect(failure?.state == "42501")
            let changed = try await clone.database.transaction(.organization(mine)) { tx in
                try tx.query("UPDATE deal SET name = 'taken' WHERE organization_id = $1", [.uuid(other)]).affected
            }
            #expect(changed == 0)
        }
    }

    @Test func theScopeOfATransactionEndsWithIt() async throws {
        try await TestServer.shared.withDatabase(
            Fixture.migrations,
            configuration: tuned { $0.transactionConnections = 1 }
        ) {
            database in
            let setting: SQL = "SELECT current_setting('app.organization_id', true) AS id, app_is_system() AS system"
            let isSystem = try await database.transaction(.system) { tx in try tx.query(setting)[0].bool("system") }
            #expect(isSystem)
            let id = try await database.transaction(.organization(Fixture.organization(3))) { tx in
                #expect(try !tx.query(setting)[0].bool("system"))
                return try tx.query(setting)[0].uuid("id")
            }
            #expect(id == Fixture.organization(3))
        }
    }

    @Test func theOwnerIsBoundToo() async throws {
        try await self.withTenants(connections: 1) { clone in
            try await PostgresScript.run(
                "DO $$ BEGIN ASSERT (SELECT count(*) = 0 FROM deal); END $$",
                url: clone.ownerURL
            )
        }
    }

    @Test func onlyTablesThatSaySoShowTheirRowsToTheSystem() async throws {
        try await self.withTenants(connections: 1) { clone in
            let insert: SQL = "INSERT INTO ticket (organization_id, id) VALUES ($1, $2)"
            for number in 1...2 {
                let organization = Fixture.organization(number)
                try await clone.database.transaction(.organization(organization)) { tx in
                    try tx.queue(insert, [.uuid(organization), .uuid(.random())])
                }
            }
            #expect(try await clone.database.read(.system, "SELECT * FROM ticket").count == 2)
            #expect(try await clone.database.read(.system, "SELECT * FROM deal").isEmpty)
            #expect(
                try await clone.database.read(.organization(Fixture.organization(1)), "SELECT * FROM ticket").count == 1
            )
        }
    }
}
