internal import Testing
internal import Vocabulary

@testable internal import Postgres
@testable internal import TestKit

@Suite struct ReadTests {
    private let one = TenantScope.organization(Fixture.organization(1))

    @Test func everyKindOfValueComesBackAsItWent() async throws {
        let instant = try #require(Instant("2026-11-22T23:54:34.120000Z"))
        let date = try #require(LocalDate("2024-02-29"))
        let id = Identifier.random()
        let texts = ["plain", "", "NULL", "a,b", "{}", #"quote " and \ slash"#, "ž日"]
        try await TestServer.shared.withDatabase([]) { database in
            let sql: SQL = """
                SELECT $1::text AS null, $2::text AS text, $3::bigint AS int, $4::boolean AS bool, $5::uuid AS uuid,
                    $6::timestamptz AS instant, $7::date AS date, $8::jsonb->>'a' AS json, $9::bytea AS bytes,
                    ($10::uuid[])[2] AS uuid2, array_to_string($11::text[], '|') AS texts, ($12::bigint[])[1] AS int1,
                    ($10::uuid[])[1] = $5::uuid AS same
                """
            let values: [SQLValue] = [
                .null, .text("it's"), .int(.min), .bool(true), .uuid(id), .instant(instant), .date(date),
                .json(Array(#"{"a":"b"}"#.utf8)), .bytes([0, 1, 0xFE]), .uuids([id, .init(high: 1, low: 2)]),
                .texts(texts), .ints([-7]),
            ]
            let row = try #require(try await database.read(self.one, sql, values).first)
            #expect(try row.textOrNil("null") == nil)
            #expect(try row.isNull("null"))
            #expect(try row.text("text") == "it's")
            #expect(try row.int("int") == .min)
            #expect(try row.bool("bool"))
            #expect(try row.bool("same"))
            #expect(try row.uuid("uuid") == id)
            #expect(try row.instant("instant") == instant)
            #expect(try row.date("date") == date)
            #expect(try row.text("json") == "b")
            #expect(try row.bytes("json") == Array("b".utf8))
            #expect(try row.binary("bytes") == [0, 1, 0xFE])
            #expect(try row.uuid("uuid2") == Identifier(high: 1, low: 2))
            #expect(try row.text("texts") == texts.joined(separator: "|"))
            #expect(try row.int("int1") == -7)
        }
    }

    @Test func aColumnThatIsNotThereOrNotOfItsTypeIsNamed() async throws {
        try await TestServer.shared.withDatabase([]) { database in
            let row = try #require(
                try await database.read(self.one, "SELECT 'x' AS a, NULL AS b, '9'::text AS c").first
            )
            #expect(throws: SQLFault(.decode, "column a is not an integer")) { try row.int("a") }
            #expect(throws: SQLFault(.decode, "column b is null")) { try row.text("b") }
            #expect(throws: SQLFault.self) { try row.text("d") }
            #expect(try row.int("c") == 9)
            #expect(throws: SQLFault.self) { try row.uuid("c") }
            #expect(throws: SQLFault.self) { try row.date("c") }
            #expect(throws: SQLFault.self) { try row.instant("c") }
            #expect(throws: SQLFault.self) { try row.bool("c") }
            #expect(throws: SQLFault.self) { try row.binary("c") }
        }
    }

    @Test func manyReadsShareAPipelineAndEachGetsItsOwnAnswer() async throws {
        try await TestServer.shared.withDatabase([], configuration: tuned { $0.readConnections = 1 }) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 as Range<Int64> {
                    group.addTask {
                        let sql: SQL = number % 3 == 0 ? "SELECT $1::bigint AS n" : "SELECT $1::bigint + 0 AS n"
                        let rows = try await database.read(self.one, sql, [.int(number)])
                        #expect(try rows[0].int("n") == number)
                    }
                }
                try await group.waitForAll()
            }
            // Figures are published once a turn, so that the next request sees those of all before it.
            _ = try await database.read(self.one, "SELECT 1")
            let state = database.state
            #expect(state.reads.completedTotal >= 500)
            #expect(state.isReady)
        }
    }

    @Test func anErrorEndsItsOwnRequestOnly() async throws {
        try await TestServer.shared.withDatabase([], configuration: tuned { $0.readConnections = 1 }) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 as Range<Int64> {
                    group.addTask {
                        let values: [SQLValue] = [.int(number), .int(number % 4)]
                        if number % 4 == 0 {
                            let failure = await fault {
                                _ = try await database.read(self.one, "SELECT $1::bigint / $2::bigint AS n", values)
                            }
                            #expect(failure?.state == "22012")
                        } else {
                            let rows = try await database.read(self.one, "SELECT $1::bigint / $2::bigint AS n", values)
                            #expect(try rows[0].int("n") == number / (number % 4))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aStatementThatCannotBePreparedFailsEveryTimeTheSame() async throws {
        try await TestServer.shared.withDatabase([], configuration: tuned { $0.readConnections = 1 }) { database in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let failure = await fault {
                            _ = try await database.read(self.one, "SELECT nothing FROM nowhere")
                        }
                        #expect(failure?.state == "42P01")
                        #expect(failure?.kind == .server)
                    }
                }
            }
            let found = try await database.read(self.one, "SELECT 1 AS n")[0].int("n")
            #expect(found == 1)
        }
    }

