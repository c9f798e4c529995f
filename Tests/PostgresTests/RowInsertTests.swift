internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import Postgres

@Suite struct RowInsertTests {
    private let organization = Fixture.organization(1)
    private var one: TenantScope { .organization(self.organization) }
    private let deals = RowInsert(into: "deal", ["organization_id", "id", "name"])
    private let tickets = RowInsert(into: "ticket", ["organization_id", "id"])

    private func deal(_ name: String) -> [SQLValue] { [.uuid(self.organization), .uuid(.random()), .text(name)] }

    private func statement(_ insert: RowInsert, _ values: [SQLValue]) throws -> QueuedStatement {
        QueuedStatement(insert, try EncodedParameters(values))
    }

    private func names(_ database: Database) async throws -> [String] {
        try await database.read(self.one, "SELECT name FROM deal ORDER BY name").map { try $0.text("name") }
    }

    @Test func `Rows of one kind become one statement, values and NULLs in their places`() throws {
        var three = try self.statement(self.deals, [.int(1), .null, .text("a")])
        for row: [SQLValue] in [[.null, .int(2), .text("b")], [.int(3), .text("c"), .null]] {
            let isTaken = try three.takeIn(self.statement(self.deals, row))
            #expect(isTaken)
        }
        #expect(
            three.sql.text
                == "INSERT INTO deal (organization_id, id, name) VALUES ($1, $2, $3), ($4, $5, $6), ($7, $8, $9)"
        )
        let texts = (0..<three.parameters.count).map { index in
            three.parameters.withText(of: index) { $0.map { String(decoding: $0, as: UTF8.self) } }
        }
        #expect(texts == ["1", nil, "a", nil, "2", "b", "3", "c", nil])
    }

    @Test func `Another statement is not taken in, nor one row more than there is room for`() throws {
        var full = try self.statement(self.deals, self.deal("a"))
        let others = [
            try self.statement(self.tickets, [.uuid(self.organization), .uuid(.random())]),
            try self.statement(RowInsert(into: "deal", ["organization_id", "id", "name"]), self.deal("b")),
            QueuedStatement(Fixture.insertDeal, try EncodedParameters(self.deal("c"))), .command("COMMIT"),
        ]
        for other in others {
            let isTaken = full.takeIn(other)
            #expect(!isTaken)
            var other = other
            let takes = try other.takeIn(self.statement(self.deals, self.deal("d")))
            #expect(!takes)
        }
        let taken = try (1...RowInsert.rowsMax).count { _ in try full.takeIn(self.statement(self.deals, self.deal("e")))
        }
        #expect(taken == RowInsert.rowsMax - 1)
        #expect(full.parameters.count == 3 * RowInsert.rowsMax)
    }

    @Test func `All rows are stored, in what order and number they come`() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let names = (100..<100 + 2 * RowInsert.rowsMax + 3).map { "deal \($0)" }
            let counts = try await database.transaction(self.one) { tx in
                for name in names.dropLast() { try tx.queue(self.deals, self.deal(name)) }
                let before = try tx.query(Fixture.countDeals)[0].int("count")
                try tx.queue(self.deals, self.deal(names[names.count - 1]))
                try tx.queue(self.tickets, [.uuid(self.organization), .uuid(.random())])
                return [before, try tx.query("SELECT count(*) AS count FROM ticket")[0].int("count")]
            }
            #expect(counts == [Int64(names.count - 1), 1])
            #expect(try await self.names(database) == names)
        }
    }

    @Test func `What a savepoint undoes takes no row of before with it`() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            try await database.transaction(self.one) { tx in
                try tx.queue(self.deals, self.deal("before"))
                let refused = #expect(throws: SQLFault.self) {
                    try tx.savepoint {
                        try tx.queue(self.deals, self.deal("undone"))
                        try tx.queue(self.deals, self.deal(""))
                    }
                }
                #expect(refused?.constraint == "deal_name_not_empty")
                try tx.queue(self.deals, self.deal("behind"))
            }
            #expect(try await self.names(database) == ["before", "behind"])
        }
    }
}
