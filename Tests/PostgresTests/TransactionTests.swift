internal import Dispatch
internal import Synchronization
internal import Testing
internal import Vocabulary

@testable internal import Postgres
@testable internal import TestKit

@Suite struct TransactionTests {
    private let organization = Fixture.organization(1)
    private var one: TenantScope { .organization(self.organization) }

    private struct Refusal: Error {}

    private func deals(_ database: Database) async throws -> Int64 {
        try await database.read(self.one, Fixture.countDeals)[0].int("count")
    }

    private func values(_ name: String) -> [SQLValue] {
        [.uuid(self.organization), .uuid(.random()), .text(name)]
    }

    @Test func whatIsQueuedIsCommittedTogether() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let count = try await database.transaction(self.one) { tx in
                try tx.queue(Fixture.insertDeal, self.values("a"), expecting: 1)
                try tx.queue(Fixture.insertDeal, self.values("b"))
                let count = try tx.query(Fixture.countDeals)[0].int("count")
                try tx.queue(Fixture.insertDeal, self.values("c"))
                return count
            }
            #expect(count == 2)
            #expect(try await self.deals(database) == 3)
        }
    }

    @Test func whatIsThrownRollsBackAndReachesTheCaller() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            await #expect(throws: Refusal.self) {
                try await database.transaction(self.one) { tx in
                    try tx.query(Fixture.insertDeal, self.values("a"))
                    throw Refusal()
                }
            }
            let found = try await self.deals(database)
            #expect(found == 0)
        }
    }

    @Test func aQueuedStatementsFailureSurfacesAtTheNextQuery() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let failure = await fault {
                _ = try await database.transaction(self.one) { tx in
                    try tx.queue(Fixture.insertDeal, self.values(""))
                    try tx.query(Fixture.countDeals)
                    Issue.record("the query must not succeed")
                }
            }
            #expect(failure?.state == "23514")
            #expect(failure?.constraint == "deal_name_not_empty")
        }
    }

    @Test func aQueuedStatementsFailureSurfacesAtTheCommit() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let failure = await fault {
                _ = try await database.transaction(self.one) { tx in
                    try tx.queue(Fixture.insertDeal, self.values("a"))
                    try tx.queue(Fixture.insertDeal, self.values(""))
                }
            }
            #expect(failure?.constraint == "deal_name_not_empty")
            #expect(try await self.deals(database) == 0)
            try await Fixture.add(deal: "after", to: self.organization, in: database)
            #expect(try await self.deals(database) == 1)
        }
    }

    @Test func anotherCountThanExpectedRollsBack() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let failure = await fault {
                _ = try await database.transaction(self.one) { tx in
                    try tx.queue(Fixture.insertDeal, self.values("a"))
                    try tx.queue("UPDATE deal SET amount = 1 WHERE id = $1", [.uuid(.random())], expecting: 1)
                }
            }
            #expect(failure?.kind == .expectation)
            let found = try await self.deals(database)
            #expect(found == 0)
        }
    }

    @Test func aSwallowedFailureCannotCommit() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let failure = await fault {
                _ = try await database.transaction(self.one) { tx in
                    try tx.query(Fixture.insertDeal, self.values("a"))
                    do throws(SQLFault) { try tx.query("SELECT 1 / 0") } catch {}
                }
            }
            #expect(failure?.state == "22012")
            let found = try await self.deals(database)
            #expect(found == 0)
        }
    }

    @Test func aSavepointUndoesOnlyItself() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            try await database.transaction(self.one) { tx in
                try tx.queue(Fixture.insertDeal, self.values("kept"))
                #expect(throws: SQLFault.self) {
                    try tx.savepoint {
                        try tx.queue(Fixture.insertDeal, self.values("undone"))
                        try tx.queue(Fixture.insertDeal, self.values(""))
                    }
                }
                #expect(throws: Refusal.self) {
                    try tx.savepoint {
                        try tx.query(Fixture.insertDeal, self.values("undone too"))
                        throw Refusal()
                    }
                }
                try tx.savepoint { try tx.queue(Fixture.insertDeal, self.values("kept too")) }
            }
            let names = try await database.read(self.one, "SELECT name FROM deal ORDER BY name").map {
                try $0.text("name")
            }
            #expect(names == ["kept", "kept too"])
        }
    }

    /// A savepoint goes out with the first statement behind it, so one that is left before is as if it had never been.
    @Test func savepointsThatWereNeverSentLeaveTheOthersAlone() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            try await database.transaction(self.one) { tx in
                try self.leave(tx)
                try? tx.savepoint {
                    try self.leave(tx)
                    try tx.query(Fixture.insertDeal, self.values("undone"))
                    throw Refusal()
                }
                try tx.savepoint {
                    try? tx.savepoint { _ = try tx.query(Fixture.insertDeal, self.values("")) }
                    try tx.query(Fixture.insertDeal, self.values("kept"))
                }
                try self.leave(tx)
                _ = try tx.savepoint { try tx.query(Fixture.insertDeal, self.values("kept too")) }
            }
            let names = try await database.read(self.one, "SELECT name FROM deal ORDER BY name").map {
                try $0.text("name")
            }
            #expect(names == ["kept", "kept too"])
        }
    }

    private func leave(_ tx: borrowing Transaction) throws {
        try? tx.savepoint { throw Refusal() }
        try tx.savepoint {}
    }

    @Test func actionsRunAfterACommitAndNeverOtherwise() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let ran = Mutex<[String]>([])
            try await database.transaction(self.one) { tx in
                tx.afterCommit { ran.withLock { $0.append("committed") } }
                try tx.queue(Fixture.insertDeal, self.values("a"))
                try? tx.savepoint {
                    tx.afterCommit { ran.withLock { $0.append("undone savepoint") } }
                    throw Refusal()
                }
            }
            try? await database.transaction(self.one) { tx in
                tx.afterCommit { ran.withLock { $0.append("failed commit") } }
                try tx.queue(Fixture.insertDeal, self.values(""))
            }
            try? await database.transaction(self.one) { tx in
                tx.afterCommit { ran.withLock { $0.append("thrown") } }
                throw Refusal()
            }
            #expect(ran.withLock { $0 } == ["committed"])
        }
    }

    @Test func aTransactionWithoutStatementsSendsNothing() async throws {
        try await TestServer.shared.withDatabase([]) { database in
            let found = try await database.transaction(self.one) { _ in 7 }
            #expect(found == 7)
        }
    }

    @Test func aThousandQueuedStatementsAreSentInParts() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            try await database.transaction(self.one) { tx in
                for number in 0..<1_300 { try tx.queue(Fixture.insertDeal, self.values("deal \(number)")) }
            }
            #expect(try await self.deals(database) == 1_300)
        }
    }

    @Test func whoWaitsTooLongForAConnectionIsTold() async throws {
        let configuration = tuned {
            $0.transactionConnections = 1
            $0.acquireTimeoutMilliseconds = 60
        }
        try await TestServer.shared.withDatabase([], configuration: configuration) { database in
            let release = DispatchSemaphore(value: 0)
            let (started, announce) = AsyncStream<Void>.makeStream()
            async let holder: Void = database.transaction(self.one) { _ in
                announce.finish()
                release.wait()
            }
            for await _ in started {}
            #expect(await fault { _ = try await database.transaction(self.one) { _ in } }?.kind == .poolExhausted)
            let waiting = Task { await fault { _ = try await database.transaction(self.one) { _ in } } }
            waiting.cancel()
            #expect(await waiting.value?.kind == .cancelled)
            release.signal()
            try await holder
            try await database.transaction(self.one) { _ in }
        }
    }

    @Test func aTransactionThatHasBegunIsNotCancelled() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let release = DispatchSemaphore(value: 0)
            let (started, announce) = AsyncStream<Void>.makeStream()
            let writing = Task {
                try await database.transaction(self.one) { tx in
                    try tx.query(Fixture.insertDeal, self.values("kept"))
                    announce.finish()
                    release.wait()
                }
            }
            for await _ in started {}
            writing.cancel()
            release.signal()
            _ = try await writing.value
            #expect(try await self.deals(database) == 1)
        }
    }

    @Test func aTransactionShowsItsTraceAndIsReported() async throws {
        let reported = Mutex<[DatabaseOperation]>([])
        let configuration = tuned {
            $0.readConnections = 1
            $0.transactionConnections = 1
            $0.trace = { "4bf92f3577b34da6a3ce929d0e0e4736" }
            $0.observe = { operation in reported.withLock { $0.append(operation) } }
        }
        let name: SQL = "SELECT current_setting('application_name') AS name"
        try await TestServer.shared.withDatabase(Fixture.migrations, configuration: configuration) { database in
            let during = try await database.transaction(self.one) { tx in try tx.query(name)[0].text("name") }
            #expect(during == "test 4bf92f3577b34da6a3ce929d0e0e4736")
            let shown: SQL = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE 'test 4bf9%'"
            #expect(try await database.read(self.one, shown)[0].int("n") == 0, "not after it has ended")
            #expect(try await database.read(self.one, name)[0].text("name") == "test")
            _ = await fault { _ = try await database.read(self.one, "SELECT 1 / 0 AS n") }
            let ended = reported.withLock { $0.suffix(4) }
            #expect(ended.map(\.kind) == [.transaction, .read, .read, .read])
            #expect(ended.map(\.outcome) == [.completed, .completed, .completed, .failed])
            #expect(ended.allSatisfy { $0.microseconds >= 0 })
        }
    }

    @Test func aDeadlineEndsASlowStatementAndItsConnection() async throws {
        try await TestServer.shared.withDatabase([], configuration: tuned { $0.transactionConnections = 1 }) {
            database in
            let failure = await fault {
                let deadline = Instant.system().adding(microseconds: 100_000)
                _ = try await database.transaction(self.one, deadline: deadline) { tx in
                    try tx.query("SELECT pg_sleep(8)")
                }
            }
            #expect(failure?.kind == .deadline)
            let found = try await database.transaction(self.one) { tx in try tx.query("SELECT 1 AS n")[0].int("n") }
            #expect(found == 1)
        }
    }

    @Test func moreStatementsThanTheCacheHoldsAreDeallocatedAmongFailures() async throws {
        let configuration = tuned {
            $0.transactionConnections = 1
            $0.statementCacheMax = 2
        }
        try await TestServer.shared.withDatabase(Fixture.migrations, configuration: configuration) { database in
            let all: [SQL] = ["SELECT 1 AS n", "SELECT 2 AS n", "SELECT 3 AS n", "SELECT 4 AS n"]
            for round in 0..<6 {
                let sum = try await database.transaction(self.one) { tx in
                    for sql in all { try tx.queue(sql) }
                    let failed = try? tx.savepoint { try tx.query("SELECT 1 / 0 AS n") }
                    #expect(failed == nil)
                    return try all.reduce(0) { try $0 + tx.query($1)[0].int("n") }
                }
                #expect(sum == 10)
                let failure = await fault {
                    _ = try await database.transaction(self.one) { tx in
                        try tx.queue(all[round % 4])
                        try tx.queue("SELECT nothing FROM nowhere")
                        try tx.queue(all[(round + 1) % 4])
                    }
                }
                #expect(failure?.state == "42P01")
            }
            let count: SQL = "SELECT count(*) AS n FROM pg_prepared_statements"
            let left = try await database.transaction(self.one) { tx in
                _ = try tx.query(count)
                return try tx.query(count)[0].int("n")
            }
            #expect(left <= 10)
        }
    }

    @Test func aWaitForALockIsBounded() async throws {
        let configuration = tuned { $0.lockTimeoutMilliseconds = 50 }
        try await TestServer.shared.withDatabase([], configuration: configuration) { database in
            let lock: SQL = "SELECT pg_advisory_xact_lock(1)"
            let release = DispatchSemaphore(value: 0)
            let (locked, announce) = AsyncStream<Void>.makeStream()
            async let holder: Void = database.transaction(self.one) { tx in
                try tx.query(lock)
                announce.finish()
                release.wait()
            }
            for await _ in locked {}
            let failure = await fault { _ = try await database.transaction(self.one) { tx in try tx.query(lock) } }
            #expect(failure?.state == "55P03")
            #expect(failure?.isTransient == true)
            release.signal()
            try await holder
        }
    }
}
