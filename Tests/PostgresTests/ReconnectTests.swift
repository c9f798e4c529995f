internal import Testing
internal import Vocabulary

@testable internal import Postgres
@testable internal import TestKit

/// On a server of its own, which the tests stop and start.
@Suite struct ReconnectTests {
    private let one = TenantScope.organization(Fixture.organization(1))

    private func withServer(
        acquireTimeoutMilliseconds: Int = 5_000,
        _ body: (ServerProcess, Database) async throws -> Void
    ) async throws {
        let server = try ServerProcess(under: TestServer.folder)
        defer { server.remove() }
        var configuration = TestServer.configuration
        configuration.url = server.url(database: "postgres")
        configuration.acquireTimeoutMilliseconds = acquireTimeoutMilliseconds
        let database = Database(configuration)
        try await database.start()
        do {
            try await body(server, database)
        } catch {
            await database.shutdown()
            throw error
        }
        await database.shutdown()
    }

    @Test func aRestartOfTheServerIsSurvived() async throws {
        try await self.withServer(acquireTimeoutMilliseconds: 20_000) { server, database in
            for _ in 0..<2 {
                #expect(try await database.read(self.one, "SELECT 1 AS n")[0].int("n") == 1)
                server.stop()
                // Both wait while there is no server, and are answered by the next one.
                async let read = database.read(self.one, "SELECT 2 AS n")
                async let written = database.transaction(self.one) { tx in try tx.query("SELECT 3 AS n")[0].int("n") }
                try server.start()
                #expect(try await read[0].int("n") == 2)
                #expect(try await written == 3)
            }
            #expect(database.state.isReady)
        }
    }

    @Test func withoutAServerARequestFailsAsNotConnected() async throws {
        try await self.withServer(acquireTimeoutMilliseconds: 150) { server, database in
            server.stop()
            #expect(await fault { _ = try await database.read(self.one, "SELECT 1") }?.kind == .connection)
            let failure = await fault {
                _ = try await database.transaction(self.one) { tx in try tx.query("SELECT 1") }
            }
            #expect(failure?.kind == .connection)
            #expect(failure?.isTransient == true)
            #expect(!database.state.isReady)
        }
    }

    @Test func aStartWithoutAServerSaysWhy() async throws {
        var configuration = DatabaseConfiguration(url: "postgresql://127.0.0.1:1/none")
        configuration.startTimeoutMilliseconds = 200
        let failure = await fault { _ = try await Database(configuration).start() }
        #expect(failure?.kind == .connection)
        #expect(failure?.message.contains("127.0.0.1") == true)
    }

    @Test func severalHostsAreTriedForOneThatWrites() async throws {
        let server = try ServerProcess(under: TestServer.folder)
        defer { server.remove() }
        let hosts = "127.0.0.1:1,127.0.0.1:\(server.port)"
        let url = "postgresql://postgres@\(hosts)/postgres?target_session_attrs=read-write"
        let database = Database(DatabaseConfiguration(url: url))
        try await database.start()
        #expect(try await database.read(self.one, "SELECT 1 AS n")[0].int("n") == 1)
        try await database.transaction(self.one) { tx in try tx.query("CREATE TEMPORARY TABLE t (n int)") }
        await database.shutdown()
    }

    @Test func aServerThatWasOvertakenIsRefusedForTheOneThatOvertookIt() async throws {
        let old = try ServerProcess(under: TestServer.folder)
        defer { old.remove() }
        let new = try ServerProcess(under: TestServer.folder)
        defer { new.remove() }
        // Which server answers, by its port.
        let asked: SQL = "SELECT current_setting('port')::int AS port"
        new.stop()
        var configuration = TestServer.configuration
        let hosts = "127.0.0.1:\(old.port),127.0.0.1:\(new.port)"
        configuration.url = "postgresql://postgres@\(hosts)/postgres?target_session_attrs=read-write"
        configuration.acquireTimeoutMilliseconds = 20_000
        let database = Database(configuration)
        try await database.start()
        #expect(try await database.read(self.one, asked)[0].int("port") == Int64(old.port))
        // The failover, and the old primary comes back: it is first in the list and lets everybody write.
        old.stop()
        try new.startPromoted()
        #expect(try await database.read(self.one, asked)[0].int("port") == Int64(new.port))
        try old.start()
        for _ in 0..<3 {
            new.stop()
            try new.start()
            #expect(try await database.read(self.one, asked)[0].int("port") == Int64(new.port))
            let written = try await database.transaction(self.one) { tx in try tx.query(asked)[0].int("port") }
            #expect(written == Int64(new.port))
        }
        await database.shutdown()
    }

    @Test func aNewerTimelineEndsTheConnectionsToTheOlder() async throws {
        try await self.withServer { _, database in
            let (first, second, standby) = (
                try await database.read(self.one, "SELECT 1 AS timeline"),
                try await database.read(self.one, "SELECT 2 AS timeline"),
                try await database.read(self.one, "SELECT 0 AS timeline")
            )
            let health = Health()
            try health.admit(timelineOf: first, turned: 0)
            #expect(health.generation == 0)
            try health.admit(timelineOf: second, turned: 0)
            #expect(health.generation == 1 && health.turns == 0)
            // Attempts that were on their way together turn the hosts once.
            for _ in 0..<2 { #expect(throws: SQLFault.self) { try health.admit(timelineOf: first, turned: 0) } }
            #expect(health.turns == 1)
            try health.admit(timelineOf: standby, turned: 1)
            try health.admit(timelineOf: second, turned: 1)
            #expect(health.generation == 1 && health.turns == 1)
        }
    }

    @Test(arguments: [
        (0, "a,b,c", "1,2,3"), (1, "b,c,a", "2,3,1"), (2, "c,a,b", "3,1,2"), (3, "a,b,c", "1,2,3"),
        (7, "b,c,a", "2,3,1"),
    ])
    func hostsAndTheirPortsAreTurnedTogether(places: Int, host: String, port: String) {
        let order = HostOrder(["host": "a,b,c", "port": "1,2,3"])
        #expect(order.turned(by: places).lists == ["host": host, "port": port])
        #expect(HostOrder(["host": "a,b", "port": "5432"]).turned(by: 1).lists == ["host": "b,a", "port": "5432"])
        #expect(HostOrder([:]).turned(by: places).lists.isEmpty)
    }
}