    @Test func moreStatementsThanTheCacheHoldsAreDeallocated() async throws {
        let configuration = tuned {
            $0.readConnections = 1
            $0.statementCacheMax = 3
        }
        try await TestServer.shared.withDatabase([], configuration: configuration) { database in
            let all: [SQL] = ["SELECT 1 AS n", "SELECT 2 AS n", "SELECT 3 AS n", "SELECT 4 AS n", "SELECT 5 AS n"]
            for _ in 0..<4 {
                for (index, sql) in all.enumerated() {
                    let found = try await database.read(self.one, sql)[0].int("n")
                    #expect(found == Int64(index + 1))
                }
            }
            let count: SQL = "SELECT count(*) AS n FROM pg_prepared_statements WHERE name LIKE 's%\\_%'"
            let found = try await database.read(self.one, count)[0].int("n")
            #expect(found <= 3)
        }
    }

    @Test func aPlanMadeStaleByAMigrationIsMadeAgain() async throws {
        try await TestServer.shared.withClone([Fixture.deal], configuration: tuned { $0.readConnections = 1 }) {
            clone in
            let sql: SQL = "SELECT * FROM deal"
            #expect(try await clone.database.read(self.one, sql).columnCount == 5)
            try await clone.execute("ALTER TABLE deal ADD COLUMN note text")
            #expect(try await clone.database.read(self.one, sql).columnNames.last == "note")
        }
    }

    @Test func aReadCannotWriteAndItsConnectionStays() async throws {
        let configuration = tuned { $0.readConnections = 1 }
        try await TestServer.shared.withDatabase(Fixture.migrations, configuration: configuration) { database in
            let organization = Fixture.organization(1)
            let values: [SQLValue] = [.uuid(organization), .uuid(.random()), .text("x")]
            let process = try await database.read(self.one, "SELECT pg_backend_pid() AS pid")[0].int("pid")
            let failure = await fault { _ = try await database.read(self.one, Fixture.insertDeal, values) }
            #expect(failure?.state == "25006")
            #expect(try await database.read(self.one, "SELECT pg_backend_pid() AS pid")[0].int("pid") == process)
        }
    }

    @Test func aDeadlineEndsASlowReadAndNotTheOnesBehindIt() async throws {
        try await TestServer.shared.withDatabase([], configuration: tuned { $0.readConnections = 1 }) { database in
            async let slow = fault {
                let deadline = Instant.system().adding(microseconds: 100_000)
                _ = try await database.read(self.one, "SELECT pg_sleep(8)", deadline: deadline)
            }
            async let behind = database.read(self.one, "SELECT 7 AS n")
            #expect(await slow?.kind == .deadline)
            let found = try await behind[0].int("n")
            #expect(found == 7)
        }
    }

    @Test func aCancelledReadReturnsAtOnceAndItsAnswerReachesNobody() async throws {
        try await TestServer.shared.withDatabase([], configuration: tuned { $0.readConnections = 1 }) { database in
            let slow = Task { await fault { _ = try await database.read(self.one, "SELECT pg_sleep(0.2), 1 AS n") } }
            slow.cancel()
            #expect(await slow.value?.kind == .cancelled)
            let found = try await database.read(self.one, "SELECT 2 AS n")[0].int("n")
            #expect(found == 2)
        }
    }

    @Test func aCancelledReadThatIsStillQueuedIsNeverSent() async throws {
        let configuration = tuned {
            $0.readConnections = 1
            $0.pipelineDepthMax = 1
        }
        try await TestServer.shared.withDatabase([], configuration: configuration) { database in
            let slow = Task { await fault { _ = try await database.read(self.one, "SELECT pg_sleep(0.3)") } }
            try await eventually("the connection is busy") { database.state.reads.busy > 0 }
            let queued = Task { await fault { _ = try await database.read(self.one, "SELECT 'unsent'") } }
            try await eventually("the second read waits") { database.state.reads.waiting > 0 }
            queued.cancel()
            #expect(await queued.value?.kind == .cancelled)
            #expect(await slow.value == nil)
            // What is sent is prepared, on the only connection there is.
            let prepared = try await database.read(self.one, "SELECT statement FROM pg_prepared_statements")
            let statements = try prepared.map { try $0.text("statement") }
            #expect(statements.contains("SELECT pg_sleep(0.3)") && !statements.contains("SELECT 'unsent'"))
        }
    }

    @Test func aLargeAnswerArrivesWhole() async throws {
        try await TestServer.shared.withDatabase([]) { database in
            let rows = try await database.read(self.one, "SELECT repeat('x', 1000) AS t FROM generate_series(1, 5000)")
            #expect(rows.count == 5_000)
            #expect(try rows.allSatisfy { try $0.text("t").utf8.count == 1_000 })
            let long = String(repeating: "ž", count: 2_000_000)
            #expect(
                try await database.read(self.one, "SELECT length($1::text) AS n", [.text(long)])[0].int("n")
                    == 2_000_000
            )
        }
    }

    @Test func nothingIsReadBeforeTheStartOrAfterTheEnd() async throws {
        let database = Database(DatabaseConfiguration(url: "postgresql://127.0.0.1:1/none"))
        #expect(await fault { _ = try await database.read(self.one, "SELECT 1") }?.kind == .connection)
        #expect(await fault { try await database.transaction(self.one) { _ in } }?.kind == .connection)
        await database.shutdown()
    }
}
