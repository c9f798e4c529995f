internal import Testing
internal import Vocabulary

@testable internal import Postgres
@testable internal import TestKit

/// One transaction that does work of several organizations: none of it runs as another.
@Suite struct VisitsTests {
    private struct Refusal: Error {}

    private let one = Fixture.organization(1)
    private let two = Fixture.organization(2)
    private static let owners: SQL = "SELECT organization_id, name FROM deal ORDER BY name"
    private static let setting: SQL =
        "SELECT current_setting('app.organization_id', true) AS id, app_is_system() AS system"

    private static func deal(_ name: String, of organization: Identifier) -> [SQLValue] {
        [.uuid(organization), .uuid(.random()), .text(name)]
    }

    /// Expects these rows, and no others, to be seen.
    private static func expect(_ names: [String], in transaction: borrowing Transaction) throws {
        let found = try transaction.query(Self.owners).map { try $0.text("name") }
        #expect(found == names)
    }

    private static func expectSystem(in visits: borrowing Visits) throws {
        let row = try visits.system.query(Self.setting)[0]
        let (isSystem, organization) = (try row.bool("system"), try row.text("id"))
        #expect(isSystem)
        #expect(organization.isEmpty)
    }

    private func stored(_ organization: Identifier, _ database: Database) async throws -> [String] {
        try await database.read(.organization(organization), Self.owners).map { try $0.text("name") }
    }

    @Test func eachVisitSeesItsOwnRowsAlone() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { [one, two] database in
            try await database.visitingTransaction { visits in
                try visits.visit(one) { try $0.queue(Fixture.insertDeal, Self.deal("of one", of: one)) }
                try visits.visit(two) { transaction in
                    try transaction.queue(Fixture.insertDeal, Self.deal("of two", of: two))
                    try Self.expect(["of two"], in: transaction)
                }
                try visits.visit(one) { try Self.expect(["of one"], in: $0) }
                try Self.expectSystem(in: visits)
            }
            #expect(try await self.stored(one, database) == ["of one"])
            #expect(try await self.stored(two, database) == ["of two"])
        }
    }

    /// What is lent for one organization stays that organization's, though another is visited before it is used.
    @Test func aVisitWithinAVisitChangesNothingForTheOuter() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { [one, two] database in
            try await database.visitingTransaction { visits in
                try visits.visit(one) { outer in
                    try visits.visit(two) { inner in
                        try inner.queue(Fixture.insertDeal, Self.deal("inner", of: two))
                        try outer.queue(Fixture.insertDeal, Self.deal("outer", of: one))
                        try Self.expect(["inner"], in: inner)
                    }
                    try Self.expect(["outer"], in: outer)
                    try Self.expectSystem(in: visits)
                }
            }
        }
    }

    @Test func rowsOfAnotherOrganizationCanNeitherBeWrittenNorChanged() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { [one, two] database in
            try await Fixture.add(deal: "hers", to: two, in: database)
            try await database.visitingTransaction { visits in
                try visits.visit(two) { try Self.expect(["hers"], in: $0) }
                try visits.visit(one) { transaction in
                    let changed = try transaction.query("UPDATE deal SET name = 'taken'").affected
                    #expect(changed == 0)
                }
            }
            let failure = await fault {
                _ = try await database.visitingTransaction { visits in
                    try visits.visit(two) { try Self.expect(["hers"], in: $0) }
                    try visits.visit(one) { try $0.queue(Fixture.insertDeal, Self.deal("planted", of: two)) }
                }
            }
            #expect(failure?.state == "42501")
            #expect(try await self.stored(two, database) == ["hers"])
        }
    }

    /// A savepoint that is undone takes settings back with it: what comes next sets its own again.
    @Test(arguments: [false, true])
    func anUndoneSavepointLeavesNobodyInAnothersPlace(_ isSent: Bool) async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { [one, two] database in
            try await database.visitingTransaction { visits in
                try visits.visit(one) { outer in
                    try outer.queue(Fixture.insertDeal, Self.deal("kept", of: one))
                    #expect(throws: Refusal.self) {
                        try outer.savepoint {
                            try visits.visit(two) { inner in
                                try inner.queue(Fixture.insertDeal, Self.deal("undone", of: two))
                                if isSent { try Self.expect(["undone"], in: inner) }
                            }
                            throw Refusal()
                        }
                    }
                    try Self.expect(["kept"], in: outer)
                }
                try visits.visit(two) { try Self.expect([], in: $0) }
            }
            #expect(try await self.stored(one, database) == ["kept"])
            #expect(try await self.stored(two, database).isEmpty)
        }
    }

    @Test func whatIsAskedForManyIsAnsweredToEach() async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            let organizations = (1...9).map(Fixture.organization)
            for (number, organization) in organizations.enumerated() {
                try await Fixture.add(deal: "deal \(number)", to: organization, in: database)
            }
            try await database.visitingTransaction { visits in
                let questions = try organizations.map { organization in
                    try visits.visit(organization) { try $0.ask(Self.owners) }
                }
                // Out of order, and with other statements between.
                try Self.expectSystem(in: visits)
                for (number, question) in questions.enumerated().reversed() {
                    try visits.visit(organizations[number]) { transaction in
                        let names = try transaction.answer(to: question).map { try $0.text("name") }
                        #expect(names == ["deal \(number)"])
                        #expect(throws: SQLFault.self) { _ = try transaction.answer(to: question) }
                    }
                }
            }
        }
    }

    @Test func noScopeOutlivesTheTransaction() async throws {
        let configuration = tuned { $0.transactionConnections = 1 }
        try await TestServer.shared.withDatabase(Fixture.migrations, configuration: configuration) {
            [one, two] database in
            try await Fixture.add(deal: "of one", to: one, in: database)
            await #expect(throws: Refusal.self) {
                try await database.visitingTransaction { visits in
                    try visits.visit(one) { try Self.expect(["of one"], in: $0) }
                    throw Refusal()
                }
            }
            try await database.transaction(.organization(two)) { try Self.expect([], in: $0) }
            try await database.visitingTransaction { visits in
                try visits.visit(one) { try Self.expect(["of one"], in: $0) }
            }
            try await database.transaction(.organization(two)) { try Self.expect([], in: $0) }
        }
    }

    /// A model of what a transaction may do, and the server's own word for whom each statement ran.
    @Test(arguments: 0..<6 as Range<UInt64>)
    func noStatementEverRunsAsAnother(_ seed: UInt64) async throws {
        try await TestServer.shared.withDatabase(Fixture.migrations) { database in
            try await database.visitingTransaction { visits in
                var random = SplitMix(state: seed)
                for _ in 0..<60 { try Self.wander(visits, depth: 0, &random) }
            }
        }
    }

    private static func wander(_ visits: borrowing Visits, depth: Int, _ random: inout SplitMix) throws {
        let organization = Fixture.organization(Int(random.next() % 4))
        try visits.visit(organization) { transaction in
            switch random.next() % 5 {
            case 0: try transaction.queue(Fixture.insertDeal, Self.deal("x", of: organization))
            case 1 where depth < 4: try Self.wander(visits, depth: depth + 1, &random)
            case 2 where depth < 4:
                let fails = random.next() % 2 == 0
                try? transaction.savepoint {
                    try Self.wander(visits, depth: depth + 1, &random)
                    if fails { throw Refusal() }
                }
            case 3: try Self.expectSystem(in: visits)
            default: break
            }
            let id = try transaction.query(Self.setting)[0].text("id")
            #expect(id == organization.description)
        }
    }
}
